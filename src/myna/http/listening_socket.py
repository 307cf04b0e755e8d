"""The listening socket (wire-contract.md#listening): audio in as it is spoken, its words out."""

import asyncio
from typing import Any

from fastapi import APIRouter, WebSocket

from myna.domain.errors import InvalidRequest, MynaError
from myna.domain.language import LangCode, parse_lang_code
from myna.domain.scope import Scope
from myna.http.backend import Backend, WithBackend
from myna.http.errors import describe, describe_bug
from myna.http.proto_message import check_message
from myna.http.socket_schemas import GARBAGE_FRAME, JsonObject, find_command, socket_error_frame
from myna.http.socket_session import SocketGone, SocketSession, serve_socket
from myna.http.stt_replies import streamed_transcription
from myna.http.stt_request import AudioDataMessage, StreamConfigMessage
from myna.observability.request_record import RequestRecord
from myna.usecases.listen_live import LiveEvent, LiveListening, SpeechStarted, SpeechStopped, Turn

LISTENING_ROUTE = "/stt/v1/transcribe:streamBidirectional"
_MAX_WAITING = 8
"""Events that may wait for those before them to be told; with one more the socket is not read."""

router = APIRouter()


@router.websocket(LISTENING_ROUTE)
async def listen(websocket: WebSocket, backend: WithBackend) -> None:
    """One connection, one stream of audio."""
    await serve_socket(websocket, backend, LISTENING_ROUTE, _Session)


class _Session(SocketSession):
    """One connection. Audio is looked at as it arrives; what it holds is heard and told in order, beside that."""

    needs = Scope.LISTEN

    def __init__(self, websocket: WebSocket, record: RequestRecord, backend: Backend) -> None:
        super().__init__(websocket, record, backend)
        self._listen_live = backend.services.listen_live
        self._config = StreamConfigMessage()
        self._lang: LangCode | None = None
        self._listening: LiveListening | None = None
        self._events: asyncio.Queue[LiveEvent | None] = asyncio.Queue(_MAX_WAITING)
        self._telling: asyncio.Task[None] | None = None
        self._is_hearing = False

    async def leave(self) -> None:
        """Hear nothing further."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    @property
    def _is_busy(self) -> bool:
        return self._is_hearing or not self._events.empty()

    async def _obey(self, frame: dict[str, Any]) -> None:
        fields = await self._parse(frame)
        if fields is None:
            await self._outlet.send(GARBAGE_FRAME)
            return
        try:
            config = find_command(fields, "transcribe_config")
            if self._listening is None:
                self._listening = self._open(config)
                self._telling = asyncio.create_task(self._tell_all())
            elif config is not None:
                raise InvalidRequest("The stream is configured already. Open another one.")
            await self._obey_commands(self._listening, fields)
        except MynaError as exc:
            if self._listening is None:
                await self.end_with(describe(exc))
            else:
                await self._outlet.send(socket_error_frame(describe(exc)))

    def _open(self, fields: JsonObject | None) -> LiveListening:
        """Raises: InvalidRequest, LanguageUnsupported."""
        if fields is None:
            raise InvalidRequest("invalid transcribe config: transcribe_config is required")
        self._config = check_message(fields, StreamConfigMessage)
        self._config.check_stream()
        self._lang = parse_lang_code(self._config.asked_language, "language")
        self._record.model = self._config.model_id
        config = self._config
        return self._listen_live.open(config.rate_hz, config.number_of_channels or 1, config.silence_s)

    async def _obey_commands(self, listening: LiveListening, fields: JsonObject) -> None:
        """In this order, should a frame hold several. Raises: InvalidRequest, Overloaded, SocketGone."""
        audio = find_command(fields, "audio_chunk")
        if audio is not None:
            for event in await listening.push(check_message(audio, AudioDataMessage).content):
                await self._put(event)
            if 0 < self._config.inactivity_timeout_seconds <= listening.quiet_s:
                await self._close(listening)
                return
        if find_command(fields, "end_turn") is not None:
            for event in listening.end_turn():
                await self._put(event)
        if find_command(fields, "close_stream") is not None:
            await self._close(listening)

    async def _put(self, event: LiveEvent | None) -> None:
        """Partial results only when nothing else is to be told: they are worth nothing later."""
        if self._is_over:
            raise SocketGone
        if not isinstance(event, Turn) or event.is_final or not self._is_busy:
            await self._events.put(event)

    async def _close(self, listening: LiveListening) -> None:
        if listening.is_in_turn:
            for event in listening.end_turn():
                await self._put(event)
        await self._put(None)
        assert self._telling is not None
        await self._telling
        usage = {"transcribedAudioMs": round(listening.duration_s * 1000), "modelId": self._config.model_id}
        await self._outlet.send({"result": {"usage": usage}})
        await self._outlet.close()
        self._is_over = True

    async def _tell_all(self) -> None:
        try:
            while (event := await self._events.get()) is not None:
                self._is_hearing = True
                await self._tell(event)
                self._is_hearing = False
        except SocketGone:
            self._is_over = True
        except Exception as exc:  # noqa: BLE001  (the edge's last resort, for sockets: logged once, told as an id)
            failure, self._record.error_id = describe_bug(exc)
            await self.end_with(failure)
        finally:
            while not self._events.empty():
                # Whoever waits for room finds that it is over.
                self._events.get_nowait()

    async def _tell(self, event: LiveEvent) -> None:
        match event:
            case SpeechStarted(start_s, confidence):
                started = {"startTimeMs": round(start_s * 1000), "confidence": round(confidence, 2)}
                result: JsonObject = {"speechStarted": started}
            case SpeechStopped(silence_s):
                result = {"speechStopped": {"silenceDurationMs": round(silence_s * 1000)}}
            case Turn():
                try:
                    heard = await self._listen_live.hear(event, self._lang, self._config.prompt)
                except MynaError as exc:
                    await self._outlet.send(socket_error_frame(describe(exc)))
                    return
                if heard is None and not event.is_final:
                    return
                is_strict = self._limits.strict_replies
                result = {"transcription": streamed_transcription(heard, event, self._config, is_strict=is_strict)}
        await self._outlet.send({"result": result})
