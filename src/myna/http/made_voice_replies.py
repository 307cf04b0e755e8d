"""Voices that were made: of recordings (wire-contract.md#clone), with what became of each, or of a description.

What the original does not have is marked "extra" and left out when `strict_replies` is set.
"""

import base64
from functools import partial
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field

from myna.domain.finding import Severity
from myna.http.reply import Base64, Reply
from myna.http.voice_replies import NoteReply, Rounded, VoiceReply, rounded
from myna.usecases.clone_voice import CloneVoiceResult, ValidatedSample
from myna.usecases.design_voice import DesignedVoices


class QualityReply(Reply):
    """Extra: what was measured on a sample; a field that could not be measured is null."""

    model_config = ConfigDict(from_attributes=True)

    duration_seconds: Annotated[Rounded, Field(validation_alias="duration_s")]
    speech_seconds: Annotated[Rounded, Field(validation_alias="speech_s")]
    snr_db: Rounded
    dnsmos_overall: Rounded
    dnsmos_signal: Rounded
    dnsmos_background: Rounded
    bandwidth_hertz: Annotated[Rounded, Field(validation_alias="bandwidth_hz")]
    loudness_lufs: Rounded
    peak_db: Rounded
    clipped_ratio: Annotated[float | None, BeforeValidator(partial(rounded, num_digits=6))]
    speaker_count: Annotated[int, Field(validation_alias="num_speakers")]
    window_start_seconds: Annotated[Rounded, Field(validation_alias="window_start_s")]
    window_end_seconds: Annotated[Rounded, Field(validation_alias="window_end_s")]
    noise_removed: bool


class ValidatedSampleReply(Reply):
    """What became of one uploaded sample."""

    audio_data: Base64
    """The processed sample, base64 WAV."""
    lang_code: str
    transcription: str
    warnings: list[NoteReply]
    errors: list[NoteReply]
    notes: list[NoteReply] = []  # noqa: RUF012  (pydantic copies defaults)
    """Extra: remarks that ask for nothing."""
    quality: QualityReply | None = None

    @classmethod
    def of(cls, sample: ValidatedSample, *, is_strict: bool) -> Self:
        def notes(severity: Severity) -> list[NoteReply]:
            chosen = (finding for finding in heard.findings if finding.severity is severity)
            return [NoteReply.of(finding, is_strict=is_strict) for finding in chosen]

        heard = sample.heard
        extra: dict[str, Any] = {} if is_strict else {"notes": notes(Severity.INFO)}
        if heard.quality is not None and not is_strict:
            extra["quality"] = QualityReply.model_validate(heard.quality)
        return cls(
            audio_data=base64.b64encode(sample.wav).decode(),
            lang_code=heard.lang.value if heard.lang is not None else "LANGUAGE_CODE_UNSPECIFIED",
            transcription=heard.transcript,
            warnings=notes(Severity.WARNING),
            errors=notes(Severity.ERROR),
            **extra,
        )


class CloneVoiceReply(Reply):
    """The new voice, absent if no sample was usable, and what became of each sample, in their order."""

    voice: VoiceReply | None = None
    audio_samples_validated: list[ValidatedSampleReply]

    @classmethod
    def of(cls, result: CloneVoiceResult, *, is_strict: bool) -> Self:
        samples = [ValidatedSampleReply.of(sample, is_strict=is_strict) for sample in result.samples]
        if result.voice is None:
            return cls(audio_samples_validated=samples)
        voice = VoiceReply.of(result.voice, is_strict=is_strict)
        if not is_strict:
            voice = voice.model_copy(update={"is_refining": result.is_refining})
        return cls(voice=voice, audio_samples_validated=samples)


class PreviewVoiceReply(Reply):
    voice_id: str
    preview_text: str
    preview_audio: Base64
    """Base64 WAV."""


class DesignVoiceReply(Reply):
    """Drafts: they speak by id, are not listed, and expire unless published."""

    lang_code: str
    preview_voices: list[PreviewVoiceReply]

    @classmethod
    def of(cls, designed: DesignedVoices) -> Self:
        return cls(
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
