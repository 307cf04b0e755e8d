"""Scribe, as ElevenLabs' clients call it (elevenlabs.md#transcription): a recording, or a socket, to words."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Annotated

from babel.core import get_global
from fastapi import APIRouter, Depends, WebSocket
from pydantic import Field

from myna.domain.errors import InvalidRequest, ModelUnsupported, MynaError
from myna.domain.language import LangCode, parse_lang_code
from myna.domain.transcript import HeardWord
from myna.http.auth import Listener
from myna.http.backend import WithBackend
from myna.http.elevenlabs_session import ElevenLabsSession
from myna.http.errors import Failure, describe, elevenlabs_status
from myna.http.listening_session import ListeningSession
from myna.http.openapi import ELEVENLABS_ERRORS
from myna.http.proto_message import (
    Base64Bytes,
    Flag,
    Float,
    ProtoMessage,
    ProtoQuery,
    RecordingForm,
    Text,
    check_message,
)
from myna.http.reply import JsonObject, JsonReply
from myna.http.request_body import FormBody
from myna.http.socket_session import serve_socket
from myna.http.transcriptions import transcribe_along
from myna.usecases.listen_live import LiveEvent, Turn
from myna.usecases.transcribe_speech import MAX_PROMPT_CHARS, check_prompt

_ROUTE = "/v1/speech-to-text"
_SOCKET_ROUTE = "/v1/speech-to-text/realtime"
_MODEL = re.compile(r"scribe_[a-z0-9_]{1,32}")
"""All are the recogniser aboard."""
_PCM = "pcm_"
_RATES_HZ = (8000, 16000, 22050, 24000, 44100, 48000)
_MIN_SILENCE_S, _MAX_SILENCE_S = 0.5, 3.0
"""ElevenLabs' begin at 0.3 s: nothing aboard knows so early that a turn is over (wire-contract.md#listening)."""
_ERROR_TYPES = {401: "auth_error", 403: "auth_error", 429: "rate_limited"}
_LEAST_CONFIDENCE = 1e-4

router = APIRouter(tags=["elevenlabs"], responses=ELEVENLABS_ERRORS, default_response_class=JsonReply)


class _SpeechToTextRequest(RecordingForm):
    """A recording; further fields of ElevenLabs' are taken without effect."""

    without_effect = frozenset({"tag_audio_events", "num_speakers", "diarize", "temperature", "seed", "no_verbatim"})

    model_id: Annotated[Text, Field(description="scribe_v1 or another of ElevenLabs'.")] = ""
    language_code: Annotated[Text, Field(description="ISO 639-1, ISO 639-3 or BCP-47; absent: heard.")] = ""
    file_format: Annotated[Text, Field(description="Recognised from the bytes; pcm_s16le_16 is refused.")] = ""
    cloud_storage_url: Text = ""
    source_url: Text = ""
    keyterms: Annotated[list[Text], Field(description="Names and words that may be said.")] = []  # noqa: RUF012

    def check(self) -> None:
        """Raises: InvalidRequest, ModelUnsupported."""
        _check_model(self.model_id)
        if self.cloud_storage_url or self.source_url:
            raise InvalidRequest("This server fetches nothing. Send the recording itself, as file.")
        self.check_file()
        if self.file_format.startswith(_PCM):
            raise InvalidRequest("file_format: samples without a header are not read. Send them as WAV.")
        check_prompt(", ".join(self.keyterms), "keyterms")


@router.post(_ROUTE, summary="Write down what is said (ElevenLabs' form)", response_model=JsonObject)
async def speech_to_text(
    asker: Listener, message: Annotated[_SpeechToTextRequest, Depends(FormBody(_SpeechToTextRequest, ("keyterms",)))]
) -> JsonReply:
    """The words of a recording, each with its times."""
    message.check()
    lang = _read_lang(message.language_code)
    transcript = await transcribe_along(asker, message.file, lang, message.model_id, ", ".join(message.keyterms))
    return JsonReply(
        {
            "language_code": transcript.lang.iso639 if transcript.lang is not None else "",
            "language_probability": 1.0,
            "text": transcript.text,
            "words": list(_words(transcript.words)),
            "audio_duration_secs": round(transcript.duration_s, 3),
        }
    )


@router.websocket(_SOCKET_ROUTE)
async def listen(websocket: WebSocket, backend: WithBackend) -> None:
    """One connection, one stream of audio."""
    await serve_socket(websocket, backend, _SOCKET_ROUTE, _Session)


