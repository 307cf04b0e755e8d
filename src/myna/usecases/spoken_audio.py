"""From an engine's chunks to one line of audio: pauses between segments, positions in seconds."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from myna.domain.speech import SpeechSegment, SpokenChunk, TimedSpan, TokenTiming
from myna.domain.waveform import Samples, Waveform


class SpokenLine:
    """Puts the chunks of a stream one behind the other. Seconds count from the request's first sample."""

    def __init__(self, segments: Sequence[SpeechSegment], sample_rate_hz: int) -> None:
        self._segments = segments
        self.sample_rate_hz = sample_rate_hz
        self._segment_start_s = 0.0
        self._waiting: list[TimedSpan] = []
        self._num_taken = 0
        self.num_samples = 0

    def place(self, chunk: SpokenChunk) -> tuple[Samples, tuple[TimedSpan, ...]]:
        """The chunk's samples, behind a segment's last with its pause, and what of the text begins in them."""
        segment = self._segments[chunk.segment_index]
        samples = chunk.samples
        spans = tuple(self._place(timing, segment) for timing in chunk.timings)
        if chunk.ends_segment and segment.pause_after_s > 0:
            pause = np.zeros(round(segment.pause_after_s * self.sample_rate_hz), dtype=np.float32)
            samples = np.concatenate([samples, pause])
        self.num_samples += len(samples)
        if chunk.ends_segment:
            self._segment_start_s = self.num_samples / self.sample_rate_hz
        return samples, spans

    def take(self, samples: Samples, spans: Sequence[TimedSpan] = ()) -> "PlacedSpeech":
        """The next as they leave, with what begins in them. spans: placed since; those held back wait for theirs."""
        start_s = self._num_taken / self.sample_rate_hz
        self._num_taken += len(samples)
        end_s = math.inf if self._num_taken == self.num_samples else self._num_taken / self.sample_rate_hz
        placed = [*self._waiting, *spans]
        self._waiting = [span for span in placed if span.start_s >= end_s]
        return PlacedSpeech(samples, tuple(span for span in placed if span.start_s < end_s), start_s)

    def _place(self, timing: TokenTiming, segment: SpeechSegment) -> TimedSpan:
        token = segment.tokens[timing.token_index]
        start_s = self._segment_start_s
        phones = tuple(replace(phone, start_s=phone.start_s + start_s) for phone in timing.phones)
        return TimedSpan(token.source_start, token.source_end, timing.start_s + start_s, timing.end_s + start_s, phones)


@dataclass(frozen=True, slots=True, eq=False)
class PlacedSpeech:
    """A stretch of the request's audio."""

    samples: Samples
    spans: tuple[TimedSpan, ...]
    """What of the text begins in it."""
    start_s: float
    """Where it begins in the request's audio."""


def cut(placed: PlacedSpeech, sample_rate_hz: int, max_s: float) -> Iterator[tuple[Samples, tuple[TimedSpan, ...]]]:
    """Parts of at most `max_s`, each with the spans that begin in it; none of no samples."""
    samples, spans, start_s = placed.samples, placed.spans, placed.start_s
    step = max(1, round(min(max_s * sample_rate_hz, len(samples))))
    for first in range(0, len(samples), step):
        from_s = start_s + first / sample_rate_hz
        until_s = start_s + (first + step) / sample_rate_hz
        is_last = first + step >= len(samples)
        begun = tuple(
            span for span in spans if (not first or span.start_s >= from_s) and (is_last or span.start_s < until_s)
        )
        yield samples[first : first + step], begun


def join_chunks(chunks: Sequence[SpokenChunk], segments: Sequence[SpeechSegment], sample_rate_hz: int) -> Waveform:
    """All that was spoken as one waveform."""
    line = SpokenLine(segments, sample_rate_hz)
    pieces = [line.place(chunk)[0] for chunk in chunks]
    return Waveform(np.concatenate(pieces) if pieces else np.zeros(0, np.float32), sample_rate_hz)
