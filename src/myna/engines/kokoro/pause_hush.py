"""Keeps pauses quiet. The decoder now and then breathes where nothing is to be said, lets out a burst after a final
vowel or nasal ("Run!" is heard as "Runt"), or hums before the first phone. The engine knows where each phone is, so
what sounds elsewhere is turned down."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from myna.domain.waveform import Samples
from myna.engines.kokoro.graphs import FRAME_SAMPLES, SAMPLE_RATE_HZ, FloatArray, IntArray
from myna.engines.kokoro.phonemes.symbols import CLAUSE_ENDS, MODIFIERS, PUNCTUATION, SENTENCE_ENDS, STRESS_MARKS

_HALF_FRAME_SAMPLES = FRAME_SAMPLES // 2
_LEAST_PERIODIC = 0.6
"""Correlation of a sound with itself a period later: voice is above .8, breath below .4."""
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 500.0
_WINDOW_SAMPLES = 480
"""20 ms."""
_SILENT = PUNCTUATION | {" "}
_PAUSES = SENTENCE_ENDS | CLAUSE_ENDS
_OBSTRUENTS = frozenset("pbtdkɡqɢcɟʔfvθðszʃʒçʝxɣχʁhɸβʂʐɕʑʦʣʧʤʨʥꭧ")
"""Sounds that are made of noise; all others are made of voice, and end when it does."""
_VOICELESS_STOPS = frozenset("ptkqcʔ")
_RELEASE_S = 0.1
"""A final stop is released and breathes out for less than this; the model goes on, and "Wait." is heard as "Waiter"."""
_RELEASE_LEAD_SAMPLES = 2 * FRAME_SAMPLES
_LOOK_AHEAD_SAMPLES = 1_200
"""Beyond where a sound must have ended; more than a window and the longest period."""
_NO_SOUND = MODIFIERS | STRESS_MARKS
_LEAD_FRAMES = 3
"""75 ms. A first sound is heard up to 50 ms before its frames begin (`speech_timing.LEAD_S`)."""
_TAIL_FRAMES = 1
_FALL_S, _RISE_S = 0.025, 0.015
_FLOOR = 0.02
"""-34 dB: a pause is not cut out of the sound, it becomes part of the room."""
_STEP_SAMPLES = 120
"""5 ms."""


def hush_pauses(samples: Samples, symbols: str, frames: IntArray, f0_hz: FloatArray) -> Samples:
    """Turn down what lies between the sounds. samples: the first of [600 F], as decoded; symbols: [T - 2] without pads;
    frames: [T] with them; f0_hz: [2 F] as spoken. Returns as many samples."""
    gain = np.ones(FRAME_SAMPLES * int(frames.sum()), dtype=np.float32)
    for start, end in _quiet_spans(samples, symbols, frames, f0_hz):
        gain[start:end] = np.minimum(gain[start:end], _dip(start, end, len(gain)))
    return samples * gain[: len(samples)]


def settled_until(symbols: str, frames: IntArray, num_decoded: int) -> int:
    """Up to which sample nothing that is decoded later can change what is turned down. frames: [T] with the pads."""
    for pause in _find_pauses(symbols, frames):
        if pause.last is not None and pause.stop + _LOOK_AHEAD_SAMPLES > num_decoded:
            return max(0, min(num_decoded, pause.start - _RELEASE_LEAD_SAMPLES))
    return num_decoded


@dataclass(frozen=True, slots=True)
class _Pause:
    """What lies between two groups of sounds."""

    last: str | None
    """The last sound before it; None before all sounds."""
    start: int
    """Where that sound's own samples begin: it may end as early."""
    stop: int
    """Where it must have ended."""
    end: int
    """Where the next sound may begin."""


def find_first_sound(symbols: str, frames: IntArray) -> int:
    """Before which sample nothing is to be heard."""
    first = next(_find_pauses(symbols, frames), None)
    return 0 if first is None else first.end


