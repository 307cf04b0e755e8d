"""The log-mel spectrogram that Whisper was trained on."""

import numpy as np
import numpy.typing as npt

from myna.audio.mel import HOP_SAMPLES, SAMPLE_RATE_HZ, frames_of, hann, magnitudes, slaney_bands
from myna.domain.waveform import Samples

_FFT_SAMPLES = 400
_NUM_MELS = 80
_DYNAMIC_RANGE_LOG10 = 8.0
FRAMES_PER_S = SAMPLE_RATE_HZ // HOP_SAMPLES

LogMel = npt.NDArray[np.float32]
"""[80, num_frames] float32, 10 ms frames."""


def measure_log_mel(samples: Samples) -> LogMel:
    """Log power in mel bands, clamped to 8 decades below the loudest and scaled to about [-1, 1]: [80, num_samples
    // 160] of 16 kHz. Source: A. Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision, section
    2.2."""
    frames = frames_of(np.pad(samples, _FFT_SAMPLES // 2, mode="reflect"), _FFT_SAMPLES)[:-1]
    power = magnitudes(frames, hann(_FFT_SAMPLES)) ** 2
    log_mel = np.log10(np.maximum(power @ slaney_bands(_NUM_MELS, _FFT_SAMPLES), 1e-10)).T
    log_mel = np.maximum(log_mel, log_mel.max() - _DYNAMIC_RANGE_LOG10)
    return np.asarray((log_mel + 4.0) / 4.0, np.float32)
