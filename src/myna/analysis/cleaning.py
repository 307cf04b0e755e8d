"""Noise removal as it is offered: done when asked, kept when it helps, and said when it does not."""

from dataclasses import dataclass
from operator import itemgetter

from myna.analysis.dnsmos import OpinionModel, OpinionScores
from myna.analysis.gentle_cleaning import STRENGTHS
from myna.analysis.noise import NoiseRemover
from myna.analysis.sample_findings import find
from myna.analysis.speakers import CampplusEmbedder
from myna.audio.mel import SAMPLE_RATE_HZ
from myna.audio.resample import resample
from myna.domain.finding import Finding
from myna.domain.waveform import Waveform

_CLEAN_BACKGROUND = 3.3
"""DNSMOS BAK from which there is nothing to remove: 95 % of LibriSpeech test-other lie above, 15 dB of noise below."""
_MAX_SIGNAL_LOSS = 0.3
"""DNSMOS SIG that may be lost: more, and the voice suffers more than the noise."""
_OPINION_WEIGHT = 0.03
"""Of DNSMOS OVRL against the cosine to the voice as it was: 170 mixtures, docs/lab/audio.md (.02 to .04 will do)."""
_LEAST_GAIN = 0.05
"""DNSMOS OVRL from which noise removal pays: 0.2 and more in a storm or surf at 5 dB, 0.02 among twelve talkers."""
_LEAST_LIKENESS = 0.85
"""CAM++ cosine of cleaned and recorded speech: 0.93 or more in those mixtures; below, the voice was taken for noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Cleaning:
    """Speech as it was, or with its noise removed."""

    waveform: Waveform
    scores: OpinionScores
    noise_removed: bool
    findings: tuple[Finding, ...] = ()


def clean_speech(
    speech: Waveform, before: OpinionScores, noise: NoiseRemover, opinion: OpinionModel, voice: CampplusEmbedder
) -> Cleaning:
    """Remove noise, as much as the voice bears, if that makes it better. before: what `opinion` says of `speech`."""
    if before.background >= _CLEAN_BACKGROUND:
        return Cleaning(speech, before, False, (find("NOISE_REMOVAL_NEEDLESS", before.background),))
    voice_before = voice.embed(resample(speech, SAMPLE_RATE_HZ))
    tries = []
    for cleaned in noise.remove_noise(speech, STRENGTHS):
        likeness = float(voice_before @ voice.embed(resample(cleaned, SAMPLE_RATE_HZ)))
        scores = opinion.score(cleaned)
        tries.append((likeness + _OPINION_WEIGHT * scores.overall, likeness, scores, cleaned))
    _, likeness, after, cleaned = max(tries, key=itemgetter(0))
    gain = after.overall - before.overall
    is_no_help = gain < _LEAST_GAIN or after.signal < before.signal - _MAX_SIGNAL_LOSS
    if is_no_help or likeness < _LEAST_LIKENESS:
        return Cleaning(speech, before, False, (find("NOISE_REMOVAL_SKIPPED", gain),))
    return Cleaning(cleaned, after, True)
