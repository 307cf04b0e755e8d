"""Mel filter banks and spectra in numpy: every network hears 16 kHz in frames 10 ms apart. Scale, straightness and
divisor are each network's own. (kaldi-native-fbank would serve one of five, and differs from what the maps were
fitted with by up to .0018.)"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft

SAMPLE_RATE_HZ = 16_000
HOP_SAMPLES = 160

Bands = npt.NDArray[np.float32]
"""[num_bins, num_bands], for a spectrum of num_fft / 2 + 1 bins. Read only: it is shared."""
_Hz = npt.NDArray[np.float64]


def hann(num_samples: int) -> npt.NDArray[np.float32]:
    """Periodic: one more sample would close it."""
    return np.hanning(num_samples + 1)[:-1].astype(np.float32)


def frames_of(samples: npt.NDArray[Any], num_samples: int) -> npt.NDArray[Any]:
    """[num_frames, num_samples], 10 ms apart, as many as fit. A view of `samples`."""
    return np.lib.stride_tricks.sliding_window_view(samples, num_samples)[::HOP_SAMPLES]


def magnitudes(frames: npt.NDArray[Any], window: npt.NDArray[Any], num_fft: int | None = None) -> npt.NDArray[Any]:
    """[num_frames, num_fft / 2 + 1], as exact as frames and window. num_fft: the window's length unless given."""
    return np.asarray(np.abs(fft.rfft(frames * window, num_fft, axis=1)))


def hz_to_mel(frequency_hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Source: O'Shaughnessy, 1127 ln(1 + f / 700); HTK's and Kaldi's scale."""
    return np.asarray(1127.0 * np.log1p(np.asarray(frequency_hz, np.float64) / 700.0))


def mel_to_hz(mel: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The inverse of `hz_to_mel`."""
    return np.asarray(700.0 * np.expm1(np.asarray(mel, np.float64) / 1127.0))


@cache
def slaney_bands(num_bands: int, num_fft: int) -> Bands:
    """Triangles of equal area to 8 kHz, linear below 1 kHz. Source: Slaney, Auditory Toolbox; `librosa.filters.mel`."""
    hz_per_mel, knee_hz, knee_mel, log_step = 200.0 / 3, 1000.0, 15.0, np.log(6.4) / 27.0
    mel = np.linspace(0.0, knee_mel + np.log(SAMPLE_RATE_HZ / 2 / knee_hz) / log_step, num_bands + 2)
    edges_hz = np.where(mel < knee_mel, mel * hz_per_mel, knee_hz * np.exp(log_step * (mel - knee_mel)))
    heights = 2.0 / (edges_hz[2:] - edges_hz[:-2])
    return (_triangles(_bins_hz(num_fft), edges_hz) * heights).astype(np.float32)


@cache
def htk_bands(num_bands: int, num_fft: int, lowest_hz: float, highest_hz: float) -> Bands:
    """Triangles that are straight over frequency."""
    edges_mel = np.linspace(hz_to_mel(lowest_hz), hz_to_mel(highest_hz), num_bands + 2)
    return _triangles(_bins_hz(num_fft), mel_to_hz(edges_mel)).astype(np.float32)


@cache
def kaldi_bands(num_bands: int, num_fft: int, lowest_hz: float) -> Bands:
    """Triangles that are straight over mel, up to 8 kHz. Source: Kaldi, `mel-computations.h`."""
    edges_mel = np.linspace(hz_to_mel(lowest_hz), hz_to_mel(SAMPLE_RATE_HZ / 2), num_bands + 2)
    bands = _triangles(hz_to_mel(_bins_hz(num_fft)), edges_mel)
    bands[-1] = 0.0  # Kaldi leaves the Nyquist bin out
    return bands.astype(np.float32)


def _bins_hz(num_fft: int) -> _Hz:
    return np.asarray(fft.rfftfreq(num_fft, 1 / SAMPLE_RATE_HZ))


def _triangles(bins: _Hz, edges: _Hz) -> npt.NDArray[np.float64]:
    """Bands that rise from one edge to the next and fall to the one after it."""
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    column = bins[:, np.newaxis]
    return np.maximum(0.0, np.minimum((column - low) / (centre - low), (high - column) / (high - centre)))
