"""Spectra as DeepFilterNet sees and filters them, 20 ms every 10 ms at 48 kHz, as its graphs were trained. Source:
H. Schröter et al., DeepFilterNet (ICASSP 2022), and the published settings of DeepFilterNet3."""

import numpy as np
import numpy.typing as npt
import scipy.fft

from myna.domain.waveform import Samples

RATE_HZ = 48_000
_FRAME_SAMPLES = 960
_HOP_SAMPLES = 480
_NUM_BINS = _FRAME_SAMPLES // 2 + 1
_BIN_HZ = RATE_HZ / _FRAME_SAMPLES

NUM_BANDS = 32
_MIN_BAND_BINS = 2
NUM_FILTERED_BINS = 96
"""Up to 4.8 kHz each bin has a filter of its own; above, each band has a gain."""

_FORGETTING = 0.99
"""Of the running means: one second."""
_FIRST_BAND_LEVELS_DB = np.linspace(-60.0, -90.0, NUM_BANDS)
_FIRST_BIN_MAGNITUDES = np.linspace(1e-3, 1e-4, NUM_FILTERED_BINS)
"""What the running means begin with."""
_BAND_SCALE_DB = 40.0
_LEAST_MAGNITUDE = 1e-12

Spectra = npt.NDArray[np.complex64]
"""[num_frames, 481], scaled by one over the frame's length."""
BandValues = npt.NDArray[np.float32]
"""[num_frames, 32]."""


def _band_widths() -> npt.NDArray[np.int64]:
    """[32] bins in each band, equal steps in ERB, at least two. Source: Glasberg and Moore (1990)."""
    steps = np.linspace(0.0, 9.265 * np.log1p(RATE_HZ / 2 / (24.7 * 9.265)), NUM_BANDS + 1)
    edges = np.rint(24.7 * 9.265 * np.expm1(steps / 9.265) / _BIN_HZ).astype(np.int64)
    edges[-1] = _NUM_BINS
    for band in range(NUM_BANDS):
        edges[band + 1] = max(edges[band + 1], edges[band] + _MIN_BAND_BINS)
    return np.diff(edges)


_BAND_WIDTHS = _band_widths()
_BAND_STARTS = np.concatenate([[0], np.cumsum(_BAND_WIDTHS)[:-1]])
_WINDOW = np.sin(np.pi / 2 * np.sin(np.pi * (np.arange(_FRAME_SAMPLES) + 0.5) / _FRAME_SAMPLES) ** 2).astype(np.float32)
"""Vorbis's: applied before and after, overlapping halves add up to one."""


def to_spectra(samples: Samples) -> Spectra:
    """samples: [num_samples] at 48 kHz."""
    num_frames = -(-len(samples) // _HOP_SAMPLES) + 1
    padded = np.zeros((num_frames + 1) * _HOP_SAMPLES, np.float32)
    padded[_HOP_SAMPLES : _HOP_SAMPLES + len(samples)] = samples
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME_SAMPLES)[::_HOP_SAMPLES]
    return np.asarray(scipy.fft.rfft(frames * _WINDOW, axis=1) / np.float32(_FRAME_SAMPLES), np.complex64)


def to_samples(spectra: Spectra, num_samples: int) -> Samples:
    """The inverse of `to_spectra`. Returns: [num_samples]."""
    frames = scipy.fft.irfft(spectra, axis=1) * (_WINDOW * np.float32(_FRAME_SAMPLES))
    halves = np.zeros((len(frames) + 1, _HOP_SAMPLES), np.float32)
    halves[:-1] += frames[:, :_HOP_SAMPLES]
    halves[1:] += frames[:, _HOP_SAMPLES:]
    return np.ascontiguousarray(halves.reshape(-1)[_HOP_SAMPLES : _HOP_SAMPLES + num_samples])


def band_features(spectra: Spectra) -> BandValues:
    """Level of each band over its running mean, in units of 40 dB."""
    power = np.add.reduceat(np.square(np.abs(spectra)), _BAND_STARTS, axis=1) / _BAND_WIDTHS
    levels_db = 10 * np.log10(power + 1e-10)
    return np.asarray((levels_db - _running_mean(levels_db, _FIRST_BAND_LEVELS_DB)) / _BAND_SCALE_DB, np.float32)


def bin_features(spectra: Spectra) -> npt.NDArray[np.float32]:
    """Lower bins over the root of their running mean magnitude. Returns: [2, num_frames, 96], real and imaginary."""
    lower = spectra[:, :NUM_FILTERED_BINS]
    scale = np.sqrt(np.maximum(_running_mean(np.abs(lower), _FIRST_BIN_MAGNITUDES), _LEAST_MAGNITUDE))
    return np.stack([lower.real / scale, lower.imag / scale]).astype(np.float32)


def spread_over_bins(bands: BandValues) -> npt.NDArray[np.float32]:
    """[num_frames, 481]: each bin has its band's value."""
    return np.repeat(bands, _BAND_WIDTHS, axis=1)


def _running_mean(values: npt.NDArray[np.floating], first: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Exponential, along the first axis, beginning with `first`."""
    means = (1 - _FORGETTING) * values.astype(np.float64)
    means[:1] += _FORGETTING * first
    for k in range(1, len(means)):
        means[k] += _FORGETTING * means[k - 1]
    return means
