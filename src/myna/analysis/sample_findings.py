"""What a sample's measures mean to who recorded it, by `sample_findings.toml`. Thresholds: docs/lab/audio.md."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import isnan
from typing import Any

from myna.analysis.conversation import VoiceGroups
from myna.analysis.speaker_change import SpeakerChange
from myna.analysis.speaker_overlap import HeardVoices
from myna.analysis.voicing import VoicingMeasures
from myna.audio.window import MAX_WINDOW_S, SpeechWindow
from myna.domain.finding import Finding, Severity
from myna.domain.language import LangCode
from myna.domain.sample import SampleQuality

MIN_SPEECH_S = 1.0
"""Less than this cannot be copied at all."""
GOOD_SPEECH_S = 3.0
"""Least useful duration in the documented service (wire-contract.md#clone)."""
MIN_SPEECH_SHARE = 0.3
LOW_LEVEL_LUFS = -40.0
CLIPPED_RATIO = 5e-4
NOISY_BACKGROUND = 2.85
NOISY_SNR_DB = 12.0
NARROW_BANDWIDTH_HZ = 5_000.0
NARROW_RATE_HZ = 12_000
"""Of the file: 11,025 Hz hold 5.5 kHz at most, whatever is in them."""
DAMAGED_SIGNAL = 2.2
REVERBERANT_DECAY_DB_PER_S = 170.0
REVERBERANT_SIGNAL = 3.2
MIN_SNR_FOR_DECAY_DB = 15.0
MUSIC_PROBABILITY = 0.3
WHISPERED_VOICED_RATIO = 0.25
SUNG_SUSTAINED_RATIO = 0.3
SUNG_UNBROKEN_RATIO = 0.4
LEVEL_RANGE_DB = 12.0
SURE_LANGUAGE_PROBABILITY = 0.8
MIN_TRANSCRIPT_MATCH = 0.5

_WORDS_UNCERTAIN = frozenset({LangCode.HI_IN, LangCode.HE_IL, LangCode.ZH_CN, LangCode.AR_SA})
"""Languages whose words the recogniser misses too often to doubt the caller's."""


@dataclass(frozen=True, slots=True)
class VoiceMeasures:
    """What is measured besides `SampleQuality`, only to be judged here."""

    voicing: VoicingMeasures
    decay_db_per_s: float
    level_range_db: float
    snr_db: float
    music: float
    """Probability, 0 to 1."""
    speaker_change: SpeakerChange | None
    voice_groups: VoiceGroups
    heard_voices: HeardVoices
    other_speech_s: float
    """Speech on a channel that holds something else and was left out."""

    @property
    def has_several_speakers(self) -> bool:
        has_second = self.speaker_change is not None and self.speaker_change.is_second_speaker
        return (
            has_second
            or self.voice_groups.is_conversation
            or self.heard_voices.has_second_speaker
            or self.other_speech_s >= MIN_SPEECH_S
        )


@cache
def _kinds() -> Mapping[str, Any]:
    """`sample_findings.toml`. Any: texts and one number."""
    return tomllib.loads((files(__package__) / "sample_findings.toml").read_text(encoding="utf-8"))


def find(name: str, value: float, window_s: Sequence[float] = (), **words: object) -> Finding:
    """name: of a table in the file. words: what its message names in braces."""
    kind = _kinds()[name]
    severity = Severity[kind.get("severity", "WARNING")]
    value, message = round(value, kind.get("digits")), kind["message"].format(**words)
    return Finding(kind.get("code", name), severity, message, value, kind["unit"], *window_s)


def too_little_speech(speech_s: float, duration_s: float, *, is_silent: bool, music: float) -> Finding:
    """The sample cannot be used."""
    if is_silent:
        return find("SILENT", duration_s)
    if speech_s < MIN_SPEECH_S / 2 and music >= MUSIC_PROBABILITY:
        return find("ONLY_MUSIC", music)
    if speech_s == 0.0:
        return find("NO_SPEECH", 0.0)
    return find("SPEECH_TOO_SHORT", speech_s, speech_s=speech_s, least_s=MIN_SPEECH_S)


def check_duration(quality: SampleQuality, window: SpeechWindow, is_cut: bool) -> Iterator[Finding]:
    """How much speech there is, and which part of it is used."""
    if quality.speech_s < GOOD_SPEECH_S:
        yield find("SAMPLE_SHORT", quality.speech_s, quality=quality)
    if not window.is_whole or is_cut:
        rest = " Only the beginning of this very long recording was listened to." if is_cut else ""
        used = (round(window.start_s, 2), round(window.end_s, 2))
        yield find("SAMPLE_LONG", quality.duration_s, used, window=window, used_s=MAX_WINDOW_S, rest=rest)
    elif quality.speech_s < MIN_SPEECH_SHARE * quality.duration_s:
        yield find("MOSTLY_SILENCE", quality.speech_s / quality.duration_s, quality=quality)


def check_channels(has_other_content: bool, used_channel: int | None) -> Iterator[Finding]:
    """Two things on two channels."""
    if has_other_content and used_channel is not None:
        yield find("CHANNELS_DIFFER", float(used_channel + 1), channel=used_channel + 1)


def check_sound(quality: SampleQuality, rate_hz: int) -> Iterator[Finding]:
    """Level, clipping, noise and bandwidth: what a microphone or a line does to a voice. rate_hz: as it was sent."""
    if quality.loudness_lufs < LOW_LEVEL_LUFS:
        yield find("LEVEL_LOW", quality.loudness_lufs, quality=quality)
    if quality.clipped_ratio > CLIPPED_RATIO:
        yield find("CLIPPED", quality.clipped_ratio, percent=100 * quality.clipped_ratio)
    if quality.dnsmos_background < NOISY_BACKGROUND or quality.snr_db < NOISY_SNR_DB:
        snr = "" if isnan(quality.snr_db) else f" (speech is {quality.snr_db:.0f} dB above it)"
        advice = "" if quality.noise_removed else ", or ask for noise removal (removeBackgroundNoise)"
        yield find("NOISY", quality.dnsmos_background, snr=snr, advice=advice)
    if quality.bandwidth_hz < NARROW_BANDWIDTH_HZ or rate_hz <= NARROW_RATE_HZ:
        yield find("BANDWIDTH_NARROW", quality.bandwidth_hz, khz=quality.bandwidth_hz / 1000)


def check_voice(quality: SampleQuality, measures: VoiceMeasures) -> Iterator[Finding]:
    """The room, other people and music, and how the person speaks."""
    is_clear = quality.dnsmos_background >= NOISY_BACKGROUND
    is_quiet_enough = measures.snr_db >= MIN_SNR_FOR_DECAY_DB or (isnan(measures.snr_db) and is_clear)
    is_slow = measures.decay_db_per_s < REVERBERANT_DECAY_DB_PER_S
    if is_slow and quality.dnsmos_signal < REVERBERANT_SIGNAL and is_quiet_enough:
        yield find("REVERBERANT", measures.decay_db_per_s)
    elif quality.dnsmos_signal < DAMAGED_SIGNAL and is_clear:
        yield find("DAMAGED", quality.dnsmos_signal)
    if measures.music >= MUSIC_PROBABILITY:
        yield find("MUSIC", measures.music)
    if measures.has_several_speakers:
        when = " at the same time" if measures.heard_voices.is_overlapped else ""
        if measures.other_speech_s >= MIN_SPEECH_S:
            when = ", each on a channel"
        yield find("SEVERAL_SPEAKERS", float(quality.num_speakers), when=when)
    voicing = measures.voicing
    if voicing.voiced_ratio < WHISPERED_VOICED_RATIO:
        yield find("WHISPERED", voicing.voiced_ratio)
    elif voicing.sustained_ratio > SUNG_SUSTAINED_RATIO and voicing.unbroken_ratio > SUNG_UNBROKEN_RATIO:
        yield find("SUNG", voicing.sustained_ratio)
    if measures.level_range_db > LEVEL_RANGE_DB:
        yield find("LEVEL_CHANGES", measures.level_range_db, measures=measures)


def check_language(given: LangCode | None, heard: LangCode, probability: float) -> Iterator[Finding]:
    """What is spoken against what was announced."""
    if given is not None and given.iso639 != heard.iso639 and probability >= SURE_LANGUAGE_PROBABILITY:
        yield find("LANGUAGE_MISMATCH", probability, given=given.value, heard=heard.value)


def check_transcript(lang: LangCode, match: float) -> Iterator[Finding]:
    """What was said against the words that were given. match: 0 to 1."""
    if match < MIN_TRANSCRIPT_MATCH and lang not in _WORDS_UNCERTAIN:
        yield find("TRANSCRIPT_MISMATCH", match, percent=100 * match)
