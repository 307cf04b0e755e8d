"""From encoded chunks to the objects that carry them: the stream's lines and the socket's `audioChunk` are alike."""

import base64
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence

from myna.domain.speech import EncodedChunk, TimedSpan
from myna.http.alignment import Alignment, TextAligner
from myna.http.speech_requests import SpeakRequest, SpeechSettings, TimestampTransport

JsonObject = dict[str, object]


class SpeechPayloads:
    """Makes `{"audioContent", "usage", "timestampInfo"}` of each chunk, with the text's timestamps if asked for."""

    def __init__(self, text: str, settings: SpeechSettings) -> None:
        self._settings = settings
        self._num_chars = len(text)
        self._aligner = TextAligner(text, settings.timestamp_type) if settings.timestamp_type is not None else None
        self._waiting: list[TimedSpan] = []
        """Spans whose audio is still in the encoder."""
        self._is_first = True

    async def of(self, chunks: AsyncGenerator[EncodedChunk, None]) -> AsyncIterator[JsonObject]:
        """For each chunk none, one, or an audio object and one with its timestamps (ASYNC).

        After the last: timestamps that came with no audio of their own.
        """
        async for chunk in chunks:
            for payload in self._of_chunk(chunk):
                yield payload
        if self._aligner is not None:
            for alignment in (self._align(), self._aligner.finish()):
                if alignment is not None and alignment.pieces:
                    yield self._payload(b"", alignment)

    def _of_chunk(self, chunk: EncodedChunk) -> Iterator[JsonObject]:
        if self._aligner is not None:
            self._waiting.extend(chunk.spans)
        if not chunk.content:
            return
        alignment = self._align()
        if self._settings.timestamp_transport_strategy is not TimestampTransport.ASYNC:
            yield self._payload(chunk.content, alignment)
            return
        yield self._payload(chunk.content, None)
        if alignment is not None:
            yield self._payload(b"", alignment)

    def _align(self) -> Alignment | None:
        if self._aligner is None or not self._waiting:
            return None
        alignment = self._aligner.advance(self._waiting)
        self._waiting.clear()
        return alignment if alignment.pieces else None

    def _payload(self, content: bytes, alignment: Alignment | None) -> JsonObject:
        payload = _payload(content, self._num_chars if self._is_first else 0, self._settings)
        self._is_first = False
        info = _timestamp_info(alignment, self._settings)
        if info is not None or self._aligner is None:
            payload["timestampInfo"] = info  # null as captured; Pipecat, which asks for times, fails on it
        return payload


def whole_payload(message: SpeakRequest, chunks: Sequence[EncodedChunk]) -> JsonObject:
    """The same of a whole reply."""
    payload = _payload(b"".join(chunk.content for chunk in chunks), len(message.text), message)
    payload["timestampInfo"] = whole_timestamps(message, chunks)
    return payload


def whole_timestamps(message: SpeakRequest, chunks: Sequence[EncodedChunk]) -> JsonObject | None:
    """`timestampInfo` of a whole reply, in which nothing lies behind the audio's end."""
    alignment = None
    if message.timestamp_type is not None:
        aligner = TextAligner(message.text, message.timestamp_type)
        alignment = aligner.advance([span for chunk in chunks for span in chunk.spans])
        alignment.extend(aligner.finish())
    return _timestamp_info(alignment, message, sum(chunk.duration_s for chunk in chunks))


def _payload(content: bytes, num_chars: int, settings: SpeechSettings) -> JsonObject:
    return {
        "audioContent": base64.b64encode(content).decode("ascii"),
        "usage": {"processedCharactersCount": num_chars, "modelId": settings.model_id},
    }


def _timestamp_info(
    alignment: Alignment | None, settings: SpeechSettings, max_s: float | None = None
) -> JsonObject | None:
    """None if nothing was asked for, or nothing is known. max_s: nothing ends later than this."""
    info = alignment.to_wire(max_s) if alignment is not None else {}
    if settings.lipsync_config is not None:
        info["lipsyncAlignment"] = {"visemes": []}
    return info or None
