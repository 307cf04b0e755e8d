"""Measure a recording: noise, level, clipping, bandwidth. Numbers only; `sample_findings` decides what they mean."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from myna.analysis.runs import find_runs
from myna.analysis.speech_activity import FRAME_SAMPLES, RATE_HZ, FrameValues
from myna.audio.convolve import convolve_same
from myna.audio.resample import resample
from myna.domain.waveform import Samples, Waveform

_SURELY_SPEECH = 0.6
_SURELY_PAUSE = 0.2
_MIN_PAUSE_FRAMES = 6
_MAX_SNR_DB = 60.0
"""A gated or synthetic silence has no noise at all; beyond this the figure says nothing."""

_SPECTRUM_SAMPLES = 2048
_BANDWIDTH_BELOW_PEAK_DB = 65.0
_BANDWIDTH_OVER_FLOOR_DB = 6.0
_NOISE_BELOW_PEAK_DB = 45.0
"""A floor above this is noise that fills the band: it hides how far speech reaches, and comes through no telephone."""

_FLAT_TOP_RUN = 3
_FLAT_TOP_TOLERANCE = 0.004
"""Of the peak: a limiter's plateau is this flat even after dither; a real crest is rounder."""

_CROWD_TOP_QUANTILE = 0.9999
_CROWD_OF_TOP = 0.8
_CROWDED_RATIO = 0.025
"""190 clean recordings: at most 0.022, 99 % below 1.3 %. Clipped at a quarter and sent through MP3: 2.3 and 15 %."""


@dataclass(frozen=True, slots=True)
class LevelMeasures:
    peak_db: float
    """Highest sample relative to full scale."""
    clipped_ratio: float
    """Share of samples that lie in a flat top, or crowd below it where a codec has bent it."""


def measure_levels(samples: Samples) -> LevelMeasures:
    """samples: [num_samples] at the rate they came in (resampling rounds flat tops off)."""
    peak = float(np.max(np.abs(samples), initial=0.0))
    crowded_ratio = measure_crowded_ratio(samples)
    is_crowded = crowded_ratio > _CROWDED_RATIO
    clipped_ratio = max(measure_clipped_ratio(samples), crowded_ratio if is_crowded else 0.0)
    return LevelMeasures(20 * np.log10(max(peak, 1e-9)), clipped_ratio)


def measure_clipped_ratio(samples: Samples) -> float:
    """Share of samples in runs of three or more at the highest or lowest level, also if turned down afterwards."""
    if len(samples) < _FLAT_TOP_RUN:
        return 0.0
    num_clipped = 0
    for signal in (samples, -samples):
        top = float(signal.max())
        if top <= 0.0:
            continue
        lengths = np.diff(find_runs(signal >= top * (1 - _FLAT_TOP_TOLERANCE)))
        num_clipped += int(lengths[lengths >= _FLAT_TOP_RUN].sum())
    return num_clipped / len(samples)


def measure_crowded_ratio(samples: Samples) -> float:
    """Share of samples within 2 dB of the highest level (of one in 10,000): clipping behind a codec, soft clipping."""
    if len(samples) == 0:
        return 0.0
    levels = np.abs(samples)
    top = float(np.quantile(levels, _CROWD_TOP_QUANTILE))
    return float(np.mean(levels > _CROWD_OF_TOP * top)) if top > 0.0 else 0.0


