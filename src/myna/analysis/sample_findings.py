"""What the measures of a sample mean for the person who recorded it: codes, thresholds, advice.

Each threshold has its source in docs/audio.md; the codes are stable. Messages say what is wrong and what to do.
"""

from collections.abc import Iterator
from math import isnan

from myna.audio.window import MAX_WINDOW_S, SpeechWindow
from myna.domain.finding import Finding, Severity
from myna.domain.language import LangCode
from myna.domain.sample import SampleQuality

MIN_SPEECH_S = 1.0
"""Less than this cannot be copied at all."""
GOOD_SPEECH_S = 3.0
"""Documented least useful duration (contract V2)."""
_SPEECH_SHARE = 0.4
_LOW_LEVEL_LUFS = -40.0
_CLIPPED_RATIO = 5e-4
_NOISY_BACKGROUND = 2.85
_NOISY_SNR_DB = 12.0
_NARROW_BANDWIDTH_HZ = 5_000.0


def too_little_speech(speech_s: float, duration_s: float, is_silent: bool) -> Finding:
    """The sample cannot be used."""
    if is_silent:
        return Finding(
            "SILENT",
            Severity.ERROR,
            "The recording is silent. Check that the right microphone was on, and record 10 to 15 seconds of speech.",
            value=duration_s,
            unit="s",
        )
    if speech_s == 0.0:
        return Finding(
            "NO_SPEECH",
            Severity.ERROR,
            "No speech was found in the recording. Send 10 to 15 seconds of one person speaking, without music.",
            value=duration_s,
            unit="s",
        )
    return Finding(
        "SPEECH_TOO_SHORT",
        Severity.ERROR,
        f"Audio is too short: {speech_s:.1f} seconds of speech were found, at least {MIN_SPEECH_S:.0f} is needed. "
        "Record 10 to 15 seconds.",
        value=round(speech_s, 2),
        unit="s",
    )


def check_duration(quality: SampleQuality, window: SpeechWindow, is_cut: bool) -> Iterator[Finding]:
    """How much speech there is, and which part of it is used."""
    if quality.speech_s < GOOD_SPEECH_S:
        yield Finding(
            "SAMPLE_SHORT",
            Severity.WARNING,
            f"Only {quality.speech_s:.1f} seconds of speech. The clone will be more alike from 10 to 15 seconds.",
            value=round(quality.speech_s, 2),
            unit="s",
        )
    if not window.is_whole or is_cut:
        rest = " Only the beginning of this very long recording was listened to." if is_cut else ""
        yield Finding(
            "SAMPLE_LONG",
            Severity.WARNING,
            f"The recording is longer than {MAX_WINDOW_S:.0f} seconds of speech. The best part was used: "
            f"{window.start_s:.1f} s to {window.end_s:.1f} s.{rest}",
            value=round(quality.duration_s, 2),
            unit="s",
            start_s=round(window.start_s, 2),
            end_s=round(window.end_s, 2),
        )
    elif quality.speech_s < _SPEECH_SHARE * quality.duration_s:
        yield Finding(
            "MOSTLY_SILENCE",
            Severity.WARNING,
            f"Most of the recording is silence: {quality.speech_s:.1f} of {quality.duration_s:.1f} seconds are speech. "
            "Pauses were shortened; speak on without long pauses.",
            value=round(quality.speech_s / quality.duration_s, 3),
            unit="ratio",
        )


def check_level(quality: SampleQuality) -> Iterator[Finding]:
    """Too quiet, or over full scale."""
    if quality.loudness_lufs < _LOW_LEVEL_LUFS:
        yield Finding(
            "LEVEL_LOW",
            Severity.WARNING,
            f"The recording is very quiet ({quality.loudness_lufs:.0f} LUFS). It was turned up, and its noise with it: "
            "speak nearer to the microphone or raise its gain.",
            value=round(quality.loudness_lufs, 1),
            unit="LUFS",
        )
    if quality.clipped_ratio > _CLIPPED_RATIO:
        yield Finding(
            "CLIPPED",
            Severity.WARNING,
            f"The recording is overdriven: {100 * quality.clipped_ratio:.1f} % of it is clipped, which a clone copies "
            "as harshness. Lower the gain or move away from the microphone.",
            value=round(quality.clipped_ratio, 5),
            unit="ratio",
        )


def check_noise(quality: SampleQuality) -> Iterator[Finding]:
    """Background that a clone would copy."""
    has_noise = quality.dnsmos_background < _NOISY_BACKGROUND or quality.snr_db < _NOISY_SNR_DB
    if has_noise:
        snr = "" if isnan(quality.snr_db) else f" (speech is {quality.snr_db:.0f} dB above it)"
        advice = "" if quality.noise_removed else " or ask for it to be removed (removeBackgroundNoise)"
        yield Finding(
            "NOISY",
            Severity.WARNING,
            f"There is noise in the background{snr}. Record in a quiet room{advice}.",
            value=round(quality.dnsmos_background, 2),
            unit="DNSMOS BAK",
        )


def check_bandwidth(quality: SampleQuality) -> Iterator[Finding]:
    """Telephone quality."""
    if quality.bandwidth_hz < _NARROW_BANDWIDTH_HZ:
        yield Finding(
            "BANDWIDTH_NARROW",
            Severity.WARNING,
            f"The recording has telephone quality: nothing above {quality.bandwidth_hz / 1000:.1f} kHz. The clone will "
            "sound dull. Record with the device itself, not over a call.",
            value=round(quality.bandwidth_hz),
            unit="Hz",
        )


def check_channels(has_other_content: bool, used_channel: int | None) -> Iterator[Finding]:
    """Two things on two channels."""
    if has_other_content and used_channel is not None:
        yield Finding(
            "CHANNELS_DIFFER",
            Severity.WARNING,
            f"The channels hold different sound. Only channel {used_channel + 1}, the loudest, was used. "
            "Send the channel of one person.",
            value=float(used_channel + 1),
            unit="channel",
        )


def check_language(given: LangCode | None, heard: LangCode, probability: float) -> Iterator[Finding]:
    """What was said against what was announced."""
    if given is not None and given.iso639 != heard.iso639 and probability >= 0.8:
        yield Finding(
            "LANGUAGE_MISMATCH",
            Severity.WARNING,
            f"langCode says {given.value}, but this sounds like {heard.value}. {given.value} is used; "
            "correct it if that was a mistake.",
            value=round(probability, 3),
            unit="probability",
        )
