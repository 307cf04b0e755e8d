"""Voices and languages as the Voice API shows them (wire-contract.md#voice and #clone).

What the original does not have is marked "extra" and left out when `strict_replies` is set.
"""

from typing import Any, Self

from myna.domain.voice import Voice
from myna.http.consent_replies import ConsentReply
from myna.http.note_reply import NoteReply, rounded
from myna.http.reply import Reply
from myna.usecases.voice_filter import format_time, is_custom


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
    similarity: float | None = None
    """Extra: how alike the voice and the recording are, 0 stranger to 1 same person; absent until it is measured."""
    clarity: float | None = None
    """Extra: how well the voice is understood, 0 to 1; absent until it is measured, and where it cannot be judged."""
    warnings: list[NoteReply] = []  # noqa: RUF012  (pydantic copies defaults)
    """Extra: what is wrong with the voice, and what to do; absent if it is well."""
    is_refining: bool | None = None
    """Extra, after a clone: a better version takes this one's place in the background."""
    refinement: str = ""
    """Extra: `pending` while something is done for the voice in the background, then `done`."""
    refinement_stage: str = ""
    """Extra, while that is pending: `hearing`, `measuring` or `refining`, in this order."""

    consent: ConsentReply | None = None
    """Extra: who agreed to what; absent if nothing was recorded."""

    @classmethod
    def of(cls, voice: Voice, *, is_strict: bool) -> Self:
        is_own = is_custom(voice)
        extra: dict[str, Any] = {"create_time": format_time(voice, "seconds")}
        if voice.refinement.is_pending:
            extra |= {"refinement": "pending", "refinement_stage": voice.refinement.name.lower()}
        elif voice.refinement:
            extra["refinement"] = voice.refinement.value
        if voice.consent is not None:
            extra["consent"] = ConsentReply.of_consent(voice.consent)
        measures = {"similarity": rounded(voice.measures.similarity), "clarity": rounded(voice.measures.clarity)}
        extra |= {name: value for name, value in measures.items() if value is not None}
        if findings := voice.measures.findings:
            extra["warnings"] = [NoteReply.of(finding, is_strict=False) for finding in findings]
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
