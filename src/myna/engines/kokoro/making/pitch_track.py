"""Pitch of a recording: how high a person speaks and how lively, robust against octave errors and noise."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from myna.domain.waveform import Samples

SAMPLE_RATE_HZ = 16_000
LOWEST_HZ = 60.0
HIGHEST_HZ = 500.0
_HOP = 160
_WINDOW = 800
"""50 ms: three periods of the lowest pitch."""
_MIN_VOICED_FRAMES = 20
_MIN_CORRELATION = 0.45
_OCTAVE_COST = 0.02
"""Preference for the shorter of two lags that fit equally, per octave. Source: Boersma 1993, 0.01 to 0.05."""
_JUMP_COST = 0.35
"""Per octave between neighbouring frames. Source: as above."""
_NUM_CANDIDATES = 5
_FLATTENED = 0.75
"""Exponent of the power spectrum for bad recordings, so that strong harmonics count less: of 75 people by telephone the
mean is 0.7 semitones off instead of 1.8, in noise 1.0 instead of 1.4. Source: Tolonen and Karjalainen 2000 (0.67
there)."""
_WIDEST_LOG = 0.6
"""Frames further from the median, in ln(Hz), are octave errors and taken an octave nearer, since it is the highest and
creakiest that are mistaken. What is still further off does not count."""


@dataclass(frozen=True, slots=True)
class PitchStatistics:
    log_f0_mean: float
    """Mean of ln(F0 in Hz) over voiced frames."""
    log_f0_sd: float


def measure_pitch(samples: Samples, *, is_clean: bool = True) -> PitchStatistics | None:
    """Of the voiced frames, of 16 kHz; None if fewer than 20 (0.2 s). is_clean: not noisy, echoing, by telephone."""
    f0_hz = track_pitch(samples, is_clean=is_clean)
    log_f0 = np.log(f0_hz[f0_hz > 0])
    if len(log_f0) < _MIN_VOICED_FRAMES:
        return None
    distance = log_f0 - np.median(log_f0)
    folded = np.where(np.abs(distance) < _WIDEST_LOG, distance, distance - np.sign(distance) * np.log(2.0))
    near = np.median(log_f0) + folded[np.abs(folded) < _WIDEST_LOG]
    return PitchStatistics(float(near.mean()), float(near.std()))


def track_pitch(samples: Samples, *, is_clean: bool = True) -> npt.NDArray[np.float64]:
    """F0 every 10 ms, Hz; 0 where unvoiced: [num_samples / 160] of 16 kHz. The cheapest path through the best few lags
    of each frame. Source: Boersma, "Accurate short-term analysis of the fundamental frequency", 1993."""
    num_frames = len(samples) // _HOP
    if num_frames == 0:
        return np.zeros(0)
    padded = np.pad(samples.astype(np.float64), (_WINDOW // 2, _WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][:num_frames]
    window = np.hanning(_WINDOW)
    centred = (frames - frames.mean(axis=1, keepdims=True)) * window
    size, exponent = 2048, 2.0 if is_clean else 2.0 * _FLATTENED
    correlation = fft.irfft(np.abs(fft.rfft(centred, size)) ** exponent, size)
    of_window = fft.irfft(np.abs(fft.rfft(window, size)) ** exponent, size)
    energy = correlation[:, 0]
    shortest, longest = int(SAMPLE_RATE_HZ / HIGHEST_HZ), int(SAMPLE_RATE_HZ / LOWEST_HZ)
    lags = np.arange(shortest - 1, longest + 2)
    normal = correlation[:, lags] / np.maximum(energy, 1e-9)[:, None] / (of_window[lags] / of_window[0])
    lags_found, strengths = _pick_peaks(normal, lags)
    audible = energy > 1e-4 * np.percentile(energy, 95)
    return _cheapest_path(lags_found, np.where(audible[:, None], strengths, 0.0))


def _pick_peaks(
    normal: npt.NDArray[np.float64], lags: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The strongest local maxima of each frame, refined by a parabola. Returns lags and strengths, [frames, 5]."""
    left, middle, right = normal[:, :-2], normal[:, 1:-1], normal[:, 2:]
    is_peak = (middle > left) & (middle >= right)
    score = np.where(is_peak, middle - _OCTAVE_COST * np.log2(lags[1:-1] * LOWEST_HZ / SAMPLE_RATE_HZ), -np.inf)
    best = np.argsort(-score, axis=1, kind="stable")[:, :_NUM_CANDIDATES]
    rows = np.arange(len(normal))[:, None]
    low, top, high = left[rows, best], middle[rows, best], right[rows, best]
    bend = low - 2 * top + high
    offset = np.where(np.abs(bend) > 1e-9, 0.5 * (low - high) / np.where(np.abs(bend) > 1e-9, bend, 1.0), 0.0)
    strength = np.where(np.isfinite(score[rows, best]), score[rows, best], 0.0)
    return lags[1:-1][best] + np.clip(offset, -0.5, 0.5), strength


def _cheapest_path(lags: npt.NDArray[np.float64], strengths: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Viterbi over the candidates and "unvoiced"."""
    num_frames, num_candidates = lags.shape
    log_lags = np.log2(lags)
    local = np.concatenate([strengths, np.full((num_frames, 1), _MIN_CORRELATION)], axis=1)
    voicing_cost = 0.14
    total = local[0].copy()
    back = np.zeros((num_frames, num_candidates + 1), dtype=np.int64)
    for frame in range(1, num_frames):
        step = np.full((num_candidates + 1, num_candidates + 1), voicing_cost)
        step[:-1, :-1] = _JUMP_COST * np.abs(log_lags[frame - 1][:, None] - log_lags[frame][None, :])
        step[-1, -1] = 0.0
        reached = total[:, None] - step
        back[frame] = reached.argmax(axis=0)
        total = reached.max(axis=0) + local[frame]
    f0_hz = np.zeros(num_frames)
    state = int(total.argmax())
    for frame in range(num_frames - 1, -1, -1):
        if state < num_candidates and strengths[frame, state] > 0:
            f0_hz[frame] = SAMPLE_RATE_HZ / lags[frame, state]
        state = int(back[frame, state])
    return f0_hz
