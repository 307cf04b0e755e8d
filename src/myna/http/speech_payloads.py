"""From encoded chunks to the objects that carry them: the stream's lines and the socket's `audioChunk` are alike."""

import base64
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing

from myna.domain.speech import EncodedChunk, TimedSpan
from myna.http.alignment import Alignment, TextAligner
from myna.http.reply import JsonObject
from myna.http.speech_requests import SpeakRequest, SpeechSettings, TimestampTransport
from myna.http.visemes import LipLine


class SpeechPayloads:
    """Makes `{"audioContent", "usage", "timestampInfo"}` of each chunk, with the text's timestamps if asked for."""

    def __init__(self, text: str, settings: SpeechSettings) -> None:
        self._settings = settings
        self._num_chars = len(text)
        self._aligner = TextAligner(text, settings.timestamp_type) if settings.timestamp_type is not None else None
        self._lips = LipLine() if settings.lipsync_config is not None else None
        self._audio_s = 0.0
        self._waiting: list[TimedSpan] = []
        """Spans whose audio is still in the encoder."""
        self._is_first = True

    async def of(self, chunks: AsyncGenerator[EncodedChunk, None]) -> AsyncGenerator[JsonObject, None]:
        """None, one, or an audio object and one of its timestamps (ASYNC) each; at last those left. Closes chunks."""
        async with aclosing(chunks):
            async for chunk in chunks:
                for payload in self._of_chunk(chunk):
                    yield payload
        visemes = self._lips.advance(self._waiting) + self._lips.finish(self._audio_s) if self._lips is not None else []
        if self._aligner is not None:
            for alignment in (self._align(), self._aligner.finish()):
                if alignment is not None and alignment.pieces:
                    yield self._payload(b"", alignment, visemes)
                    visemes = []
        if visemes:
            yield self._payload(b"", None, visemes)

    def _of_chunk(self, chunk: EncodedChunk) -> Iterator[JsonObject]:
        self._waiting.extend(chunk.spans)
        self._audio_s += chunk.duration_s
        if not chunk.content:
            return
        visemes = self._lips.advance(self._waiting) if self._lips is not None else []
        alignment = self._align()
        if self._settings.timestamp_transport_strategy is not TimestampTransport.ASYNC:
            yield self._payload(chunk.content, alignment, visemes)
            return
        yield self._payload(chunk.content, None, visemes)
        if alignment is not None:
            yield self._payload(b"", alignment, [])

    def _align(self) -> Alignment | None:
        spans, self._waiting = self._waiting, []
        if self._aligner is None or not spans:
            return None
        alignment = self._aligner.advance(spans)
        return alignment if alignment.pieces else None

    def _payload(self, content: bytes, alignment: Alignment | None, visemes: list[JsonObject]) -> JsonObject:
        payload = _payload(content, self._num_chars if self._is_first else 0, self._settings)
        self._is_first = False
        info = _timestamp_info(alignment, visemes if self._lips is not None else None)
        if info is not None or self._aligner is None:
            payload["timestampInfo"] = info  # null as captured; Pipecat, which asks for times, fails on it
        return payload


def whole_payload(message: SpeakRequest, chunks: Sequence[EncodedChunk]) -> JsonObject:
    """The same of a whole reply."""
    payload = _payload(b"".join(chunk.content for chunk in chunks), len(message.text), message)
    payload["timestampInfo"] = whole_timestamps(message, chunks)
    return payload


def whole_timestamps(message: SpeakRequest, chunks: Sequence[EncodedChunk]) -> JsonObject | None:
    """`timestampInfo` of a whole reply, in which no timestamp lies behind the audio's end."""
    alignment, visemes = None, None
    spans, audio_s = [span for chunk in chunks for span in chunk.spans], sum(chunk.duration_s for chunk in chunks)
    if message.timestamp_type is not None:
        aligner = TextAligner(message.text, message.timestamp_type)
        alignment = aligner.advance(spans)
        alignment.extend(aligner.finish())
    if message.lipsync_config is not None:
        lips = LipLine()
        visemes = lips.advance(spans) + lips.finish(audio_s)
    return _timestamp_info(alignment, visemes, audio_s)


def _payload(content: bytes, num_chars: int, settings: SpeechSettings) -> JsonObject:
    return {
        "audioContent": base64.b64encode(content).decode("ascii"),
        "usage": {"processedCharactersCount": num_chars, "modelId": settings.model_id},
    }


def _timestamp_info(
    alignment: Alignment | None, visemes: list[JsonObject] | None, max_s: float | None = None
) -> JsonObject | None:
    """None if nothing was asked for, or nothing is known. visemes: None: not asked for. max_s: no piece ends later."""
    info = alignment.to_wire(max_s) if alignment is not None else {}
    if visemes is not None:
        info["lipsyncAlignment"] = {"visemes": visemes}
    return info or None
