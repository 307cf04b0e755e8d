"""How much noise a voice can lose without becoming another. With all that the filter takes CAM++ hears another
person; an equaliser and half of the attenuation cost little (docs/lab/audio.md)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d

from myna.analysis.noise_spectra import Spectra

_EQUALISER_BINS = 5
_LEAST_HALF_GAIN = 0.03
_LEAST_POWER = 1e-14


@dataclass(frozen=True, slots=True)
class CleaningStrength:
    """One way to mix."""

    kept: float
    """Share of the recording, equalised, that is left in."""
    equalised: float
    """Exponent: 0 leaves the recording's mean spectrum, 1 gives it that of the cleaned one."""


STRENGTHS = (CleaningStrength(0.3, 0.5), CleaningStrength(0.65, 0.5), CleaningStrength(0.9, 0.75))
"""Strongest first: music and a street bear the first, white noise the last."""


def clean_gently(noisy: Spectra, cleaned: Spectra, strength: CleaningStrength) -> Spectra:
    """Mix a recording, equalised, with one filtered by half the attenuation in dB: [num_frames, num_bins] each."""
    power, cleaned_power = (np.square(np.abs(spectra)) for spectra in (noisy, cleaned))
    equalised = noisy * _equaliser(power, cleaned_power) ** np.float32(strength.equalised)
    gains = np.sqrt(np.minimum(cleaned_power / (power + _LEAST_POWER), 1.0))
    half_filtered = cleaned / np.maximum(np.sqrt(gains), _LEAST_HALF_GAIN)
    return np.asarray(strength.kept * equalised + (1 - strength.kept) * half_filtered, np.complex64)


def _equaliser(power: npt.NDArray[np.float32], cleaned_power: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """[num_bins] gains that give a recording the mean spectrum of its cleaned form."""
    gains = np.sqrt((cleaned_power.mean(axis=0) + _LEAST_POWER) / (power.mean(axis=0) + _LEAST_POWER))
    return np.asarray(uniform_filter1d(gains, _EQUALISER_BINS), np.float32)
