"""The Voice API on the wire: requests, replies, and their translation to and from our own values.

Base64 exists only here and in `speech_schemas`. Field names follow contract sections 5 and 6; what the original does
not have is marked "extra" and left out when `strict_replies` is set.
"""

import base64
import math
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from myna.domain.errors import InvalidRequest
from myna.domain.finding import Finding, Severity
from myna.domain.language import LangCode, parse_lang_code
from myna.domain.voice import Voice, VoiceSource, WorkspaceId
from myna.http.proto_json import Base64Bytes, Flag, Int, ProtoMessage, Text
from myna.usecases.clone_voice import CloneVoiceCommand, CloneVoiceResult, ValidatedSample
from myna.usecases.design_voice import DesignedVoices, DesignVoiceCommand
from myna.usecases.ports import SampleQuality, SampleRequest, VoiceChange

MAX_NAME_CHARS = 200
MAX_DESCRIPTION_CHARS = 4000
MAX_TAGS = 64
MAX_TAG_CHARS = 128


def _one_line(value: object) -> object:
    if isinstance(value, str) and any(ord(char) < 0x20 or ord(char) == 0x7F for char in value):
        raise PydanticCustomError("one_line", "must not hold control characters")
    return value


def _no_nul(value: object) -> object:
    if isinstance(value, str) and "\0" in value:
        raise PydanticCustomError("no_nul", "must not hold NUL characters")
    return value


DisplayName = Annotated[Text, BeforeValidator(_one_line), Field(max_length=MAX_NAME_CHARS)]
Description = Annotated[Text, BeforeValidator(_no_nul), Field(max_length=MAX_DESCRIPTION_CHARS)]
Tags = Annotated[
    list[Annotated[Text, BeforeValidator(_one_line), Field(max_length=MAX_TAG_CHARS)]], Field(max_length=MAX_TAGS)
]


def choose_language(lang_code: str, language_code: str) -> LangCode | None:
    """The older enum or the newer BCP-47 field; None to detect. Raises: LanguageUnsupported, InvalidRequest."""
    by_enum, by_tag = parse_lang_code(lang_code), parse_lang_code(language_code, "languageCode")
    if by_enum is not None and by_tag is not None and by_enum.iso639 != by_tag.iso639:
        raise InvalidRequest("langCode and languageCode name different languages. Send one of them.")
    return by_tag or by_enum


# --- requests ------------------------------------------------------------------------------------------------------


class VoiceSampleMessage(ProtoMessage):
    """One recording."""

    model_config = ConfigDict(json_schema_extra={"required": ["audioData"]})

    audio_data: Annotated[
        Base64Bytes,
        Field(
            description="WAV, MP3, FLAC, OGG, WebM/Opus or M4A in base64; recognised from the bytes.",
            json_schema_extra={"format": "byte"},
        ),
    ] = b""
    transcription: Annotated[
        Text, BeforeValidator(_no_nul), Field(max_length=10_000, description="What is said; recognised if absent.")
    ] = ""


class AudioProcessingMessage(ProtoMessage):
    """What to do with the recordings."""

    remove_background_noise: Flag = False


