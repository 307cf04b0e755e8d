"""Whether a recording is a conversation: people one after the other, in however many pieces. All its moments are parted
in two groups, where `speaker_change` looks for one stretch unlike the rest; `speaker_overlap` finds people who talk at
the same time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from myna.analysis.speakers import PARTIAL_S, CampplusEmbedder, Ge2eEmbedder
from myna.audio.mel import SAMPLE_RATE_HZ
from myna.audio.resample import resample
from myna.domain.waveform import Waveform

_PARTIAL_SAMPLES = round(PARTIAL_S * SAMPLE_RATE_HZ)
_HOP_SAMPLES = round(0.4 * SAMPLE_RATE_HZ)
_MIDDLE = (_PARTIAL_SAMPLES - _HOP_SAMPLES) // 2
"""Where a moment has the hop that stands for it."""
_MIN_PARTIALS = 4
_MIN_SIDE_SAMPLES = SAMPLE_RATE_HZ
"""One second: with less on one side the comparison says nothing."""
_MAX_ROUNDS = 10

_MAX_LIKENESS_A = 0.84
_MAX_LIKENESS_B = 0.57
"""Two groups of moments of one person are more alike than at least one of these (docs/lab/audio.md)."""


@dataclass(frozen=True, slots=True)
class VoiceGroups:
    """The recording parted in the two groups of moments that differ most in voice."""

    likeness_a: float
    likeness_b: float
    """Cosines between the groups."""

    @property
    def is_conversation(self) -> bool:
        return self.likeness_a < _MAX_LIKENESS_A and self.likeness_b < _MAX_LIKENESS_B


_ONE_VOICE = VoiceGroups(1.0, 1.0)


def measure_voice_groups(waveform: Waveform, a: Ge2eEmbedder, b: CampplusEmbedder) -> VoiceGroups:
    """Moments (1.6 s every 0.4 s) by 2-means of A, compared by B. waveform: without long pauses, any rate."""
    samples = resample(waveform, SAMPLE_RATE_HZ).samples
    if len(samples) < _PARTIAL_SAMPLES + (_MIN_PARTIALS - 1) * _HOP_SAMPLES:
        return _ONE_VOICE
    moments = a.embed_windows(np.lib.stride_tricks.sliding_window_view(samples, _PARTIAL_SAMPLES)[::_HOP_SAMPLES])
    groups, centres = _two_means(moments)
    middles = np.lib.stride_tricks.sliding_window_view(samples[_MIDDLE:], _HOP_SAMPLES)[::_HOP_SAMPLES][: len(moments)]
    sides = [middles[groups == side].reshape(-1) for side in (0, 1)]
    if min(len(side) for side in sides) < _MIN_SIDE_SAMPLES:
        return _ONE_VOICE
    first, second = (b.embed(Waveform(side, SAMPLE_RATE_HZ)) for side in sides)
    return VoiceGroups(float(centres[0] @ centres[1]), float(first @ second))


def _two_means(moments: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Group unit vectors around two centres, beginning with the two that are farthest apart."""
    cosines = moments @ moments.T
    centres = moments[list(np.unravel_index(np.argmin(cosines), cosines.shape))]
    groups = np.argmax(moments @ centres.T, axis=1)
    for _ in range(_MAX_ROUNDS):
        if len(np.unique(groups)) < 2:
            break
        means = np.stack([moments[groups == side].mean(axis=0) for side in (0, 1)])
        centres = means / np.linalg.norm(means, axis=1, keepdims=True)
        regrouped = np.argmax(moments @ centres.T, axis=1)
        if np.array_equal(groups, regrouped):
            break
        groups = regrouped
    return groups, centres
