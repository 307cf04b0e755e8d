"""ElevenLabs' sockets (elevenlabs.md#sockets): text in as it is written, its speech out, in one context or several."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, WebSocket
from pydantic import Field

from myna.domain.errors import ModelUnsupported, Overloaded
from myna.domain.speech import TimestampKind
from myna.domain.voice import check_voice_id
from myna.http.backend import Backend, WithBackend
from myna.http.context_session import ContextSession
from myna.http.elevenlabs_replies import alignment_of
from myna.http.elevenlabs_request import OutputQuery, VoiceSettingsMessage, model_of
from myna.http.elevenlabs_session import ElevenLabsSession
from myna.http.errors import Failure, elevenlabs_status
from myna.http.proto_message import Flag, ProtoMessage, Text, check_message
from myna.http.reply import JsonObject
from myna.http.socket_context import SocketContext
from myna.http.socket_schemas import MAX_CONTEXT_ID_CHARS, AutoModeStrategy, CreateContext
from myna.http.socket_session import serve_socket
from myna.http.speech_requests import AudioConfigMessage, Normalization
from myna.observability.request_record import RequestRecord
from myna.text.sentence_end import ends_sentence
from myna.usecases.models import KNOWN_MODELS
from myna.usecases.speak_command import check_length

_ROUTE = "/v1/text-to-speech/{voice_id}/stream-input"
_MULTI_ROUTE = "/v1/text-to-speech/{voice_id}/multi-stream-input"
_KEY_FIELDS = ("xi_api_key", "xi-api-key", "authorization")
_FINAL: JsonObject = {"audio": None, "isFinal": True}
_MODEL = "inworld-tts-2"
"""One for which text may be cut at the ends of sentences (wire-contract.md#buffering)."""
_CLAUSE_ENDS = (":", ";")
"""With `auto_mode` text is spoken at these as at the ends of sentences."""

router = APIRouter()


@router.websocket(_ROUTE)
async def stream_input(websocket: WebSocket, voice_id: Annotated[str, Path()], backend: WithBackend) -> None:
    """One context; an empty text ends it and the connection."""
    await serve_socket(websocket, backend, _ROUTE, partial(_Session, voice_id=voice_id, is_multi=False))


@router.websocket(_MULTI_ROUTE)
async def multi_stream_input(websocket: WebSocket, voice_id: Annotated[str, Path()], backend: WithBackend) -> None:
    """A context for each `context_id`."""
    await serve_socket(websocket, backend, _MULTI_ROUTE, partial(_Session, voice_id=voice_id, is_multi=True))


class _SocketQuery(OutputQuery):
    """How to speak, for the whole connection. Others that clients send have no effect."""

    model_id: str = ""
    language_code: str = ""
    apply_text_normalization: str = "auto"
    auto_mode: bool = False


class _TextFrame(ProtoMessage):
    """All that a client says, in one frame or another."""

    text: Text | None = None
    context_id: Annotated[Text, Field(max_length=MAX_CONTEXT_ID_CHARS)] = ""
    voice_settings: VoiceSettingsMessage = VoiceSettingsMessage()
    flush: Flag = False
    close_context: Flag = False
    close_socket: Flag = False


class _Session(ElevenLabsSession, ContextSession):
    """One connection, one voice. Contexts are those of our own socket; what they say is told in ElevenLabs' words."""

    def __init__(
        self, websocket: WebSocket, record: RequestRecord, backend: Backend, *, voice_id: str, is_multi: bool
    ) -> None:
        super().__init__(websocket, record, backend)
        self._voice_id = voice_id
        self._is_multi = is_multi
        self._aligned_s: dict[str, float] = {}
        """Where the times end that were told last, of each context's utterance."""
        self._auto_mode = False
        self._settings: CreateContext | None = None

    def _error_frame(self, failure: Failure) -> JsonObject:
        return {"message": failure.message, "error": elevenlabs_status(failure), "code": self.refusal_code}

    async def _is_admitted(self, frame: dict[str, Any]) -> bool:
        """The key may be in the first frame."""
        if not self._key and not self._is_known:
            fields = await self._parse(frame) or {}
            said = next((fields[name] for name in _KEY_FIELDS if fields.get(name)), "")
            self._key = said.removeprefix("Bearer ") if isinstance(said, str) else ""
        return await super()._is_admitted(frame)

    async def _obey(self, fields: JsonObject) -> None:
        message = check_message(fields, _TextFrame)
        if self._settings is None:
            self._settings = await self._open()
        await self._follow(message, self._settings)

    async def _fail(self, failure: Failure) -> None:
        await self.end_with(failure)

    async def _open(self) -> CreateContext:
        """Raises: what would be refused when a text came."""
        check_voice_id(self._voice_id)
        query = check_message(dict(self._websocket.query_params), _SocketQuery)
        self._auto_mode = query.auto_mode
        if model_of(query.model_id) not in KNOWN_MODELS:
            raise ModelUnsupported(f"model_id: {query.model_id[:64]} is not supported.")
        audio = query.to_format()
        settings = CreateContext(
            voice_id=self._voice_id,
            model_id=_MODEL,
            audio_config=AudioConfigMessage(
                audio_encoding=audio.encoding, sample_rate_hertz=audio.sample_rate_hz, bit_rate=audio.bit_rate_bps
            ),
            language=query.language_code,
            apply_text_normalization=Normalization.OFF if query.apply_text_normalization == "off" else None,
            timestamp_type=TimestampKind.CHARACTER,
            auto_mode=True,
            auto_mode_strategy=AutoModeStrategy.SENTENCE_BOUNDARY,
        )
        await self._check(settings)
        return settings

    async def _follow(self, message: _TextFrame, settings: CreateContext) -> None:
        """Raises: InvalidRequest, TextTooLong, Overloaded."""
        context_id = message.context_id if self._is_multi else ""
        context = self._contexts.get(context_id)
        if message.close_socket:
            for open_context in list(self._contexts.values()):
                open_context.cancel()
            await self._end()
            return
        text = message.text or ""
        if context is None and text:
            context = self._create(context_id, settings, message.voice_settings.speed)
        is_end = not self._is_multi and message.text == ""
        if context is None and is_end:
            await self._outlet.send(_FINAL)
            await self._end()
        elif context is not None and not context.is_closing:
            check_length(text, self._limits.max_socket_text_chars)
            context.add_text(text)
            is_phrase = ends_sentence(text) or text.rstrip().endswith(_CLAUSE_ENDS)
            if message.flush or (self._auto_mode and is_phrase):
                context.flush()
            if message.close_context or is_end:
                context.close()

    def _create(self, context_id: str, settings: CreateContext, speed: float) -> SocketContext:
        most = self._limits.max_contexts
        if len(self._contexts) >= most:
            raise Overloaded(f"There are {most} contexts on this connection already. Close one of them.")
        audio = settings.audio_config.model_copy(update={"speaking_rate": speed})
        settings = settings.model_copy(update={"audio_config": audio})
        self._backend.services.synthesize_speech.check(settings.to_command(self._grant.workspace))
        return self._open_context(context_id, settings, self._tell)

    async def _tell(self, frame: JsonObject) -> None:
        """What a context of our own socket says. Raises: SocketGone."""
        result = frame["result"]
        context_id = result["contextId"]
        named = {"contextId": context_id} if self._is_multi else {}
        if (payload := result.get("audioChunk")) is not None:
            alignment, self._aligned_s[context_id] = alignment_of(payload, self._aligned_s.get(context_id, 0.0))
            times = {"alignment": alignment, "normalizedAlignment": alignment}
            await self._outlet.send({"audio": payload["audioContent"], "isFinal": None, **times, **named})
            return
        self._aligned_s.pop(context_id, None)  # an utterance is over, one way or another
        if "contextClosed" in result:
            await self._outlet.send({**_FINAL, **named})
            if not self._is_multi:
                await self._end()
        elif "flushCompleted" not in result:
            told = {"message": result["status"]["message"], "error": "failed", "code": self.refusal_code}
            await self._outlet.send({**told, **named})
            if not self._is_multi:
                await self._end(self.refusal_code, "failed")

    async def _end(self, code: int = 1000, reason: str = "") -> None:
        self._is_over = True
        await self._outlet.close(code, reason)
