"""The log-mel spectrogram that Whisper was trained on, in numpy."""

import numpy as np
import numpy.typing as npt
import scipy.fft

from myna.domain.waveform import Samples

RATE_HZ = 16_000
_FFT_SAMPLES = 400
_HOP_SAMPLES = 160
_NUM_MELS = 80
_DYNAMIC_RANGE_LOG10 = 8.0
FRAMES_PER_S = RATE_HZ // _HOP_SAMPLES

LogMel = npt.NDArray[np.float32]
"""[80, num_frames] float32, 10 ms frames."""


def slaney_mel_filters() -> npt.NDArray[np.float32]:
    """[80, 201] triangles of equal area, 0 to 8 kHz.

    Source: M. Slaney, Auditory Toolbox (1998): linear below 1 kHz, logarithmic above with 27 steps per factor of 6.4.
    """
    bins_hz = np.fft.rfftfreq(_FFT_SAMPLES, 1 / RATE_HZ)
    edges_hz = _slaney_hz(np.linspace(0.0, _slaney_mel(RATE_HZ / 2), _NUM_MELS + 2))
    slopes = edges_hz[:, None] - bins_hz[None]
    widths = np.diff(edges_hz)[:, None]
    triangles = np.maximum(0.0, np.minimum(-slopes[:-2] / widths[:-1], slopes[2:] / widths[1:]))
    return (triangles * (2.0 / (edges_hz[2:] - edges_hz[:-2]))[:, None]).astype(np.float32)


def _slaney_mel(frequency_hz: float) -> float:
    return float(15.0 + 27.0 * np.log(frequency_hz / 1000.0) / np.log(6.4))


def _slaney_hz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(mels < 15.0, mels * 200.0 / 3.0, 1000.0 * np.exp(np.log(6.4) / 27.0 * (mels - 15.0)))


def measure_log_mel(samples: Samples, filters: npt.NDArray[np.float32]) -> LogMel:
    """Log power in mel bands, clamped to 8 decades below the loudest and scaled to about [-1, 1].

    samples: [num_samples] float32 at 16 kHz. Returns [80, num_samples // 160].
    Source: A. Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision (2022), section 2.2.
    """
    padded = np.pad(samples, _FFT_SAMPLES // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT_SAMPLES)[::_HOP_SAMPLES][:-1]
    window = np.hanning(_FFT_SAMPLES + 1)[:-1].astype(np.float32)
    power = np.abs(scipy.fft.rfft(frames * window, axis=1)) ** 2
    log_mel = np.log10(np.maximum(filters @ power.T, 1e-10))
    log_mel = np.maximum(log_mel, log_mel.max() - _DYNAMIC_RANGE_LOG10)
    return np.asarray((log_mel + 4.0) / 4.0, np.float32)
