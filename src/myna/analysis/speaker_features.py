"""What the two speaker encoders see, mel spectra, as their networks were trained, to within rounding. The graph that
refines has the same front ends of the same constants (`training/style_gradient/judges.py`)."""

import numpy as np
import numpy.typing as npt

from myna.audio.mel import HOP_SAMPLES, SAMPLE_RATE_HZ, frames_of, hann, kaldi_bands, magnitudes, slaney_bands
from myna.domain.waveform import Samples

FRAME_HOP_S = HOP_SAMPLES / SAMPLE_RATE_HZ
FRAME_SAMPLES = 400
"""25 ms."""

GE2E_MELS = 40
GE2E_LEVEL_DB = -30.0
"""RMS to which Resemblyzer brings every recording, relative to full scale."""

KALDI_MELS = 80
KALDI_FFT = 512
KALDI_LOW_HZ = 20.0
KALDI_FLOOR = 1.19e-7
"""Least energy before the logarithm: single precision's epsilon, as in Kaldi."""
KALDI_SCALE = 32_768.0
"""Kaldi counts in 16-bit steps; once the mean is out, only the floor depends on it."""
KALDI_PRE_EMPHASIS = 0.97
_POVEY_EXPONENT = 0.85


def ge2e_features(samples: Samples) -> npt.NDArray[np.float32]:
    """Mel energies [num_frames, 40], one each 10 ms, centred on its time, of 16 kHz. Source: `resemblyzer/audio.py`."""
    rms = np.sqrt(np.mean(np.square(samples, dtype=np.float64)) + 1e-12)
    levelled = samples * np.float32(10 ** (GE2E_LEVEL_DB / 20) / rms)
    frames = frames_of(np.pad(levelled, FRAME_SAMPLES // 2), FRAME_SAMPLES)
    power = np.square(magnitudes(frames, hann(FRAME_SAMPLES)))
    return np.asarray(power @ slaney_bands(GE2E_MELS, FRAME_SAMPLES), np.float32)


def campplus_features(samples: Samples) -> npt.NDArray[np.float32]:
    """Log mel energies less their mean, [num_frames, 80], one each 10 ms, of 400 samples at 16 kHz or more. Source:
    Kaldi's `compute-fbank-feats` with 80 bands, no dither, and otherwise its defaults."""
    frames = frames_of(samples * np.float32(KALDI_SCALE), FRAME_SAMPLES)
    frames = frames - frames.mean(axis=1, keepdims=True)
    frames = frames - KALDI_PRE_EMPHASIS * np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    power = np.square(magnitudes(frames, povey_window(), KALDI_FFT))
    energies = np.log(np.maximum(power @ kaldi_bands(KALDI_MELS, KALDI_FFT, KALDI_LOW_HZ), KALDI_FLOOR))
    return np.asarray(energies - energies.mean(axis=0), np.float32)


def povey_window() -> npt.NDArray[np.float32]:
    """[400]. Source: Kaldi, `feature-window.cc`."""
    return (np.hanning(FRAME_SAMPLES) ** _POVEY_EXPONENT).astype(np.float32)
