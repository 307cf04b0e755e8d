"""The long-term spectrum of a recording: as features for the style map, and as the equaliser that is missing."""

import numpy as np
import numpy.typing as npt
from scipy import fft

from myna.domain.waveform import Samples
from myna.engines.kokoro.timbre_eq import BAND_HZ, band_levels_db
from myna.engines.kokoro.voice_artifact import FloatArray

SAMPLE_RATE_HZ = 16_000
NUM_BANDS = 40
_NUM_FFT = 512
_HOP = 160
_QUIET_PERCENTILE = 30
_EQ_STRENGTH = 0.5
"""Half-way: at full strength the gain in similarity is the channel's, and noise and echo come along."""
_EQ_LIMIT_DB = 8.0
_TREBLE_HZ = 3_000.0
"""Above it lies what tells /s/, /f/ and /θ/ apart."""


def _power(samples: Samples) -> npt.NDArray[np.float64]:
    """[num_frames, 257] power spectra, 10 ms apart."""
    padded = np.pad(samples.astype(np.float64), _NUM_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _NUM_FFT)[::_HOP]
    return np.asarray(np.abs(fft.rfft(frames * np.hanning(_NUM_FFT + 1)[:-1])) ** 2)


def timbre_features(samples: Samples) -> npt.NDArray[np.float64]:
    """Mean and spread of the log mel spectrum over the louder frames: [80].

    samples: [num_samples] at 16 kHz, at least 0.1 s. The mean is relative to its own mean over the bands, so that level
    does not count; the quietest three tenths of the frames are left out.
    """
    mel = _power(samples) @ slaney_mel_weights(SAMPLE_RATE_HZ, _NUM_FFT, NUM_BANDS).T
    energy = mel.sum(axis=1)
    loud = mel[energy > np.percentile(energy, _QUIET_PERCENTILE)]
    log_mel = np.log(loud / mel.mean() + 1e-5)
    mean = log_mel.mean(axis=0)
    return np.concatenate([mean - mean.mean(), log_mel.std(axis=0)])


def missing_eq_db(reference: Samples, rendition: Samples) -> FloatArray:
    """The curve that brings a rendition half-way to the colour of the reference: [32] dB at `timbre_eq.BAND_HZ`.

    Both [num_samples] at 16 kHz. Clipped to 8 dB before halving, smoothed over three bands. Above 3 kHz nothing is
    taken away: fricatives live there, and what a recording lacks is the microphone's doing.
    """
    levels = []
    for samples in (reference, rendition):
        power = _power(samples)
        energy = power.sum(axis=1)
        levels.append(band_levels_db(power[energy > np.percentile(energy, 40)].mean(axis=0), SAMPLE_RATE_HZ))
    difference = levels[0] - levels[1]
    smooth = np.convolve(np.pad(difference, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    smooth -= smooth.mean()
    limited = np.clip(smooth, np.where(BAND_HZ < _TREBLE_HZ, -_EQ_LIMIT_DB, 0.0), _EQ_LIMIT_DB)
    curve: FloatArray = (_EQ_STRENGTH * limited).astype(np.float32)
    return curve


def slaney_mel_weights(sample_rate_hz: int, num_fft: int, num_bands: int) -> npt.NDArray[np.float64]:
    """[num_bands, num_fft / 2 + 1]. Source: Slaney's Auditory Toolbox, as in librosa with its defaults."""
    step = np.log(6.4) / 27
    top_hz = sample_rate_hz / 2
    top_mel = 15 + np.log(top_hz / 1000) / step
    mel = np.linspace(0.0, top_mel, num_bands + 2)
    edges = np.where(mel >= 15, 1000 * np.exp(step * (mel - 15)), mel * 200 / 3)
    bins_hz = np.linspace(0.0, top_hz, num_fft // 2 + 1)
    ramps = edges[:, np.newaxis] - bins_hz
    width = np.diff(edges)[:, np.newaxis]
    weights = np.maximum(0.0, np.minimum(-ramps[:-2] / width[:-1], ramps[2:] / width[1:]))
    return np.asarray(weights * (2 / (edges[2:] - edges[:-2]))[:, np.newaxis])
