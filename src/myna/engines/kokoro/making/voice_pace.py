"""How fast a person speaks, against the model's own reading of the same words."""

import numpy as np

from myna.domain.waveform import Samples
from myna.engines.kokoro.graphs import FloatArray, stretch_frames

_RATE_HZ = 16_000
_HOP = 160
_FRAME_S = 0.025
_PAUSES = frozenset(' .,!?;:—…"()“”')
_BELOW_PEAK_DB = 35.0
_ABOVE_FLOOR = 0.35
"""Of the way from the noise floor to the peak, in dB: where speech begins in a noisy recording."""
_SHORTEST_PAUSE_FRAMES = 12
"""120 ms: the closure of a plosive is shorter, a pause between words longer."""
_STEP = 0.05
_RANGE = (0.7, 1.8)
"""The slowest readers of audiobooks take 1.8 times as long as the model."""


def duration_scale(samples: Samples, symbols: str, predicted_frames: FloatArray) -> float:
    """The scale at which the model takes as many seconds as the speech, within 0.7 to 1.8, without pauses. samples:
    [num_samples] at 16 kHz; symbols: what is said; predicted_frames: [len(symbols) + 2], pads included."""
    sounding = np.array([symbol not in _PAUSES for symbol in symbols])
    predicted = predicted_frames[1:-1][: len(sounding)][sounding]
    if float(predicted.sum()) * _FRAME_S < 0.5:
        return 1.0
    scales = np.arange(_RANGE[0], _RANGE[1] + _STEP, _STEP)
    spoken_s = np.array([stretch_frames(predicted, scale).sum() for scale in scales]) * _FRAME_S
    return float(np.interp(speaking_seconds(samples), spoken_s, scales))


def speaking_seconds(samples: Samples) -> float:
    """Seconds with speech in them; gaps under 120 ms count as speech. samples: [num_samples] at 16 kHz."""
    num_frames = len(samples) // _HOP
    if num_frames == 0:
        return 0.0
    energy = np.mean(np.square(samples[: num_frames * _HOP].reshape(num_frames, _HOP), dtype=np.float64), axis=1)
    level_db = 10.0 * np.log10(np.convolve(energy, np.ones(3) / 3, mode="same") + 1e-10)
    peak, floor = np.percentile(level_db, 95), np.percentile(level_db, 5)
    threshold = max(peak - _BELOW_PEAK_DB, floor + _ABOVE_FLOOR * (peak - floor))
    active = np.flatnonzero(level_db > threshold)
    if len(active) == 0:
        return 0.0
    gaps = np.diff(active)
    bridged = gaps[(gaps > 1) & (gaps <= _SHORTEST_PAUSE_FRAMES)] - 1
    return float(len(active) + bridged.sum()) * _HOP / _RATE_HZ