class CloneVoiceRequest(ProtoMessage):
    """What a voice is cloned from."""

    model_config = ConfigDict(
        json_schema_extra={
            "required": ["displayName", "voiceSamples"],
            "example": {
                "displayName": "my_voice_clone_demo",
                "langCode": "EN_US",
                "voiceSamples": [
                    {
                        "audioData": "<base64-audio-data>",
                        "transcription": "Hello! This is a short voice sample for cloning.",
                    }
                ],
                "description": "Voice clone created from provided WAV sample.",
                "tags": ["demo", "clone"],
                "audioProcessingConfig": {"removeBackgroundNoise": True},
            },
        }
    )

    display_name: DisplayName = ""
    lang_code: Annotated[Text, Field(description="EN_US ZH_CN KO_KR ...; AUTO or absent: detect.")] = ""
    language_code: Annotated[Text, Field(description="The same as BCP-47 (`en-US`).")] = ""
    voice_samples: Annotated[
        list[VoiceSampleMessage], Field(description="At least one; 10 to 15 s of clear speech of one person is best.")
    ] = []  # noqa: RUF012  (pydantic copies defaults)
    description: Description = ""
    tags: Tags = []  # noqa: RUF012
    audio_processing_config: AudioProcessingMessage = AudioProcessingMessage()
    validate_only: Annotated[Flag, Field(description="Extra: answer what was heard, store nothing.")] = False
    consent: Annotated[
        Text,
        BeforeValidator(_no_nul),
        Field(max_length=MAX_DESCRIPTION_CHARS, description="Extra: who agreed to what; stored with the voice."),
    ] = ""

    def to_command(self, workspace: WorkspaceId) -> CloneVoiceCommand:
        """Raises: LanguageUnsupported, InvalidRequest."""
        lang = choose_language(self.lang_code, self.language_code)
        return CloneVoiceCommand(
            workspace=workspace,
            display_name=self.display_name.strip(),
            samples=tuple(
                SampleRequest(
                    sample.audio_data,
                    sample.transcription.strip(),
                    lang,
                    self.audio_processing_config.remove_background_noise,
                )
                for sample in self.voice_samples
            ),
            lang=lang,
            description=self.description,
            tags=tuple(self.tags),
            validate_only=self.validate_only,
            consent=self.consent.strip(),
        )


class UpdateVoiceRequest(ProtoMessage):
    """What to change; absent fields stay as they are, `tags: []` clears."""

    model_config = ConfigDict(json_schema_extra={"example": {"displayName": "John", "tags": ["narration"]}})

    display_name: DisplayName | None = None
    description: Description | None = None
    tags: Tags | None = None
    gender: Annotated[Text, Field(description="male, female, neutral or empty.")] | None = None
    age_group: Annotated[Text, Field(description="young, middle_aged, elderly or empty.")] | None = None

    def to_change(self) -> VoiceChange:
        return VoiceChange(
            display_name=self.display_name.strip() if self.display_name is not None else None,
            description=self.description,
            tags=tuple(self.tags) if self.tags is not None else None,
            gender=self.gender.lower() if self.gender is not None else None,
            age_group=self.age_group.lower() if self.age_group is not None else None,
        )


class VoiceDesignConfigMessage(ProtoMessage):
    number_of_samples: Annotated[
        Int, Field(description="1 to 3 previews; other numbers are brought into this range.")
    ] = 1


class DesignVoiceRequest(ProtoMessage):
    """A voice that nobody has, from a description."""

    model_config = ConfigDict(
        json_schema_extra={
            "required": ["designPrompt", "previewText"],
            "example": {
                "designPrompt": "A middle-aged woman with a deep, calm voice and a British accent, speaking slowly.",
                "previewText": "Good evening. Let me tell you what happened on the island that night.",
                "langCode": "EN_US",
                "voiceDesignConfig": {"numberOfSamples": 2},
            },
        }
    )

    design_prompt: Annotated[Text, BeforeValidator(_no_nul)] = ""
    preview_text: Annotated[Text, BeforeValidator(_no_nul)] = ""
    lang_code: Text = ""
    language_code: Text = ""
    voice_design_config: VoiceDesignConfigMessage = VoiceDesignConfigMessage()

    def to_command(self, workspace: WorkspaceId) -> DesignVoiceCommand:
        """Raises: LanguageUnsupported, InvalidRequest."""
        lang = choose_language(self.lang_code, self.language_code)
        count = self.voice_design_config.number_of_samples or 1
        return DesignVoiceCommand(workspace, self.design_prompt, self.preview_text, lang, count)


# --- replies -------------------------------------------------------------------------------------------------------


