"""Noise removal as it is offered: done when asked, kept when it helps, and said when it does not."""

from dataclasses import dataclass

import numpy as np

from myna.analysis.dnsmos import OpinionModel, OpinionScores
from myna.analysis.noise import NoiseRemover
from myna.audio.resample import resample
from myna.domain.finding import Finding, Severity
from myna.domain.waveform import Waveform

_CLEAN_BACKGROUND = 3.3
"""DNSMOS BAK from which there is nothing to remove: 95 % of LibriSpeech test-other lie above, 15 dB of noise below."""
_MAX_SIGNAL_LOSS = 0.3
"""DNSMOS SIG that may be lost: more, and the voice suffers more than the noise."""
_KEPT_BACKGROUND = 0.15
"""Share of the recording as it was that is left in (16 dB down): all of the noise gone takes some of the voice with it,
and both speaker encoders find the mixture more alike to the clean recording than either part (docs/audio.md)."""
_MIN_GAIN = 0.05
"""DNSMOS OVRL that cleaning has to bring."""


@dataclass(frozen=True, slots=True, eq=False)
class Cleaning:
    """Speech as it was, or with its noise removed."""

    waveform: Waveform
    scores: OpinionScores
    noise_removed: bool
    findings: tuple[Finding, ...] = ()


def clean_speech(speech: Waveform, before: OpinionScores, noise: NoiseRemover, opinion: OpinionModel) -> Cleaning:
    """Remove noise if there is any and if the voice comes out better for it."""
    if before.background >= _CLEAN_BACKGROUND:
        finding = Finding(
            "NOISE_REMOVAL_SKIPPED",
            Severity.INFO,
            "The recording is clean already: noise removal was left out, since it could only take something away.",
            value=round(before.background, 2),
            unit="DNSMOS BAK",
        )
        return Cleaning(speech, before, False, (finding,))
    cleaned = _blend(noise.remove_noise(speech), speech)
    after = opinion.score(cleaned)
    if after.signal < before.signal - _MAX_SIGNAL_LOSS or after.overall < before.overall + _MIN_GAIN:
        finding = Finding(
            "NOISE_REMOVAL_SKIPPED",
            Severity.WARNING,
            "Noise removal was left out: here it would have hurt the voice more than it helped.",
            value=round(after.overall - before.overall, 2),
            unit="DNSMOS OVRL",
        )
        return Cleaning(speech, before, False, (finding,))
    return Cleaning(cleaned, after, True)


def _blend(cleaned: Waveform, speech: Waveform) -> Waveform:
    """The cleaned speech over a trace of what it was; at the rate of the first."""
    original = resample(speech, cleaned.sample_rate_hz).samples
    num_samples = min(len(original), len(cleaned.samples))
    blended = (1 - _KEPT_BACKGROUND) * cleaned.samples[:num_samples] + _KEPT_BACKGROUND * original[:num_samples]
    return Waveform(blended.astype(np.float32), cleaned.sample_rate_hz)
