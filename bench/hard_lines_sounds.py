"""What can be measured of single sounds: noises beside the speech, closures, fricatives, how clear vowels are.

All levels are relative to the line's own: its loudest step for noises, its loud level for phones.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from hard_lines_speech import Phone, TimedSpeech

from myna.domain.waveform import Samples

STOPS = frozenset(("p", "t", "k", "b", "d", "g", "ɡ", "tʃ", "dʒ"))
FRICATIVES = frozenset(("s", "z", "ʃ", "ʒ", "f", "θ", "tʃ"))
FULL_VOWELS = frozenset("aɑæeɛɜʌiɪoɔɒuʊ")
"""By their first sign; the weak ones (ə, ɐ, ɨ) are left out."""
_STEP_S = 0.010
_BEFORE_S, _AFTER_S = 0.060, 0.080
"""Margins to the first and the last phone, within which sound is its onset or its end."""
_NOISE_DB = -30.0
_NOISE_STEPS = 3
"""Windows of 20 ms, one every 10 ms: three are 40 ms of sound."""
_WIDER_S = 0.025
"""Closures begin early: one frame of the model."""
_BAND_HZ, _VOWEL_BAND_HZ = (3_000, 11_000), (300, 5_000)
_VOWEL_BANDS = 9
_FRICATIVE_WINDOW_S, _VOWEL_WINDOW_S, _HOP_S = 0.020, 0.040, 0.005
_TINY = 1e-10


@dataclass(frozen=True, slots=True)
class Sounds:
    """Of one line. Phones are the same for all voices, so means of two voices compare like with like."""

    sound_before: bool
    sound_after: bool
    sound_in_pauses: bool
    """With the same margins, where signs part the words."""
    early_ms: int
    """How long before the first phone something is heard; below 0 for a phone that begins softly."""
    late_ms: int
    """How long after the last phone something is heard."""
    num_closures: int
    closure_db: float
    """Mean over stops of the quietest 10 ms, below the loud level."""
    num_fricatives: int
    fricative_db: float
    """Mean over fricatives of the power from 3 to 11 kHz, relative to the loud level."""
    num_vowels: int
    vowel_flatness_db: float
    """Mean over vowels of the geometric over the arithmetic mean of power from 300 to 5,000 Hz, in bands of 500 Hz; nearer
    to 0 is noisier. It depends on pitch, too: stock voices are chosen by it.
    """


def measure_sounds(speech: TimedSpeech) -> Sounds:
    samples, rate = speech.waveform.samples.astype(np.float64), speech.waveform.sample_rate_hz
    step = round(_STEP_S * rate)
    rms = _rms(samples, step, step)
    loud = float(np.percentile(rms, 95)) + _TINY
    is_sound = _rms(samples, 2 * step, step) > rms.max() * 10 ** (_NOISE_DB / 20)
    heard = np.flatnonzero(rms > rms.max() * 10 ** (_NOISE_DB / 20))
    phones = speech.phones
    pauses = [(before.end_s, after.start_s) for before, after in pairwise(phones) if before.precedes_sign]
    closures = [_closure_db(samples, rate, phone, loud) for phone in phones if _has_closure(phone)]
    fricatives = [_fricative_db(samples, rate, phone, loud) for phone in phones if phone.symbol in FRICATIVES]
    vowels = [_flatness_db(samples, rate, phone) for phone in phones if phone.symbol[0] in FULL_VOWELS]
    return Sounds(
        sound_before=_has_noise(is_sound, 0.0, phones[0].start_s - _BEFORE_S),
        sound_after=_has_noise(is_sound, phones[-1].end_s + _AFTER_S, len(samples) / rate),
        sound_in_pauses=any(_has_noise(is_sound, start + _AFTER_S, end - _BEFORE_S) for start, end in pauses),
        early_ms=round(1000 * (phones[0].start_s - heard[0] * _STEP_S)),
        late_ms=round(1000 * ((heard[-1] + 1) * _STEP_S - phones[-1].end_s)),
        num_closures=len(closures),
        closure_db=_mean(closures),
        num_fricatives=len(fricatives),
        fricative_db=_mean(fricatives),
        num_vowels=len(vowels),
        vowel_flatness_db=_mean(vowels),
    )


def _rms(samples: Samples, window: int, hop: int) -> np.ndarray:
    padded = np.pad(samples, (0, max(0, window - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    return np.sqrt((frames**2).mean(axis=1))


def _has_noise(is_sound: np.ndarray, start_s: float, end_s: float) -> bool:
    """Whether three windows that follow each other, and lie wholly inside, hold sound."""
    first, last = int(np.ceil(start_s / _STEP_S)), int(np.floor(end_s / _STEP_S)) - 1
    inside = is_sound[max(0, first) : max(0, last)]
    return len(inside) >= _NOISE_STEPS and bool(
        np.lib.stride_tricks.sliding_window_view(inside, _NOISE_STEPS).all(axis=1).any()
    )


def _has_closure(phone: Phone) -> bool:
    """Beside a pause every stop is silent."""
    return phone.symbol in STOPS and not phone.follows_sign and not phone.precedes_sign


def _closure_db(samples: Samples, rate: int, phone: Phone, loud: float) -> float:
    start, end = round(max(0.0, phone.start_s - _WIDER_S) * rate), round(phone.end_s * rate)
    quietest = _rms(samples[start:end], round(_STEP_S * rate), round(_HOP_S * rate)).min()
    return float(20 * np.log10(quietest / loud + _TINY))


def _fricative_db(samples: Samples, rate: int, phone: Phone, loud: float) -> float:
    power, bins_hz = _spectra(samples, rate, phone, _FRICATIVE_WINDOW_S)
    band = (bins_hz >= _BAND_HZ[0]) & (bins_hz < _BAND_HZ[1])
    return float(10 * np.log10(power[:, band].sum(axis=1).mean() / loud**2 + _TINY))


def _flatness_db(samples: Samples, rate: int, phone: Phone) -> float:
    """In each of nine bands by itself, so that a dull voice does not pass for a clear one."""
    power, bins_hz = _spectra(samples, rate, phone, _VOWEL_WINDOW_S)
    power = power[:, (bins_hz >= _VOWEL_BAND_HZ[0]) & (bins_hz < _VOWEL_BAND_HZ[1])] + _TINY**2
    width = power.shape[1] // _VOWEL_BANDS
    bands = power[:, : width * _VOWEL_BANDS].reshape(len(power), _VOWEL_BANDS, width)
    return float(np.mean(10 * (np.log10(bands).mean(axis=2) - np.log10(bands.mean(axis=2)))))


def _spectra(samples: Samples, rate: int, phone: Phone, window_s: float) -> tuple[np.ndarray, np.ndarray]:
    """[windows, bins] mean square of each bin, of windows inside a phone; of one around its middle if it is short."""
    size = round(window_s * rate)
    start, end = round(phone.start_s * rate), round(phone.end_s * rate)
    if end - start < size:
        start = max(0, (start + end - size) // 2)
        end = start + size
    piece = np.pad(samples[start:end], (0, max(0, end - len(samples))))
    window = np.hanning(size)
    frames = np.lib.stride_tricks.sliding_window_view(piece, size)[:: round(_HOP_S * rate)]
    power = 2 * np.abs(np.fft.rfft(frames * window, axis=1)) ** 2 / (size * (window**2).sum())
    return power, np.fft.rfftfreq(size, 1 / rate)


def _mean(values: list[float]) -> float:
    return round(float(np.mean(values)), 2) if values else 0.0