class Reply(BaseModel):
    """A reply: camelCase."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, frozen=True, use_attribute_docstrings=True
    )

    def to_wire(self) -> dict[str, Any]:  # Any: a JSON object
        """Without the fields that were left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class VoiceReply(Reply):
    """A voice."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "voiceId": "your_workspace_id__my_voice_clone_demo_20260218_223134z",
                "name": "workspaces/your_workspace_id/voices/my_voice_clone_demo_20260218_223134z",
                "displayName": "John",
                "description": "Cloned voice for narrations.",
                "langCode": "EN_US",
                "languageCode": "en-US",
                "tags": ["demo", "clone"],
                "source": "IVC",
            }
        }
    )

    voice_id: str
    name: str
    display_name: str
    description: str
    lang_code: str
    language_code: str = ""
    tags: list[str]
    source: str
    categories: list[str] = []
    gender: str = ""
    age_group: str = ""
    prompt_languages: list[str] = []
    is_custom: bool = False
    owned: bool = False
    create_time: str = ""
    """Extra: RFC 3339."""
    similarity: float | None = None
    """Extra, after a clone: how alike the voice and the recording are, 0 stranger to 1 same person."""
    clarity: float | None = None
    """Extra, after a clone: how well the voice is understood, 0 to 1; absent where that cannot be judged."""
    is_refining: bool | None = None
    """Extra, after a clone: a better version takes this one's place in the background."""
    refinement: str = ""
    """Extra: `pending` while a better version is being made in the background, then `done`."""


class NoteReply(Reply):
    """A remark on a sample."""

    text: str
    code: str = ""
    value: float | None = None
    unit: str = ""
    start_seconds: float | None = None
    end_seconds: float | None = None


class QualityReply(Reply):
    """Extra: what was measured on a sample; a field that could not be measured is null."""

    duration_seconds: float | None
    speech_seconds: float | None
    snr_db: float | None
    dnsmos_overall: float | None
    dnsmos_signal: float | None
    dnsmos_background: float | None
    bandwidth_hertz: float | None
    loudness_lufs: float | None
    peak_db: float | None
    clipped_ratio: float | None
    speaker_count: int
    window_start_seconds: float | None
    window_end_seconds: float | None
    noise_removed: bool


class ValidatedSampleReply(Reply):
    """What became of one uploaded sample."""

    audio_data: Annotated[str, Field(json_schema_extra={"format": "byte"})]
    """The processed sample, base64 WAV."""
    lang_code: str
    transcription: str
    warnings: list[NoteReply]
    errors: list[NoteReply]
    notes: list[NoteReply] = []
    """Extra: remarks that ask for nothing."""
    quality: QualityReply | None = None


class CloneVoiceReply(Reply):
    """The new voice, absent if no sample was usable, and what became of each sample, in their order."""

    voice: VoiceReply | None = None
    audio_samples_validated: list[ValidatedSampleReply]


class PreviewVoiceReply(Reply):
    voice_id: str
    preview_text: str
    preview_audio: Annotated[str, Field(json_schema_extra={"format": "byte"})]
    """Base64 WAV."""


class DesignVoiceReply(Reply):
    """Drafts: they speak by id, are not listed, and expire unless published."""

    lang_code: str
    preview_voices: list[PreviewVoiceReply]


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


