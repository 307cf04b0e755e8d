"""What the two speaker encoders see of a recording: mel spectra in numpy.

Both reproduce what their networks were trained on to within rounding; nothing here is a free choice.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import fft

from myna.domain.waveform import Samples

SAMPLE_RATE_HZ = 16_000
"""What both encoders were trained on."""
FRAME_HOP_S = 0.01
_HOP = round(FRAME_HOP_S * SAMPLE_RATE_HZ)

_GE2E_WINDOW = 400
_GE2E_MELS = 40
_GE2E_LEVEL_DB = -30.0
"""RMS to which Resemblyzer brings every recording, relative to full scale."""

_KALDI_FRAME = 400
_KALDI_FFT = 512
_KALDI_MELS = 80
_KALDI_LOW_HZ = 20.0
_KALDI_FLOOR = 1.19e-7
"""Least energy before the logarithm: single precision's epsilon, as in Kaldi."""
_KALDI_SCALE = 32_768.0
"""Kaldi counts in 16-bit steps; once the mean is out, only the floor depends on it."""
_KALDI_PRE_EMPHASIS = 0.97
_POVEY_EXPONENT = 0.85


def ge2e_features(samples: Samples) -> npt.NDArray[np.float32]:
    """Mel energies at a fixed level.

    samples: [num_samples] at 16 kHz. Returns: [num_frames, 40], a frame every 10 ms, centred on its time.
    Source: `resemblyzer/audio.py` and `hparams.py`.
    """
    rms = np.sqrt(np.mean(np.square(samples, dtype=np.float64)) + 1e-12)
    levelled = samples * np.float32(10 ** (_GE2E_LEVEL_DB / 20) / rms)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(levelled, _GE2E_WINDOW // 2), _GE2E_WINDOW)[::_HOP]
    window = np.hanning(_GE2E_WINDOW + 1)[:-1].astype(np.float32)  # periodic
    power = np.square(np.abs(fft.rfft(frames * window, axis=1)))
    return np.asarray(power @ _slaney_bands(), np.float32)


def campplus_features(samples: Samples) -> npt.NDArray[np.float32]:
    """Log mel energies less their mean over time.

    samples: [num_samples] at 16 kHz, at least 400. Returns: [num_frames, 80], a frame every 10 ms.
    Source: Kaldi's `compute-fbank-feats` with 80 bands, no dither, and otherwise its defaults.
    """
    frames = np.lib.stride_tricks.sliding_window_view(samples * np.float32(_KALDI_SCALE), _KALDI_FRAME)[::_HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    frames = frames - _KALDI_PRE_EMPHASIS * np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    window = (np.hanning(_KALDI_FRAME) ** _POVEY_EXPONENT).astype(np.float32)
    power = np.square(np.abs(fft.rfft(frames * window, _KALDI_FFT, axis=1)))
    energies = np.log(np.maximum(power @ _kaldi_bands(), _KALDI_FLOOR))
    return np.asarray(energies - energies.mean(axis=0), np.float32)


@cache
def _slaney_bands() -> npt.NDArray[np.float32]:
    """Triangles of equal area on Slaney's mel scale, which is linear below 1 kHz and logarithmic above.

    Returns: [201, 40]. Source: Slaney 1998, "Auditory Toolbox", as `librosa.filters.mel` writes it.
    """
    hz_per_mel, knee_hz, knee_mel, log_step = 200.0 / 3, 1000.0, 15.0, np.log(6.4) / 27.0
    top_mel = knee_mel + np.log(SAMPLE_RATE_HZ / 2 / knee_hz) / log_step
    mels = np.linspace(0.0, top_mel, _GE2E_MELS + 2)
    edges_hz = np.where(mels < knee_mel, mels * hz_per_mel, knee_hz * np.exp(log_step * (mels - knee_mel)))
    bins_hz = np.arange(_GE2E_WINDOW // 2 + 1) * SAMPLE_RATE_HZ / _GE2E_WINDOW
    bands: npt.NDArray[np.float32] = (_triangles(bins_hz, edges_hz) * 2.0 / (edges_hz[2:] - edges_hz[:-2])).astype(
        np.float32
    )
    return bands


@cache
def _kaldi_bands() -> npt.NDArray[np.float32]:
    """Triangles on the mel scale 1127 ln(1 + f/700). Returns: [257, 80]. Source: Kaldi, `mel-computations.h`."""

    def to_mel(hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(1127.0 * np.log1p(hz / 700.0), np.float64)

    low, high = to_mel(np.array([_KALDI_LOW_HZ, SAMPLE_RATE_HZ / 2]))
    bins = to_mel(np.arange(_KALDI_FFT // 2 + 1) * SAMPLE_RATE_HZ / _KALDI_FFT)
    bands = _triangles(bins, np.linspace(low, high, _KALDI_MELS + 2))
    bands[-1] = 0.0  # Kaldi leaves the Nyquist bin out
    return bands.astype(np.float32)


def _triangles(bins: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Bands that rise from one edge to the next and fall to the one after it. Returns: [num_bins, num_edges - 2]."""
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    column = bins[:, np.newaxis]
    return np.maximum(0.0, np.minimum((column - low) / (centre - low), (high - column) / (high - centre)))
