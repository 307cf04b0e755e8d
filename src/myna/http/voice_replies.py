"""Voices, remarks on them and the consent to them, as the Voice API shows them (wire-contract.md#voice and #clone).

What the original does not have is marked "extra" and left out when `strict_replies` is set.
"""

import math
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field

from myna.domain.finding import Finding
from myna.domain.voice import Voice
from myna.http.reply import LEFT_OUT, Moment, Reply
from myna.usecases.voice_filter import format_time, is_custom


def rounded(value: float | None, num_digits: int = 3) -> float | None:
    """None for what JSON cannot say."""
    return round(float(value), num_digits) if value is not None and math.isfinite(value) else None


Rounded = Annotated[float | None, BeforeValidator(rounded)]


class NoteReply(Reply):
    """A remark on a sample or a voice."""

    text: Annotated[str, Field(validation_alias="message")]
    code: str = ""
    value: Annotated[Rounded, LEFT_OUT] = None
    unit: Annotated[
        str, AfterValidator(lambda unit, info: unit if info.data["value"] is not None else ""), LEFT_OUT
    ] = ""
    start_seconds: Annotated[Rounded, Field(validation_alias="start_s"), LEFT_OUT] = None
    end_seconds: Annotated[Rounded, Field(validation_alias="end_s"), LEFT_OUT] = None

    @classmethod
    def of(cls, finding: Finding, *, is_strict: bool) -> Self:
        return cls.model_validate({"message": finding.message} if is_strict else finding)


class RevocationReply(Reply):
    """A consent that was revoked: no names, since it outlives the voice."""

    recordings_sha256: Annotated[list[str], Field(validation_alias="recordings")]
    """Of each recording as it was sent (of the kept part, for voices that were made before this was known)."""
    wording_version: str
    given_at: Moment = None
    revoked_at: Moment = None


class ConsentReply(RevocationReply):
    """A consent as it was given; `revokedAt` if it was revoked."""

    given_by: str
    speaker: str
    purpose: str
    statement: str


class ConsentHistoryReply(Reply):
    consent: Annotated[ConsentReply | None, Field(validation_alias="current"), LEFT_OUT] = None
    """Absent if none was recorded, or the voice is deleted."""
    revocations: list[RevocationReply]
    """The newest first."""


class VoiceReply(Reply):
    """A voice."""

    voice_id: str
    name: str
    display_name: str
    description: str
    lang_code: str
    language_code: str = ""
    tags: list[str]
    source: str
    categories: list[str]
    gender: str = ""
    age_group: str = ""
    prompt_languages: list[str]
    is_custom: bool = False
    owned: bool = False
    create_time: str = ""
    """Extra: RFC 3339."""
    similarity: Annotated[Rounded, LEFT_OUT] = None
    """Extra: how alike the voice and the recording are, 0 stranger to 1 same person; absent until it is measured."""
    clarity: Annotated[Rounded, LEFT_OUT] = None
    """Extra: how well the voice is understood, 0 to 1; absent until it is measured, and where it cannot be judged."""
    warnings: Annotated[list[NoteReply], LEFT_OUT] = []  # noqa: RUF012  (pydantic copies defaults)
    """Extra: what is wrong with the voice, and what to do; absent if it is well."""
    is_refining: bool | None = None
    """Extra, after a clone: a better version takes this one's place in the background."""
    refinement: Annotated[str, LEFT_OUT] = ""
    """Extra: `pending` while something is done for the voice in the background, then `done`."""
    refinement_stage: Annotated[str, LEFT_OUT] = ""
    """Extra, while that is pending: `hearing`, `measuring` or `refining`, in this order."""
    consent: Annotated[ConsentReply | None, LEFT_OUT] = None
    """Extra: who agreed to what; absent if nothing was recorded."""

    @classmethod
    def of(cls, voice: Voice, *, is_strict: bool) -> Self:
        is_own = is_custom(voice)
        measures, stage = voice.measures, voice.refinement
        extra: dict[str, Any] = {
            "create_time": format_time(voice, "seconds"),
            "similarity": measures.similarity,
            "clarity": measures.clarity,
            "warnings": [NoteReply.of(finding, is_strict=False) for finding in measures.findings],
            "refinement": "pending" if stage.is_pending else stage.value,
            "refinement_stage": stage.name.lower() if stage.is_pending else "",
            "consent": voice.consent,
        }
        return cls(
            voice_id=voice.voice_id,
            name=voice.name,
            display_name=voice.display_name,
            description=voice.description,
            lang_code=voice.lang.value,
            language_code=voice.lang.bcp47,
            tags=list(voice.tags),
            source=voice.source.value,
            categories=[],
            gender=voice.gender,
            age_group=voice.age_group,
            prompt_languages=[voice.lang.bcp47],
            is_custom=is_own,
            owned=is_own,
            **({} if is_strict else extra),
        )


class VoiceListReply(Reply):
    voices: list[VoiceReply]
    total_size: int
    next_page_token: str


class LegacyVoiceReply(Reply):
    """A voice as the older list shows it."""

    voice_id: str
    display_name: str
    description: str
    languages: list[str]
    tags: list[str]
    name: str
    is_custom: bool
    source: str

    @classmethod
    def of(cls, voice: Voice) -> Self:
        return cls(
            voice_id=voice.voice_id,
            display_name=voice.display_name,
            description=voice.description,
            languages=[voice.lang.iso639],
            tags=list(voice.tags),
            name=voice.name,
            is_custom=is_custom(voice),
            source=voice.source.value,
        )


class LegacyVoiceListReply(Reply):
    voices: list[LegacyVoiceReply]


class SupportedLanguageReply(Reply):
    """A language, in the terms of the newer API."""

    code: str
    family_code: str
    family_display_name: str
    accent_display_name: str
    display_name: str
    creation_enabled: bool
    has_voices: bool
    is_spoken: bool | None = None
    """Extra: whether the running engine speaks it."""


class SupportedLanguagesReply(Reply):
    languages: list[SupportedLanguageReply]
