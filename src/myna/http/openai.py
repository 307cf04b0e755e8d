"""`POST /v1/audio/speech` as OpenAI's clients call it (wire-contract.md#openai): raw audio, streamed."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from myna.domain.errors import InvalidRequest
from myna.domain.language import parse_lang_code
from myna.domain.speech import AudioEncoding, AudioFormat, EncodedChunk
from myna.domain.voice import VoiceId
from myna.http.auth import Reader
from myna.http.backend import WithBackend
from myna.http.client_presence import while_client_waits
from myna.http.json_body import JsonBody
from myna.http.openai_request import CreateSpeechRequest
from myna.http.openapi import ERRORS, body_of, content_of
from myna.http.pulled_response import PulledResponse
from myna.http.request_state import record_of
from myna.http.speech import speak_along
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

router = APIRouter(prefix="/v1", tags=["openai"], responses=ERRORS)


@router.post(
    "/audio/speech",
    summary="Speak a text (OpenAI's form)",
    openapi_extra=body_of(CreateSpeechRequest),
    responses=content_of({kind: kind for _, kind in _FORMATS.values()}),
)
async def create_speech(
    request: Request,
    grant: Reader,
    message: Annotated[CreateSpeechRequest, Depends(JsonBody(CreateSpeechRequest))],
    backend: WithBackend,
) -> Response:
    """Raw audio, sent while it is spoken."""
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
    pieces = _iter_content(speak_along(backend, command, record_of(request.scope)))
    first = await while_client_waits(request.receive, anext(pieces))
    return PulledResponse(first, pieces, media_type, backend.limits.send_stall_s)


async def _iter_content(chunks: AsyncGenerator[EncodedChunk, None]) -> AsyncGenerator[bytes, None]:
    """The audio alone. A failure in the middle cuts the connection: raw audio has no place for an error."""
    try:
        async for chunk in chunks:
            if chunk.content:
                yield chunk.content
    finally:
        await chunks.aclose()