def _find_pauses(symbols: str, frames: IntArray) -> Iterator[_Pause]:
    """The edges, and the pauses that signs make."""
    ends = np.cumsum(frames)
    sounds = [k for k, symbol in enumerate(symbols) if symbol not in _SILENT]
    if not sounds:
        return
    groups = np.split(np.array(sounds), np.flatnonzero(np.diff(sounds) > 1) + 1)
    for before, after in zip([None, *groups], [*groups, None], strict=True):
        if before is not None and after is not None and not _PAUSES & set(symbols[before[-1] : after[0]]):
            continue
        end = int(ends[-1]) if after is None else max(0, int(ends[after[0]]) - _LEAD_FRAMES)
        if before is None:
            yield _Pause(None, 0, 0, end * FRAME_SAMPLES)
            continue
        last = next((int(k) for k in before[::-1] if symbols[k] not in _NO_SOUND), int(before[-1]))
        stop = int(ends[before[-1] + 1]) + _TAIL_FRAMES
        yield _Pause(symbols[last], int(ends[last]) * FRAME_SAMPLES, stop * FRAME_SAMPLES, end * FRAME_SAMPLES)


def _quiet_spans(samples: Samples, symbols: str, frames: IntArray, f0_hz: FloatArray) -> Iterator[tuple[int, int]]:
    """Samples from and to which nothing is to be heard."""
    for pause in _find_pauses(symbols, frames):
        if pause.last is None:
            first = 0
        elif pause.last in _VOICELESS_STOPS:
            first = _end_of_release(samples, pause.start, pause.stop)
        elif pause.last in _OBSTRUENTS:
            first = pause.stop
        else:
            first = _end_of_voice(samples, f0_hz, pause.start, pause.stop)
        if pause.end > first:
            yield first, pause.end


def _end_of_voice(samples: Samples, f0_hz: FloatArray, start: int, stop: int) -> int:
    """From which sample between start and stop the sound no longer repeats with its pitch; `stop` if it never does."""
    end = None
    for first in range(start, min(stop, len(samples)), _HALF_FRAME_SAMPLES):
        expected_hz = float(np.clip(f0_hz[first // _HALF_FRAME_SAMPLES], _LOWEST_HZ, _HIGHEST_HZ))
        if _periodicity(samples, first, expected_hz) > _LEAST_PERIODIC:
            end = first + _HALF_FRAME_SAMPLES
        elif end is not None and first - end >= _HALF_FRAME_SAMPLES:
            break  # two in a row: what repeats itself after that does so by chance
    return stop if end is None else min(end, stop)


def _end_of_release(samples: Samples, start: int, stop: int) -> int:
    """Where the breath after a stop's burst, its steepest rise, has had its time: up to two frames before its own."""
    first = max(0, start - _RELEASE_LEAD_SAMPLES)
    steps = np.arange(first, min(stop, len(samples)) - _STEP_SAMPLES, _STEP_SAMPLES)
    if len(steps) < 2:
        return stop
    level = np.array([np.mean(np.square(samples[step : step + _STEP_SAMPLES], dtype=np.float64)) for step in steps])
    burst = int(steps[1 + np.argmax(np.diff(np.log(level + 1e-9)))])
    return min(stop, burst + int(_RELEASE_S * SAMPLE_RATE_HZ))


def _periodicity(samples: Samples, first: int, expected_hz: float) -> float:
    """The best correlation of 20 ms with what follows about a period later."""
    lags = np.arange(int(0.8 * SAMPLE_RATE_HZ / expected_hz), int(1.25 * SAMPLE_RATE_HZ / expected_hz) + 1)
    here = samples[first : first + _WINDOW_SAMPLES].astype(np.float64)
    later = np.lib.stride_tricks.sliding_window_view(
        samples[first : first + _WINDOW_SAMPLES + int(lags[-1])], len(here)
    )
    later = later[lags[lags < len(later)]]
    if len(later) == 0:
        return 0.0
    norms = np.sqrt((here @ here) * np.einsum("lw,lw->l", later, later, dtype=np.float64))
    return float((later @ here / np.maximum(norms, 1e-12)).max())


def _dip(start: int, end: int, num_samples: int) -> FloatArray:
    """Gain of a pause: down to the floor and up again, raised cosines. It stays down at the end of everything."""
    position = np.arange(end - start)
    fall = np.clip(position / (_FALL_S * SAMPLE_RATE_HZ), 0.0, 1.0) if start > 0 else np.ones(end - start)
    rise = np.clip((end - start - position) / (_RISE_S * SAMPLE_RATE_HZ), 0.0, 1.0) if end < num_samples else 1.0
    depth = 0.5 * (1.0 - np.cos(np.pi * np.minimum(fall, rise)))
    return np.asarray(1.0 - (1.0 - _FLOOR) * depth, dtype=np.float32)
