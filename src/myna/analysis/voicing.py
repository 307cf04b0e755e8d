"""Whether a voice sounds, whispers or sings: pitch, frame by frame."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import uniform_filter1d

from myna.analysis.runs import find_runs
from myna.audio.resample import resample
from myna.domain.waveform import Samples, Waveform

RATE_HZ = 16_000
_FRAME_SAMPLES = 640
_HOP_SAMPLES = 160
_FFT_SAMPLES = 2048
_LOWEST_HZ, _HIGHEST_HZ = 65, 500
_VOICED_CORRELATION = 0.6
_SPEECH_BELOW_TOP_DB = 30.0
_NEAR_HIGHEST = 0.9
"""Of the highest peak: the first peak that reaches this is the period, later ones are its multiples."""
_CLIMB_LAGS = 12

_NOTE_FRAMES = 30
"""0.3 s, and half a period of vibrato on either side: speech does not hold a pitch that long, singers do."""
_NOTE_SEMITONES = 0.8
_VIBRATO_FRAMES = 18
"""0.18 s, a period of singers' vibrato: averaged over one, the note stands still that they swing around."""
_UNBROKEN_FRAMES = 50


@dataclass(frozen=True, slots=True)
class VoicingMeasures:
    voiced_ratio: float
    """Share of the louder frames that have a pitch: 0.5 to 0.9 in speech, near 0 in whispering."""
    sustained_ratio: float
    """Share of the voiced frames that hold a note, with vibrato or without, for about half a second."""
    unbroken_ratio: float
    """Share of the voiced frames in runs of at least 0.5 s: singers do not stop for consonants."""


def measure_voicing(waveform: Waveform) -> VoicingMeasures:
    """Any rate; mostly speech. Both are 0 for silence."""
    pitch_hz, correlation, levels_db = track_pitch(resample(waveform, RATE_HZ).samples)
    if len(pitch_hz) == 0 or levels_db.max() < -80.0:
        return VoicingMeasures(0.0, 0.0, 0.0)
    is_loud = levels_db > np.quantile(levels_db, 0.95) - _SPEECH_BELOW_TOP_DB
    is_voiced = is_loud & (correlation > _VOICED_CORRELATION)
    num_voiced = int(is_voiced.sum())
    semitones = uniform_filter1d(12 * np.log2(pitch_hz), _VIBRATO_FRAMES)
    is_sustained = np.zeros(len(semitones), bool)
    for start in range(len(semitones) - _NOTE_FRAMES - _VIBRATO_FRAMES):
        heard = slice(start, start + _NOTE_FRAMES + _VIBRATO_FRAMES)
        note = semitones[start + _VIBRATO_FRAMES // 2 :][:_NOTE_FRAMES]
        if is_voiced[heard].all() and np.subtract(*np.quantile(note, [0.95, 0.05])) < _NOTE_SEMITONES:
            is_sustained[heard] = True
    run_frames = np.diff(find_runs(is_voiced))
    num_unbroken = int(run_frames[run_frames >= _UNBROKEN_FRAMES].sum())
    return VoicingMeasures(
        voiced_ratio=num_voiced / max(1, int(is_loud.sum())),
        sustained_ratio=float(is_sustained.sum()) / max(1, num_voiced),
        unbroken_ratio=num_unbroken / max(1, num_voiced),
    )


def track_pitch(samples: Samples) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Pitch in Hz, strength of periodicity 0 to 1, level in dB of full scale: [num_frames] each, 10 ms apart.
    Source: P. Boersma, Accurate short-term analysis of the fundamental frequency (1993), by autocorrelation."""
    if len(samples) < _FRAME_SAMPLES:
        empty = np.zeros(0)
        return empty, empty, empty
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME_SAMPLES)[::_HOP_SAMPLES]
    frames = frames - frames.mean(axis=1, keepdims=True)
    window = np.hanning(_FRAME_SAMPLES)
    correlation = _autocorrelate(frames * window)
    window_correlation = _autocorrelate(window[np.newaxis])[0]
    power = correlation[:, 0] / _FRAME_SAMPLES
    normalised = correlation / np.maximum(correlation[:, :1], 1e-10)
    normalised = normalised / np.maximum(window_correlation / window_correlation[0], 1e-3)
    shortest, longest = RATE_HZ // _HIGHEST_HZ, RATE_HZ // _LOWEST_HZ
    lags = normalised[:, shortest:longest]
    first = np.argmax(lags >= _NEAR_HIGHEST * lags.max(axis=1, keepdims=True), axis=1)
    peaks = np.array(
        [start + int(np.argmax(row[start : start + _CLIMB_LAGS])) for start, row in zip(first, lags, strict=True)]
    )
    strength = np.take_along_axis(lags, peaks[:, np.newaxis], axis=1)[:, 0]
    return RATE_HZ / (shortest + peaks.astype(np.float64)), strength, 10 * np.log10(power + 1e-12)


def _autocorrelate(frames: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """[num_frames, frame_samples] to the same shape: lag 0 first."""
    spectra = np.abs(fft.rfft(frames, _FFT_SAMPLES, axis=1)) ** 2
    return np.asarray(fft.irfft(spectra, axis=1)[:, : frames.shape[1]], np.float64)
