"""What becomes of a segment's samples between decoder and listener, stretch by stretch as they are decoded."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from myna.domain.speech import SpokenChunk, TokenTiming
from myna.domain.waveform import Samples
from myna.engines.kokoro.graphs import FRAME_SAMPLES, SAMPLE_RATE_HZ, FloatArray, IntArray
from myna.engines.kokoro.pause_hush import find_first_sound, hush_pauses, settled_until
from myna.engines.kokoro.phonemes.symbols import SymbolSequence
from myna.engines.kokoro.silence_trim import LEAD_S, fade_in, fade_out, find_speech
from myna.engines.kokoro.speech_timing import time_tokens
from myna.engines.kokoro.voice_filters import VoiceFilters

_BEFORE_FIRST_SAMPLES = 2 * FRAME_SAMPLES
"""Decoded before the first sound may begin: the silence that is left there, and what the equaliser reaches."""
_FIRST_STRETCH_SAMPLES = 18 * FRAME_SAMPLES
"""0.45 s, of which about 0.3 are heard."""
_LEAST_SAMPLES = SAMPLE_RATE_HZ // 5
"""Less is not worth a chunk: the next stretch brings more."""
_GROWTH = 1.5
_LONGEST_STRETCH_SAMPLES = 120 * FRAME_SAMPLES
_FILTER_REACH_SAMPLES = 500
"""Of equaliser (255), hiss filter (63) and phone colours (127), together. Their edges come of what is asked."""
_AFTER_END_SAMPLES = 1_200
"""Zeros behind what is decoded so far, so that no filter or window ends there."""
_CEILING = 0.98
_KNEE = 0.85
"""Louder than the knee is bent so that nothing passes the ceiling: an equaliser can push single peaks above 1."""


def plan_stretches(symbols: str, frames: IntArray) -> Iterator[tuple[int, int]]:
    """From and to which sample a segment is decoded, stretch by stretch, growing, without the silence before the first
    sound. symbols: without pads; frames: [T] with them."""
    total = FRAME_SAMPLES * int(frames.sum())
    first = max(0, find_first_sound(symbols, frames) - _BEFORE_FIRST_SAMPLES)
    length = _FIRST_STRETCH_SAMPLES
    while first < total:
        end = first + length if first + 1.5 * length < total else total
        yield first, end
        first, length = end, min(int(_GROWTH * length) // FRAME_SAMPLES * FRAME_SAMPLES, _LONGEST_STRETCH_SAMPLES)


@dataclass(slots=True, eq=False)
class SegmentSound:
    """Takes decoded stretches in order, gives what is settled of the finished sound."""

    sequence: SymbolSequence
    frames: IntArray
    """[T] with the pads."""
    f0_hz: FloatArray
    """[2 F] as spoken."""
    filters: VoiceFilters
    tokens: range
    """Those that begin in this sequence."""
    tail_s: float
    """Silence to leave after the last sound."""
    start_s: float
    """Where this sound begins in the segment's."""
    _decoded: Samples = field(init=False)
    _finished: Samples = field(init=False)
    """As it is heard; what has not been given is worked out anew with each stretch."""
    _start: int | None = field(default=None, init=False)
    """The first sample that is heard; known with the first sound."""
    _given: int = field(default=0, init=False)
    """Samples up to here have been given."""
    _num_timed: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._decoded, self._finished = np.zeros((2, FRAME_SAMPLES * int(self.frames.sum())), dtype=np.float32)

    @property
    def length_s(self) -> float:
        """Of all that has been given."""
        return 0.0 if self._start is None else (self._given - self._start) / SAMPLE_RATE_HZ

    def add(self, stretch: Samples, end: int) -> SpokenChunk | None:
        """Take the stretch that ends at this sample. None if nothing new is settled."""
        self._decoded[end - len(stretch) : end] = stretch
        is_last = end == len(self._decoded)
        finished = self._finish(end)
        if self._start is None:
            first, last = find_speech(finished[:end])
            if last == 0 and not is_last:
                return None
            self._start = self._given = max(0, first - round(LEAD_S * SAMPLE_RATE_HZ))
        is_first = self._given == self._start
        chunk = self._give_rest(finished) if is_last else self._give_settled(finished, end)
        if chunk is not None and is_first:
            fade_in(chunk.samples)
        return chunk

    def _finish(self, end: int) -> Samples:
        """Everything so far; what samples to come may change lies close to the end."""
        symbols, frames = self.sequence.symbols, self.frames
        first = max(0, self._given - _FILTER_REACH_SAMPLES)
        samples = hush_pauses(self._decoded[: end + _AFTER_END_SAMPLES], symbols, frames, self.f0_hz)[first:]
        samples = limit_peaks(self.filters.apply(samples, symbols, frames, first))
        self._finished[self._given : first + len(samples)] = samples[self._given - first :]
        return self._finished[: first + len(samples)]

    def _give_settled(self, finished: Samples, end: int) -> SpokenChunk | None:
        """Up to the last word at most: where that ends is known at the end."""
        timings = self._time(math.inf)
        last = max((k for k, timing in enumerate(timings) if timing.phones), default=0)
        settled = settled_until(self.sequence.symbols, self.frames, end) - _FILTER_REACH_SAMPLES
        if timings:
            settled = min(settled, self._start_of(timings[last]))
        if settled - self._given < _LEAST_SAMPLES:
            return None
        begun = [timing for timing in timings[self._num_timed : last] if self._start_of(timing) < settled]
        self._num_timed += len(begun)
        samples = finished[self._given : settled]
        self._given = settled
        return SpokenChunk(samples, tuple(begun))

    def _give_rest(self, finished: Samples) -> SpokenChunk:
        _, last = find_speech(finished)
        given, self._given = self._given, max(self._given, last + round(self.tail_s * SAMPLE_RATE_HZ))
        samples = finished[given : self._given]
        fade_out(samples)
        silence = np.zeros(self._given - given - len(samples), dtype=np.float32)
        timings = self._time(self.start_s + max(0.0, self.length_s - self.tail_s))
        return SpokenChunk(np.concatenate([samples, silence]), timings[self._num_timed :], ends_segment=True)

    def _time(self, audible_end_s: float) -> tuple[TokenTiming, ...]:
        return time_tokens(
            self.sequence,
            self.frames,
            self.tokens,
            first_sample_s=self._first_sample_s,
            audible_s=(self.start_s, audible_end_s),
        )

    @property
    def _first_sample_s(self) -> float:
        """Where the decoder's first sample would lie."""
        return self.start_s - (self._start or 0) / SAMPLE_RATE_HZ

    def _start_of(self, timing: TokenTiming) -> int:
        return round((timing.start_s - self._first_sample_s) * SAMPLE_RATE_HZ)


def limit_peaks(samples: Samples) -> Samples:
    """Bend what is louder than 0.85 so that nothing passes 0.98; the rest stays as it is."""
    level = np.abs(samples)
    if not (level > _KNEE).any():
        return samples
    room = _CEILING - _KNEE
    bent = _KNEE + room * np.tanh((level - _KNEE) / room)
    return np.where(level > _KNEE, np.sign(samples) * bent, samples).astype(np.float32)
