"""The listening socket (wire-contract.md#listening): audio in as it is spoken, its words out."""

from fastapi import APIRouter, WebSocket

from myna.domain.errors import InvalidRequest
from myna.domain.language import parse_lang_code
from myna.http.backend import Backend, WithBackend
from myna.http.errors import Failure
from myna.http.listening_session import ListeningSession
from myna.http.proto_message import check_message
from myna.http.reply import JsonObject
from myna.http.socket_schemas import find_command
from myna.http.socket_session import serve_socket
from myna.http.stt_replies import streamed_transcription
from myna.http.stt_request import AudioDataMessage, StreamConfigMessage
from myna.observability.request_record import RequestRecord
from myna.usecases.listen_live import LiveEvent, LiveListening, SpeechStarted, SpeechStopped, Turn

LISTENING_ROUTE = "/stt/v1/transcribe:streamBidirectional"
router = APIRouter()


@router.websocket(LISTENING_ROUTE)
async def listen(websocket: WebSocket, backend: WithBackend) -> None:
    """One connection, one stream of audio."""
    await serve_socket(websocket, backend, LISTENING_ROUTE, _Session)


class _Session(ListeningSession):
    """What Inworld's clients say and are told."""

    def __init__(self, websocket: WebSocket, record: RequestRecord, backend: Backend) -> None:
        super().__init__(websocket, record, backend)
        self._config = StreamConfigMessage()

    async def _obey(self, fields: JsonObject) -> None:
        config = find_command(fields, "transcribe_config")
        if self._listening is not None and config is not None:
            raise InvalidRequest("The stream is configured already. Open another one.")
        await self._obey_commands(self._listening or self._open(config), fields)

    async def _fail(self, failure: Failure) -> None:
        await (self.end_with(failure) if self._listening is None else super()._fail(failure))

    def _open(self, fields: JsonObject | None) -> LiveListening:
        """Raises: InvalidRequest, LanguageUnsupported."""
        if fields is None:
            raise InvalidRequest("invalid transcribe config: transcribe_config is required")
        self._config = config = check_message(fields, StreamConfigMessage)
        config.check_stream()
        self._lang = parse_lang_code(config.asked_language, "language")
        self._record.model = config.model_id
        return self._listen(config.rate_hz, config.number_of_channels or 1, config.silence_s)

    async def _obey_commands(self, listening: LiveListening, fields: JsonObject) -> None:
        """In this order, should a frame hold several. Raises: InvalidRequest, Overloaded, SocketGone."""
        audio = find_command(fields, "audio_chunk")
        if audio is not None:
            await self._put(await listening.push(check_message(audio, AudioDataMessage).content))
            if 0 < self._config.inactivity_timeout_seconds <= listening.quiet_s:
                await self._close(listening)
                return
        if find_command(fields, "end_turn") is not None:
            await self._put(listening.end_turn())
        if find_command(fields, "close_stream") is not None:
            await self._close(listening)

    async def _close(self, listening: LiveListening) -> None:
        if listening.is_in_turn:
            await self._put(listening.end_turn())
        await self._tell_rest()
        usage = {"transcribedAudioMs": round(listening.duration_s * 1000), "modelId": self._config.model_id}
        await self._outlet.send({"result": {"usage": usage}})
        await self._outlet.close()
        self._is_over = True

    async def _tell(self, event: LiveEvent) -> None:
        match event:
            case SpeechStarted(start_s, confidence):
                started = {"startTimeMs": round(start_s * 1000), "confidence": round(confidence, 2)}
                result: JsonObject = {"speechStarted": started}
            case SpeechStopped(silence_s):
                result = {"speechStopped": {"silenceDurationMs": round(silence_s * 1000)}}
            case Turn():
                heard = await self._listen_live.hear(event, self._lang, self._config.prompt)
                if heard is None and not event.is_final:
                    return
                is_strict = self._limits.strict_replies
                result = {"transcription": streamed_transcription(heard, event, self._config, is_strict=is_strict)}
        await self._outlet.send({"result": result})
