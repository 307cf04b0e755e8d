"""From an engine's chunks to one line of audio: pauses between segments, positions in seconds."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import numpy as np

from myna.domain.speech import SpeechSegment, TimedSpan, TokenTiming
from myna.domain.waveform import Samples, Waveform
from myna.usecases.ports import EngineStream


@dataclass(frozen=True, slots=True, eq=False)
class SpokenPiece:
    """A stretch of the request's audio in order, with what of the text begins to be heard in it."""

    samples: Samples
    spans: tuple[TimedSpan, ...]


async def iter_pieces(
    stream: EngineStream, segments: Sequence[SpeechSegment], sample_rate_hz: int
) -> AsyncIterator[SpokenPiece]:
    """Pull the stream and put each segment's pause behind it. Span times count from the request's first sample."""
    num_samples = 0
    segment_start_s = 0.0
    async for item in stream:
        segment = segments[item.segment_index]
        samples = item.chunk.samples
        spans = tuple(_place(timing, segment, segment_start_s) for timing in item.chunk.timings)
        if item.ends_segment and segment.pause_after_s > 0:
            pause = np.zeros(round(segment.pause_after_s * sample_rate_hz), dtype=np.float32)
            samples = np.concatenate([samples, pause])
        num_samples += len(samples)
        if item.ends_segment:
            segment_start_s = num_samples / sample_rate_hz
        if len(samples):
            yield SpokenPiece(samples, spans)


def _place(timing: TokenTiming, segment: SpeechSegment, segment_start_s: float) -> TimedSpan:
    token = segment.tokens[timing.token_index]
    phones = tuple(
        type(phone)(phone.phone, phone.start_s + segment_start_s, phone.duration_s) for phone in timing.phones
    )
    return TimedSpan(
        token.source_start,
        token.source_end,
        timing.start_s + segment_start_s,
        timing.end_s + segment_start_s,
        phones,
    )


def split_piece(piece: SpokenPiece, start_s: float, sample_rate_hz: int, max_s: float) -> list[SpokenPiece]:
    """Cut a piece into parts of at most `max_s`, each with the spans that begin in it.

    start_s: where the piece begins in the request's audio.
    """
    step = max(1, round(max_s * sample_rate_hz))
    cuts = list(range(0, len(piece.samples), step))
    parts = []
    for number, first in enumerate(cuts):
        is_last = number == len(cuts) - 1
        from_s = start_s + first / sample_rate_hz
        until_s = start_s + (first + step) / sample_rate_hz
        spans = tuple(
            span
            for span in piece.spans
            if (number == 0 or span.start_s >= from_s) and (is_last or span.start_s < until_s)
        )
        parts.append(SpokenPiece(piece.samples[first : first + step], spans))
    return parts


async def collect_waveform(stream: EngineStream, segments: Sequence[SpeechSegment], sample_rate_hz: int) -> Waveform:
    """All of a stream as one waveform; closes the stream."""
    try:
        pieces = [piece.samples async for piece in iter_pieces(stream, segments, sample_rate_hz)]
    finally:
        await stream.aclose()
    return Waveform(np.concatenate(pieces) if pieces else np.zeros(0, np.float32), sample_rate_hz)
