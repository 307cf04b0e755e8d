"""The consent to a voice as it is shown (wire-contract.md#consent). All of it is extra."""

from typing import Any, Self

from myna.domain.consent import Consent, Revocation
from myna.http.reply import Reply, format_moment
from myna.usecases.keep_consent import ConsentHistory


def _times(consent: Consent | Revocation) -> dict[str, Any]:  # Any: pydantic's arguments
    known = {"given_at": consent.given_at, "revoked_at": consent.revoked_at}
    return {name: format_moment(moment) for name, moment in known.items() if moment is not None}


class RevocationReply(Reply):
    """A consent that was revoked: no names, since it outlives the voice."""

    recordings_sha256: list[str]
    """Of each recording as it was sent (of the kept part, for voices that were made before this was known)."""
    wording_version: str
    given_at: str | None = None
    revoked_at: str | None = None

    @classmethod
    def of(cls, revocation: Revocation) -> Self:
        return cls(
            recordings_sha256=list(revocation.recordings),
            wording_version=revocation.wording_version,
            **_times(revocation),
        )


class ConsentReply(RevocationReply):
    """A consent as it was given; `revokedAt` if it was revoked."""

    given_by: str
    speaker: str
    purpose: str
    statement: str

    @classmethod
    def of_consent(cls, consent: Consent) -> Self:
        return cls(
            given_by=consent.given_by,
            speaker=consent.speaker,
            purpose=consent.purpose,
            statement=consent.statement,
            wording_version=consent.wording_version,
            recordings_sha256=list(consent.recordings),
            **_times(consent),
        )


class ConsentHistoryReply(Reply):
    consent: ConsentReply | None = None
    """Absent if none was recorded, or the voice is deleted."""
    revocations: list[RevocationReply]
    """The newest first."""

    @classmethod
    def of(cls, history: ConsentHistory) -> Self:
        revocations = [RevocationReply.of(revocation) for revocation in history.revocations]
        if history.current is None:
            return cls(revocations=revocations)
        return cls(consent=ConsentReply.of_consent(history.current), revocations=revocations)
