"""How a recording is spoken: pitch range and movement, final lowering, pauses, rate, energy, a number each."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
from scipy import ndimage, signal

from myna.audio.resample import resample
from myna.domain.waveform import Samples, Waveform
from myna.engines.kokoro.making.pitch_track import SAMPLE_RATE_HZ, track_pitch
from myna.engines.kokoro.making.voice_pace import speaking_seconds

_HOP = 160
_FRAMES_PER_S = SAMPLE_RATE_HZ // _HOP
_WIDEST_SEMITONES = 10.0
"""Further from the median are octave errors."""
_LAST_FRAMES = 20
"""0.2 s with a pitch: the last syllable."""
_SYLLABLE_BAND_HZ = (300.0, 2500.0)
_SYLLABLE_DIP_DB, _SYLLABLE_BELOW_TOP_DB, _SYLLABLE_FRAMES = 2.0, 25.0, 8
"""Source of the counting: de Jong and Wempe, Praat script to detect syllable nuclei (2009)."""
_QUIETEST = 1e-10


@dataclass(frozen=True, slots=True)
class Prosody:
    """Of one recording, or means over some."""

    pitch_range_semitones: float
    """Standard deviation."""
    pitch_movement_semitones_per_s: float
    """Mean speed, up or down."""
    final_lowering_semitones: float
    """The last syllable below the median."""
    pause_share: float
    """Of the time from the first sound to the last."""
    rate_syllables_per_s: float
    """Pauses left out."""
    energy_movement_db: float
    """Standard deviation of the level where there is a pitch."""


ASPECTS = tuple(field.name for field in fields(Prosody))


def measure_prosody(waveform: Waveform) -> Prosody | None:
    """None if less than half a second has a pitch. waveform: any rate."""
    samples = resample(waveform, SAMPLE_RATE_HZ).samples
    pitch_hz = track_pitch(samples)
    levels_db = _levels_db(samples)[: len(pitch_hz)]
    voiced = np.flatnonzero(pitch_hz)
    if len(voiced) < _FRAMES_PER_S // 2:
        return None
    semitones = np.full(len(pitch_hz), np.nan)
    semitones[voiced] = 12 * np.log2(pitch_hz[voiced] / np.median(pitch_hz[voiced]))
    semitones[np.abs(semitones) > _WIDEST_SEMITONES] = np.nan
    heard = semitones[~np.isnan(semitones)]
    span_s = (voiced[-1] - voiced[0] + 1) / _FRAMES_PER_S
    cut = samples[voiced[0] * _HOP : (voiced[-1] + 1) * _HOP]
    speaking_s = speaking_seconds(cut)
    return Prosody(
        pitch_range_semitones=float(heard.std()),
        pitch_movement_semitones_per_s=_speed(semitones),
        final_lowering_semitones=float(-np.median(heard[-_LAST_FRAMES:])),
        pause_share=float(max(0.0, 1.0 - speaking_s / span_s)),
        rate_syllables_per_s=_count_syllables(samples, pitch_hz > 0) / max(speaking_s, 0.5),
        energy_movement_db=float(levels_db[voiced].std()),
    )


def _levels_db(samples: Samples) -> npt.NDArray[np.float64]:
    """[num_samples / 160], over about 50 ms."""
    frames = samples[: len(samples) // _HOP * _HOP].reshape(-1, _HOP).astype(np.float64)
    return np.asarray(10 * np.log10(ndimage.uniform_filter1d((frames**2).mean(axis=1), 5) + _QUIETEST))


def _speed(semitones: npt.NDArray[np.float64]) -> float:
    """Mean of the slopes over 50 ms, where all of it has a pitch."""
    slopes = np.abs(semitones[5:] - semitones[:-5])
    steady = ~np.isnan(np.lib.stride_tricks.sliding_window_view(semitones, 6)).any(axis=1)
    return float(slopes[steady].mean() * _FRAMES_PER_S / 5) if steady.any() else 0.0


def _count_syllables(samples: Samples, is_voiced: npt.NDArray[np.bool_]) -> int:
    band = signal.butter(2, _SYLLABLE_BAND_HZ, "bandpass", fs=SAMPLE_RATE_HZ, output="sos")
    levels_db = ndimage.gaussian_filter1d(_levels_db(signal.sosfiltfilt(band, samples)), 2.0)
    lowest = np.percentile(levels_db, 95) - _SYLLABLE_BELOW_TOP_DB
    peaks, _ = signal.find_peaks(levels_db, height=lowest, prominence=_SYLLABLE_DIP_DB, distance=_SYLLABLE_FRAMES)
    return int(is_voiced[peaks].sum())
