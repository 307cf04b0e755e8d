"""What the measures of a sample mean for the person who recorded it: codes, thresholds, advice.

Codes are stable. Each threshold has its source and its rate of false alarms in docs/lab/audio.md. A message says what
is wrong and what to do about it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan

from myna.analysis.speaker_change import SpeakerChange
from myna.analysis.speaker_overlap import HeardVoices
from myna.analysis.speaker_turns import SpeakerTurns
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
    speaker_turns: SpeakerTurns
    heard_voices: HeardVoices
    other_speech_s: float
    """Speech on a channel that holds something else and was left out."""

    @property
    def has_several_speakers(self) -> bool:
        has_second = self.speaker_change is not None and self.speaker_change.is_second_speaker
        return (
            has_second
            or self.speaker_turns.is_conversation
            or self.heard_voices.has_second_speaker
            or self.other_speech_s >= MIN_SPEECH_S
        )


def too_little_speech(speech_s: float, duration_s: float, *, is_silent: bool, music: float) -> Finding:
    """The sample cannot be used."""
    advice = "Record 10 to 15 seconds of one person speaking."
    if is_silent:
        message = f"The recording is silent. Check that the right microphone was on. {advice}"
        return Finding("SILENT", Severity.ERROR, message, round(duration_s, 2), "s")
    if speech_s < MIN_SPEECH_S / 2 and music >= MUSIC_PROBABILITY:
        message = f"The recording holds music and no speech. {advice}"
        return Finding("MUSIC", Severity.ERROR, message, round(music, 3), "probability")
    if speech_s == 0.0:
        return Finding("NO_SPEECH", Severity.ERROR, f"No speech was found in the recording. {advice}", 0.0, "s")
    message = (
        f"Audio is too short: {speech_s:.1f} s of speech were found, at least {MIN_SPEECH_S:.0f} s is needed. {advice}"
    )
    return Finding("SPEECH_TOO_SHORT", Severity.ERROR, message, round(speech_s, 2), "s")


def check_duration(quality: SampleQuality, window: SpeechWindow, is_cut: bool) -> Iterator[Finding]:
    """How much speech there is, and which part of it is used."""
    if quality.speech_s < GOOD_SPEECH_S:
        message = (
            f"Only {quality.speech_s:.1f} seconds of speech. The clone will be more alike from 10 to 15 seconds: "
            "record more, or send a second sample."
        )
        yield Finding("SAMPLE_SHORT", Severity.WARNING, message, round(quality.speech_s, 2), "s")
    if not window.is_whole or is_cut:
        rest = " Only the beginning of this very long recording was listened to." if is_cut else ""
        message = (
            f"The recording is longer than the {MAX_WINDOW_S:.0f} seconds that are used. The best part was chosen: "
            f"{window.start_s:.1f} s to {window.end_s:.1f} s.{rest}"
        )
        yield Finding(
            "SAMPLE_LONG",
            Severity.WARNING,
            message,
            round(quality.duration_s, 2),
            "s",
            round(window.start_s, 2),
            round(window.end_s, 2),
        )
    elif quality.speech_s < MIN_SPEECH_SHARE * quality.duration_s:
        message = (
            f"Most of the recording is silence: {quality.speech_s:.1f} of {quality.duration_s:.1f} seconds are speech. "
            "Pauses were shortened; speak on without long pauses."
        )
        share = round(quality.speech_s / quality.duration_s, 3)
        yield Finding("MOSTLY_SILENCE", Severity.WARNING, message, share, "ratio")


def check_channels(has_other_content: bool, used_channel: int | None) -> Iterator[Finding]:
    """Two things on two channels."""
    if has_other_content and used_channel is not None:
        message = (
            f"The channels hold different sound. Only channel {used_channel + 1}, the loudest, was used: "
            "send the channel of one person."
        )
        yield Finding("CHANNELS_DIFFER", Severity.WARNING, message, float(used_channel + 1), "channel")


def check_sound(quality: SampleQuality, rate_hz: int) -> Iterator[Finding]:
    """Level, clipping, noise and bandwidth: what a microphone or a line does to a voice. rate_hz: as it was sent."""
    if quality.loudness_lufs < LOW_LEVEL_LUFS:
        message = (
            f"The recording is very quiet ({quality.loudness_lufs:.0f} LUFS). It was turned up, and its noise with it: "
            "speak nearer to the microphone or raise its gain."
        )
        yield Finding("LEVEL_LOW", Severity.WARNING, message, round(quality.loudness_lufs, 1), "LUFS")
    if quality.clipped_ratio > CLIPPED_RATIO:
        message = (
            f"The recording is overdriven: {100 * quality.clipped_ratio:.1f} % of it is clipped, which a clone copies "
            "as harshness. Lower the gain or move away from the microphone."
        )
        yield Finding("CLIPPED", Severity.WARNING, message, round(quality.clipped_ratio, 5), "ratio")
    if quality.dnsmos_background < NOISY_BACKGROUND or quality.snr_db < NOISY_SNR_DB:
        snr = "" if isnan(quality.snr_db) else f" (speech is {quality.snr_db:.0f} dB above it)"
        advice = "" if quality.noise_removed else ", or ask for noise removal (removeBackgroundNoise)"
        message = f"There is noise in the background{snr}. Record in a quiet room{advice}."
        yield Finding("NOISY", Severity.WARNING, message, round(quality.dnsmos_background, 2), "DNSMOS BAK")
    if quality.bandwidth_hz < NARROW_BANDWIDTH_HZ or rate_hz <= NARROW_RATE_HZ:
        message = (
            f"The recording has telephone quality: nothing above {quality.bandwidth_hz / 1000:.1f} kHz, so the clone "
            "will sound dull. Record with the device itself, not over a call, at 24 kHz or more."
        )
        yield Finding("BANDWIDTH_NARROW", Severity.WARNING, message, round(quality.bandwidth_hz), "Hz")


def check_voice(quality: SampleQuality, measures: VoiceMeasures) -> Iterator[Finding]:
    """The room, other people and music, and how the person speaks."""
    is_quiet_enough = measures.snr_db >= MIN_SNR_FOR_DECAY_DB or (
        isnan(measures.snr_db) and quality.dnsmos_background >= NOISY_BACKGROUND
    )
    if (
        measures.decay_db_per_s < REVERBERANT_DECAY_DB_PER_S
        and quality.dnsmos_signal < REVERBERANT_SIGNAL
        and is_quiet_enough
    ):
        message = (
            "The room sounds: its reverberation will be copied into the clone. Record nearer to the microphone, in a "
            "room with carpets and curtains."
        )
        yield Finding("REVERBERANT", Severity.WARNING, message, round(measures.decay_db_per_s), "dB/s")
    elif quality.dnsmos_signal < DAMAGED_SIGNAL and quality.dnsmos_background >= NOISY_BACKGROUND:
        message = (
            "The voice breaks up or is distorted, as by gaps in a call, a weak connection or too strong a compression. "
            "Record again, on the device itself."
        )
        yield Finding("DAMAGED", Severity.WARNING, message, round(quality.dnsmos_signal, 2), "DNSMOS SIG")
    if measures.music >= MUSIC_PROBABILITY:
        message = "Music sounds along with the speech. A clone cannot tell them apart: record without it."
        yield Finding("MUSIC", Severity.WARNING, message, round(measures.music, 3), "probability")
    if measures.has_several_speakers:
        when = " at the same time" if measures.heard_voices.is_overlapped else ""
        if measures.other_speech_s >= MIN_SPEECH_S:
            when = ", each on a channel"
        message = (
            f"More than one person seems to speak{when}. The clone would be a mixture: send one person's voice only."
        )
        yield Finding("SEVERAL_SPEAKERS", Severity.WARNING, message, float(quality.num_speakers), "speakers")
    if measures.voicing.voiced_ratio < WHISPERED_VOICED_RATIO:
        message = "The recording is whispered, and so will be the clone. Speak in your ordinary voice."
        yield Finding("WHISPERED", Severity.WARNING, message, round(measures.voicing.voiced_ratio, 3), "voiced ratio")
    elif (
        measures.voicing.sustained_ratio > SUNG_SUSTAINED_RATIO
        and measures.voicing.unbroken_ratio > SUNG_UNBROKEN_RATIO
    ):
        message = "The recording seems to be sung. Speak instead: the clone takes its melody from the recording."
        yield Finding("SUNG", Severity.WARNING, message, round(measures.voicing.sustained_ratio, 3), "sustained ratio")
    if measures.level_range_db > LEVEL_RANGE_DB:
        message = (
            f"The level changes by {measures.level_range_db:.0f} dB within the recording. Keep the same distance to "
            "the microphone."
        )
        yield Finding("LEVEL_CHANGES", Severity.WARNING, message, round(measures.level_range_db, 1), "dB")


def check_language(given: LangCode | None, heard: LangCode, probability: float) -> Iterator[Finding]:
    """What is spoken against what was announced."""
    if given is not None and given.iso639 != heard.iso639 and probability >= SURE_LANGUAGE_PROBABILITY:
        message = (
            f"langCode says {given.value}, but this sounds like {heard.value}. {given.value} was kept; correct it if "
            "that was a mistake."
        )
        yield Finding("LANGUAGE_MISMATCH", Severity.WARNING, message, round(probability, 3), "probability")


def check_transcript(lang: LangCode, match: float) -> Iterator[Finding]:
    """What was said against the words that were given. match: 0 to 1."""
    if match < MIN_TRANSCRIPT_MATCH and lang not in _WORDS_UNCERTAIN:
        message = (
            f"The transcription does not match what was heard ({100 * match:.0f} % of the letters agree). It was kept; "
            "check that it belongs to this sample."
        )
        yield Finding("TRANSCRIPT_MISMATCH", Severity.WARNING, message, round(match, 3), "ratio")