class ErrorReply(Reply):
    """Every failure."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"code": 5, "message": "Unknown voice: NoSuchVoice not found!", "details": []}}
    )

    code: int
    """gRPC number; the HTTP status is separate."""
    message: str
    details: list[dict[str, Any]]  # Any: protobuf `Any` objects


class EmptyReply(Reply):
    """`{}`."""


# --- translation ---------------------------------------------------------------------------------------------------


def voice_reply(voice: Voice, *, is_strict: bool) -> VoiceReply:
    is_own = voice.source is not VoiceSource.SYSTEM
    reply = VoiceReply(
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
    )
    if is_strict:
        return reply
    created_at = voice.created_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    extra = {"create_time": created_at}
    if voice.refinement:
        extra["refinement"] = voice.refinement.value
    return reply.model_copy(update=extra)


def legacy_voice_reply(voice: Voice) -> LegacyVoiceReply:
    return LegacyVoiceReply(
        voice_id=voice.voice_id,
        display_name=voice.display_name,
        description=voice.description,
        languages=[voice.lang.iso639],
        tags=list(voice.tags),
        name=voice.name,
        is_custom=voice.source is not VoiceSource.SYSTEM,
        source=voice.source.value,
    )


def design_reply(designed: DesignedVoices) -> DesignVoiceReply:
    return DesignVoiceReply(
        lang_code=designed.lang.value,
        preview_voices=[
            PreviewVoiceReply(
                voice_id=preview.voice.voice_id,
                preview_text=preview.preview_text,
                preview_audio=base64.b64encode(preview.wav).decode(),
            )
            for preview in designed.previews
        ],
    )


def clone_reply(result: CloneVoiceResult, *, is_strict: bool) -> CloneVoiceReply:
    samples = [_sample_reply(sample, is_strict=is_strict) for sample in result.samples]
    if result.voice is None:
        return CloneVoiceReply(audio_samples_validated=samples)
    voice = voice_reply(result.voice, is_strict=is_strict)
    if not is_strict:
        extra: dict[str, Any] = {"is_refining": result.is_refining}
        if result.similarity is not None:
            extra["similarity"] = _number(result.similarity)
        if result.clarity is not None:
            extra["clarity"] = _number(result.clarity)
        voice = voice.model_copy(update=extra)
    return CloneVoiceReply(voice=voice, audio_samples_validated=samples)


def _sample_reply(sample: ValidatedSample, *, is_strict: bool) -> ValidatedSampleReply:
    def notes(severity: Severity) -> list[NoteReply]:
        chosen = [finding for finding in sample.findings if finding.severity is severity]
        return [NoteReply(text=finding.message) if is_strict else _note_reply(finding) for finding in chosen]

    reply = ValidatedSampleReply(
        audio_data=base64.b64encode(sample.wav).decode(),
        lang_code=sample.lang.value if sample.lang is not None else "LANGUAGE_CODE_UNSPECIFIED",
        transcription=sample.transcript,
        warnings=notes(Severity.WARNING),
        errors=notes(Severity.ERROR),
    )
    if is_strict:
        return reply
    extra: dict[str, Any] = {"notes": notes(Severity.INFO)}
    if sample.quality is not None:
        extra["quality"] = _quality_reply(sample.quality)
    return reply.model_copy(update=extra)


def _note_reply(finding: Finding) -> NoteReply:
    extra: dict[str, Any] = {}
    if finding.value is not None and math.isfinite(finding.value):
        extra |= {"value": _number(finding.value), "unit": finding.unit}
    if finding.start_s is not None:
        extra["start_seconds"] = _number(finding.start_s)
    if finding.end_s is not None:
        extra["end_seconds"] = _number(finding.end_s)
    return NoteReply(text=finding.message, code=finding.code, **extra)


def _quality_reply(quality: SampleQuality) -> QualityReply:
    return QualityReply(
        duration_seconds=_number(quality.duration_s),
        speech_seconds=_number(quality.speech_s),
        snr_db=_number(quality.snr_db),
        dnsmos_overall=_number(quality.dnsmos_overall),
        dnsmos_signal=_number(quality.dnsmos_signal),
        dnsmos_background=_number(quality.dnsmos_background),
        bandwidth_hertz=_number(quality.bandwidth_hz),
        loudness_lufs=_number(quality.loudness_lufs),
        peak_db=_number(quality.peak_db),
        clipped_ratio=_number(quality.clipped_ratio, 6),
        speaker_count=quality.num_speakers,
        window_start_seconds=_number(quality.window_start_s),
        window_end_seconds=_number(quality.window_end_s),
        noise_removed=quality.noise_removed,
    )


def _number(value: float, num_digits: int = 3) -> float | None:
    """Rounded; None for what JSON cannot say."""
    return round(float(value), num_digits) if math.isfinite(value) else None
