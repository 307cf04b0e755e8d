"""A static equaliser: the long-term colour of a recording. It matches the channel more than the person, so never all of
it."""

import numpy as np
import numpy.typing as npt

from myna.audio.convolve import convolve_same
from myna.audio.mel import hz_to_mel, mel_to_hz
from myna.engines.kokoro.voice_artifact import NUM_EQ_BANDS, FloatArray

SAMPLE_RATE_HZ = 24_000
"""Of what the decoder speaks."""
_NUM_TAPS = 511
"""21 ms: resolves 50 Hz, shorter than a phone, so the filter does not ring audibly."""
_LOWEST_HZ = 80.0
_HIGHEST_HZ = 7_600.0
"""Just under half of the judges' and most references' 16 kHz; above it the curve stays flat at its last value."""


BAND_HZ: npt.NDArray[np.float64] = mel_to_hz(np.linspace(hz_to_mel(_LOWEST_HZ), hz_to_mel(_HIGHEST_HZ), NUM_EQ_BANDS))
"""[32] centre frequencies of the curve, equally spaced in mel."""


def equalizer_taps(eq_db: FloatArray) -> FloatArray:
    """eq_db: [32] at `BAND_HZ`, dB. Returns [511] taps, symmetric; `equalize` takes their delay, 255 samples, away."""
    num_bins = 2048
    bins_hz = np.linspace(0.0, SAMPLE_RATE_HZ / 2, num_bins + 1)
    gain = 10.0 ** (np.interp(hz_to_mel(bins_hz), hz_to_mel(BAND_HZ), eq_db) / 20.0)
    impulse = np.fft.fftshift(np.fft.irfft(gain))
    centre = num_bins
    half = _NUM_TAPS // 2
    return (impulse[centre - half : centre + half + 1] * np.hanning(_NUM_TAPS + 2)[1:-1]).astype(np.float32)


def equalize(samples: FloatArray, taps: FloatArray) -> FloatArray:
    """Without delay; the length stays. samples: [num_samples] float32 at 24 kHz; taps: [511]."""
    if len(samples) == 0:
        return samples
    return np.asarray(convolve_same(samples, taps), dtype=np.float32)


def band_levels_db(power_spectrum: npt.NDArray[np.float64], sample_rate_hz: int) -> npt.NDArray[np.float64]:
    """Mean level around each of `BAND_HZ`, dB, in triangles as wide as the distance to the next, at least 60 Hz.
    power_spectrum: [num_bins] of a real FFT, from 0 Hz to half of `sample_rate_hz`."""
    bins_hz = np.linspace(0.0, sample_rate_hz / 2, len(power_spectrum))
    spacing_hz = np.maximum(np.gradient(BAND_HZ), 60.0)
    weights = np.maximum(0.0, 1.0 - np.abs(bins_hz[None, :] - BAND_HZ[:, None]) / spacing_hz[:, None])
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
    return np.asarray(10.0 * np.log10(weights @ power_spectrum + 1e-12))
