"""From encoded chunks to the objects that carry them: the stream's lines and the socket's `audioChunk` are alike."""

import base64
from collections.abc import Iterator

from myna.domain.speech import EncodedChunk, TimedSpan
from myna.http.alignment import Alignment, TextAligner
from myna.http.speech_schemas import SpeechSettings, TimestampTransport

JsonObject = dict[str, object]


def usage_of(num_chars: int, model_id: str) -> JsonObject:
    return {"processedCharactersCount": num_chars, "modelId": model_id}


class SpeechPayloads:
    """Makes `{"audioContent", "usage", "timestampInfo"}` of each chunk, with the text's timestamps if asked for."""

    def __init__(self, text: str, settings: SpeechSettings) -> None:
        self._model_id = settings.model_id
        self._is_async = settings.timestamp_transport_strategy is TimestampTransport.ASYNC
        self._has_lipsync = settings.lipsync_config is not None
        self._num_chars = len(text)
        self._aligner = TextAligner(text, settings.timestamp_type) if settings.timestamp_type is not None else None
        self._waiting: list[TimedSpan] = []
        """Spans whose audio is still in the encoder."""
        self._is_first = True

    def of_chunk(self, chunk: EncodedChunk) -> Iterator[JsonObject]:
        """None, one, or an audio object and one with its timestamps (ASYNC)."""
        if self._aligner is not None:
            self._waiting.extend(chunk.spans)
        if not chunk.content:
            return
        alignment = self._align()
        if self._is_async:
            yield self._payload(chunk.content, None)
            if alignment is not None:
                yield self._payload(b"", alignment)
            return
        yield self._payload(chunk.content, alignment)

    def of_rest(self) -> Iterator[JsonObject]:
        """After the last chunk: timestamps that came with no audio of their own."""
        if self._aligner is None:
            return
        for alignment in (self._align(), self._aligner.finish()):
            if alignment is not None and alignment.pieces:
                yield self._payload(b"", alignment)

    def _align(self) -> Alignment | None:
        if self._aligner is None or not self._waiting:
            return None
        alignment = self._aligner.advance(self._waiting)
        self._waiting.clear()
        return alignment if alignment.pieces else None

    def _payload(self, content: bytes, alignment: Alignment | None) -> JsonObject:
        num_chars = self._num_chars if self._is_first else 0
        self._is_first = False
        payload: JsonObject = {
            "audioContent": base64.b64encode(content).decode("ascii"),
            "usage": usage_of(num_chars, self._model_id),
        }
        info = timestamp_info(alignment, has_lipsync=self._has_lipsync)
        if info is not None or self._aligner is None:
            payload["timestampInfo"] = info  # null as captured; Pipecat, which asks for times, fails on it
        return payload


def timestamp_info(alignment: Alignment | None, *, has_lipsync: bool, max_s: float | None = None) -> JsonObject | None:
    """None if nothing was asked for, or nothing is known. max_s: nothing ends later than this."""
    info = alignment.to_wire(max_s) if alignment is not None else {}
    if has_lipsync:
        info["lipsyncAlignment"] = {"visemes": []}
    return info or None
