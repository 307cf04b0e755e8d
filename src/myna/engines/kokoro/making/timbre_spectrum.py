"""The long-term spectrum of a recording: as features for the style map, and as the equaliser that is missing."""

import numpy as np
import numpy.typing as npt

from myna.audio.mel import SAMPLE_RATE_HZ, frames_of, hann, magnitudes, slaney_bands
from myna.domain.waveform import Samples
from myna.engines.kokoro.timbre_eq import BAND_HZ, band_levels_db
from myna.engines.kokoro.voice_artifact import FloatArray

NUM_BANDS = 40
_NUM_FFT = 512
_QUIET_PERCENTILE = 30
_EQ_STRENGTH = 0.5
"""Half-way: at full strength the gain in similarity is the channel's, and noise and echo come along."""
_EQ_LIMIT_DB = 8.0
_TREBLE_HZ = 3_000.0
"""Above it lies what tells /s/, /f/ and /θ/ apart."""


def _power(samples: Samples) -> npt.NDArray[np.float64]:
    """[num_frames, 257] power spectra, 10 ms apart."""
    frames = frames_of(np.pad(samples.astype(np.float64), _NUM_FFT // 2), _NUM_FFT)
    return np.asarray(magnitudes(frames, hann(_NUM_FFT)) ** 2)


def timbre_features(samples: Samples) -> npt.NDArray[np.float64]:
    """Mean and spread of the log mel spectrum over the louder seven tenths of frames: [80], the mean less its own.
    samples: [num_samples] at 16 kHz, at least 0.1 s."""
    mel = _power(samples) @ slaney_bands(NUM_BANDS, _NUM_FFT)
    energy = mel.sum(axis=1)
    loud = mel[energy > np.percentile(energy, _QUIET_PERCENTILE)]
    log_mel = np.log(loud / mel.mean() + 1e-5)
    mean = log_mel.mean(axis=0)
    return np.concatenate([mean - mean.mean(), log_mel.std(axis=0)])


def missing_eq_db(reference: Samples, rendition: Samples) -> FloatArray:
    """The curve half-way to the reference's colour: [32] dB at `timbre_eq.BAND_HZ`, of [num_samples] at 16 kHz each; at
    most 8 dB before halving, smoothed over three bands. Above 3 kHz nothing is taken away: what a recording lacks there
    is the microphone's doing."""
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
