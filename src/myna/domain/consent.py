"""Consent: who agreed that a voice is copied from which recordings, and when that ended."""

import hashlib
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Consent:
    """What was stated, never whether it is true. Empty where nothing was said."""

    given_by: str = ""
    """Who agreed."""
    speaker: str = ""
    """Whose voice it is."""
    purpose: str = ""
    statement: str = ""
    """The words that were agreed to."""
    wording_version: str = ""
    """Which wording these words are, or follow."""
    recordings: tuple[str, ...] = ()
    """SHA-256 in hex of each recording that the voice is made of, as `StoredSample.digest` gives them."""
    given_at: datetime | None = None
    """None: it never was, it was only revoked."""
    revoked_at: datetime | None = None
    """From then on the voice does not speak; None: it stands."""

    @property
    def is_complete(self) -> bool:
        """It says who agreed, whose voice it is, and for what."""
        return bool(self.given_by and self.speaker and self.purpose)


@dataclass(frozen=True, slots=True)
class Revocation:
    """What stays of a consent that was revoked, also when its voice is deleted: digests and times, no names."""

    voice_sha256: str
    """`digest_voice_id` of the voice."""
    recordings: tuple[str, ...]
    wording_version: str
    given_at: datetime | None
    revoked_at: datetime


def digest_voice_id(voice_id: str) -> str:
    """SHA-256 in hex: tells a voice apart where its id, which often holds a person's name, must not be kept."""
    return hashlib.sha256(voice_id.encode("utf-8", "surrogatepass")).hexdigest()
