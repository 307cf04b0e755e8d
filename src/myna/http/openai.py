"""`POST /v1/audio/speech` as OpenAI's clients call it (contract 12): raw audio, streamed."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BeforeValidator, ConfigDict, Field

from myna.domain.errors import InvalidRequest
from myna.domain.language import parse_lang_code
from myna.domain.speech import AudioEncoding, AudioFormat, EncodedChunk
from myna.domain.voice import VoiceId
from myna.http.auth import Doorkeeper
from myna.http.client_presence import while_client_waits
from myna.http.limits import HttpLimits
from myna.http.openapi import ERRORS, body_of, content_of
from myna.http.proto_json import BodiesInFlight, Float, Int, ProtoMessage, Text, read_message
from myna.http.pulled_response import PulledResponse
from myna.http.request_state import record_of
from myna.http.speech import speak_along
from myna.http.speech_schemas import ModelId
from myna.usecases.models import DEFAULT_MODEL
from myna.usecases.services import Services
from myna.usecases.speak_command import MAX_SPEAKING_RATE, MIN_SPEAKING_RATE, SpeakCommand

_FORMATS: dict[str, tuple[AudioEncoding, str]] = {
    "mp3": (AudioEncoding.MP3, "audio/mpeg"),
    "opus": (AudioEncoding.OGG_OPUS, "audio/ogg"),
    "flac": (AudioEncoding.FLAC, "audio/flac"),
    "wav": (AudioEncoding.WAV, "audio/wav"),
    "pcm": (AudioEncoding.PCM, "audio/pcm"),
}
_RATE_HZ = 24000
"""OpenAI's clients take `pcm` for 24 kHz, 16-bit, mono; the other formats say their rate themselves."""


def _voice_name(value: object) -> object:
    """Newer clients send `{"id": ...}`."""
    return value.get("id", "") if isinstance(value, dict) else value


class CreateSpeechRequest(ProtoMessage):
    """OpenAI's fields; `voice` is one of ours."""

    model_config = ConfigDict(
        json_schema_extra={
            "required": ["model", "input", "voice"],
            "example": {"model": "inworld-tts-1.5-max", "input": "Hello, world!", "voice": "Dennis"},
        }
    )

    model: ModelId = DEFAULT_MODEL
    input: Text = ""
    voice: Annotated[Text, BeforeValidator(_voice_name)] = ""
    response_format: Annotated[Text, Field(description="mp3, opus, flac, wav or pcm (24 kHz).")] = ""
    speed: Annotated[Float, Field(description="0.5 to 1.5.")] = 0.0
    stream_format: Annotated[Text, Field(description="Only audio.")] = ""
    instructions: Annotated[Text, Field(description="Taken, without effect.")] = ""
    language: Annotated[Text, Field(description="Extra: BCP-47; absent: heard from the text.")] = ""
    seed: Annotated[Int, Field(description="Extra: same seed, same speech.")] = 0


@dataclass(frozen=True, slots=True)
class OpenAiEndpoints:
    services: Services
    limits: HttpLimits
    doorkeeper: Doorkeeper
    bodies: BodiesInFlight

    def router(self) -> APIRouter:
        router = APIRouter(tags=["openai"])
        responses: dict[int | str, dict[str, Any]] = {
            **ERRORS,
            **content_of({kind: kind for _, kind in _FORMATS.values()}),
        }
        router.add_api_route(
            "/v1/audio/speech",
            self.create_speech,
            methods=["POST"],
            summary="Speak a text (OpenAI's form)",
            openapi_extra=body_of(CreateSpeechRequest),
            responses=responses,
        )
        return router

    async def create_speech(self, request: Request) -> Response:
        """Raw audio, sent while it is spoken."""
        grant = await self.doorkeeper.admit(request)
        message = await read_message(request, CreateSpeechRequest, self.limits, self.bodies)
        name = message.response_format or "mp3"
        if name not in _FORMATS:
            raise InvalidRequest(f"response_format is not supported. Use one of {', '.join(_FORMATS)}.")
        encoding, media_type = _FORMATS[name]
        if message.stream_format not in ("", "audio"):
            raise InvalidRequest("stream_format is not supported. Use audio.")
        speed = message.speed or 1.0
        if not MIN_SPEAKING_RATE <= speed <= MAX_SPEAKING_RATE:
            raise InvalidRequest(f"speed is out of range. Use {MIN_SPEAKING_RATE:g} to {MAX_SPEAKING_RATE:g}.")
        if not message.input.strip():
            raise InvalidRequest("input is required. Send the text to speak.")
        command = SpeakCommand(
            workspace=grant.workspace,
            voice_id=VoiceId(message.voice),
            text=message.input,
            model_id=message.model,
            audio_format=AudioFormat(encoding, _RATE_HZ),
            lang=parse_lang_code(message.language, "language"),
            speaking_rate=speed,
            seed=message.seed,
            is_stream=True,
        )
        pieces = _iter_content(speak_along(self.services, command, record_of(request.scope)))
        first = await while_client_waits(request.receive, anext(pieces))
        return PulledResponse(first, pieces, media_type, self.limits.send_stall_s)


async def _iter_content(chunks: AsyncGenerator[EncodedChunk, None]) -> AsyncGenerator[bytes, None]:
    """The audio alone. A failure in the middle cuts the connection: raw audio has no place for an error."""
    try:
        async for chunk in chunks:
            if chunk.content:
                yield chunk.content
    finally:
        await chunks.aclose()