class _RealtimeQuery(ProtoQuery):
    """How to listen, for the whole connection. Others that clients send have no effect."""

    model_id: str = ""
    audio_format: str = "pcm_16000"
    commit_strategy: str = "manual"
    language_code: str = ""
    include_timestamps: bool = False
    vad_silence_threshold_secs: Annotated[Float, Field(ge=0)] = 1.5
    token: str = ""

    @property
    def silence_s(self) -> float:
        """As `ListenLive.open` has it."""
        is_told = self.commit_strategy == "manual"
        return math.inf if is_told else min(max(self.vad_silence_threshold_secs, _MIN_SILENCE_S), _MAX_SILENCE_S)

    def check(self) -> int:
        """Samples a second. Raises: InvalidRequest, ModelUnsupported."""
        _check_model(self.model_id)
        rate = self.audio_format.removeprefix(_PCM)
        if self.audio_format not in (f"{_PCM}{rate_hz}" for rate_hz in _RATES_HZ):
            raise InvalidRequest(
                f"audio_format must be {_PCM}16000 or another of {_PCM}{', '.join(map(str, _RATES_HZ))}."
            )
        if self.commit_strategy not in ("manual", "vad"):
            raise InvalidRequest("commit_strategy must be manual or vad.")
        return int(rate)


class _AudioFrame(ProtoMessage):
    audio_base_64: Base64Bytes = b""
    commit: Flag = False
    previous_text: Text | None = None


class _Session(ElevenLabsSession, ListeningSession):
    """What ElevenLabs' clients say and are told."""

    _query = _RealtimeQuery()
    _prompt = ""

    async def _greet(self) -> None:
        """Clients send audio when the session is said to have begun. The key is in the upgrade."""
        try:
            self._query = query = check_message(dict(self._websocket.query_params), _RealtimeQuery)
            self._key = query.token or self._key
            if not await self._is_admitted({}):
                return
            rate_hz = query.check()
            self._lang = _read_lang(query.language_code)
        except MynaError as exc:
            await self.end_with(describe(exc))
            return
        self._record.model = query.model_id
        self._listen(rate_hz, 1, query.silence_s)
        config = {**query.model_dump(by_alias=False, exclude={"token"}), "sample_rate": rate_hz}
        started = {"message_type": "session_started", "session_id": self._record.request_id, "config": config}
        await self._outlet.send(started)

    async def _obey(self, fields: JsonObject) -> None:
        listening = self._listening
        assert listening is not None
        message = check_message(fields, _AudioFrame)
        self._prompt = (message.previous_text or self._prompt)[-MAX_PROMPT_CHARS:]
        await self._put(await listening.push(message.audio_base_64))
        if message.commit:
            await self._put(listening.end_turn())

    def _error_frame(self, failure: Failure) -> JsonObject:
        kind = "transcriber_error" if failure.status >= 500 else _ERROR_TYPES.get(failure.status, "input_error")
        if elevenlabs_status(failure) == "quota_exceeded":
            kind = "quota_exceeded"
        return {"message_type": kind, "error": failure.message}

    async def _tell(self, event: LiveEvent) -> None:
        if not isinstance(event, Turn):
            return
        heard = await self._listen_live.hear(event, self._lang, self._prompt)
        text = heard.text if heard is not None else ""
        if not event.is_final:
            if text:
                await self._outlet.send({"message_type": "partial_transcript", "text": text})
            return
        await self._outlet.send({"message_type": "committed_transcript", "text": text})
        if self._query.include_timestamps:
            words = list(_words(heard.words)) if heard is not None else []
            timed = {"text": text, "language_code": heard.lang.iso639 if heard is not None else None, "words": words}
            await self._outlet.send({"message_type": "committed_transcript_with_timestamps", **timed})


def _check_model(name: str) -> None:
    """Raises: ModelUnsupported."""
    if name and not _MODEL.fullmatch(name):
        raise ModelUnsupported(f"model_id: {name[:64]} is not supported. Use scribe_v1.")


def _read_lang(code: str) -> LangCode | None:
    """Also in three letters. Raises: LanguageUnsupported."""
    return parse_lang_code(get_global("language_aliases").get(code.lower(), code), "language_code")


def _words(words: Sequence[HeardWord]) -> Iterator[JsonObject]:
    """With the spaces between them, which count as words there."""
    end_s = 0.0
    for index, word in enumerate(words):
        if index and word.text[:1].isspace():
            yield {"text": " ", "start": end_s, "end": word.start_s, "type": "spacing", "logprob": 0.0}
        log_prob = round(math.log(max(word.confidence, _LEAST_CONFIDENCE)), 4)
        yield {"text": word.text.strip(), "start": word.start_s, "end": word.end_s, "type": "word", "logprob": log_prob}
        end_s = word.end_s