def measure_frame_powers(waveform: Waveform) -> npt.NDArray[np.float64]:
    """[num_frames] mean square of each frame of the speech detector, any rate in."""
    samples = resample(waveform, RATE_HZ).samples
    num_frames = -(-len(samples) // FRAME_SAMPLES)
    padded = np.zeros(num_frames * FRAME_SAMPLES, np.float64)
    padded[: len(samples)] = samples
    return np.asarray(np.mean(padded.reshape(num_frames, FRAME_SAMPLES) ** 2, axis=1))


def measure_snr_db(frame_powers: npt.NDArray[np.float64], probabilities: FrameValues) -> float:
    """Speech power over the power of pauses, dB; NaN without speech or pause; [num_frames] of the same frames. Noise
    that sounds during speech is taken off it. Within 3 dB of white noise, hum and music from 0 to 30 dB; too high
    for babble."""
    speech = frame_powers[probabilities > _SURELY_SPEECH]
    pauses = frame_powers[probabilities < _SURELY_PAUSE]
    if len(speech) == 0 or len(pauses) < _MIN_PAUSE_FRAMES:
        return float("nan")
    noise_power = float(np.median(pauses))
    speech_power = max(float(np.mean(speech)) - noise_power, noise_power * 1e-2, 1e-12)
    return float(min(10 * np.log10(speech_power / max(noise_power, 1e-12)), _MAX_SNR_DB))


def measure_bandwidth_hz(waveform: Waveform) -> float:
    """The highest frequency that is really there, at most half the rate: the last bin of 2048 samples' spectra (90th
    percentile over time) within 65 dB of the strongest and 6 dB over the floor, or within 45. NaN for silence."""
    samples = waveform.samples
    if len(samples) < _SPECTRUM_SAMPLES:
        return float("nan")
    frames = np.lib.stride_tricks.sliding_window_view(samples, _SPECTRUM_SAMPLES)[:: _SPECTRUM_SAMPLES // 2]
    power = np.abs(np.fft.rfft(frames * np.hanning(_SPECTRUM_SAMPLES).astype(np.float32), axis=1)) ** 2
    level_db = 10 * np.log10(np.quantile(power, 0.9, axis=0) + 1e-20)
    top_db = level_db.max()
    over_floor_db = min(level_db.min() + _BANDWIDTH_OVER_FLOOR_DB, top_db - _NOISE_BELOW_PEAK_DB)
    threshold_db = max(top_db - _BANDWIDTH_BELOW_PEAK_DB, over_floor_db)
    (heard,) = np.nonzero(level_db >= threshold_db)
    if len(heard) == 0:
        return float("nan")
    return int(heard[-1]) * waveform.sample_rate_hz / _SPECTRUM_SAMPLES


_DECAY_HOP_SAMPLES = 80
_DECAY_SMOOTHING_SAMPLES = 320
_DECAY_SPAN_HOPS = 16
"""80 ms: long enough to tell a room's tail from a closing consonant."""
_DECAY_FROM_TOP_DB = 15.0
_DECAY_ABOVE_FLOOR_DB = 8.0
_MIN_DECAYS = 20


def measure_decay_db_per_s(waveform: Waveform) -> float:
    """How fast sound dies away where it does so fastest, dB/s; NaN without pauses. Dry speech: 200 to 400; a room of
    reverberation time T: about 60/T; above 15 dB SNR. Source: R. Ratnam et al. (JASA 2003), for the idea."""
    samples = resample(waveform, RATE_HZ).samples
    kernel = np.full(_DECAY_SMOOTHING_SAMPLES, 1.0 / _DECAY_SMOOTHING_SAMPLES)
    energy = convolve_same(samples.astype(np.float64) ** 2, kernel)[::_DECAY_HOP_SAMPLES]
    level_db = 10 * np.log10(np.maximum(energy, 0.0) + 1e-12)
    if len(level_db) <= _DECAY_SPAN_HOPS:
        return float("nan")
    before, after = level_db[:-_DECAY_SPAN_HOPS], level_db[_DECAY_SPAN_HOPS:]
    floor_db, top_db = np.quantile(level_db, [0.05, 0.95])
    is_decay = (after > floor_db + _DECAY_ABOVE_FLOOR_DB) & (before > top_db - _DECAY_FROM_TOP_DB)
    if int(is_decay.sum()) <= _MIN_DECAYS:
        return float("nan")
    falls_db = (before - after)[is_decay]
    return float(np.quantile(falls_db, 0.97)) / (_DECAY_SPAN_HOPS * _DECAY_HOP_SAMPLES / RATE_HZ)


_LEVEL_BLOCK_FRAMES = 62
"""2 s of the speech detector's frames."""
_MIN_BLOCK_SPEECH_FRAMES = 20


def measure_level_range_db(frame_powers: npt.NDArray[np.float64], probabilities: FrameValues) -> float:
    """How far speech's level moves between blocks of 2 s, dB; 0 for fewer than two. [num_frames], of the same."""
    levels_db: list[float] = []
    for start in range(0, len(frame_powers) - _LEVEL_BLOCK_FRAMES + 1, _LEVEL_BLOCK_FRAMES):
        block = slice(start, start + _LEVEL_BLOCK_FRAMES)
        speech = frame_powers[block][probabilities[block] > _SURELY_SPEECH]
        if len(speech) >= _MIN_BLOCK_SPEECH_FRAMES:
            levels_db.append(10 * np.log10(float(np.mean(speech)) + 1e-12))
    return float(max(levels_db) - min(levels_db)) if len(levels_db) > 1 else 0.0
