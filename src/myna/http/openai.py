"""What OpenAI's clients call (wire-contract.md#openai): speech as raw audio or as events, models and voices."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from myna.domain.errors import InvalidRequest, ResourceNotFound
from myna.domain.language import parse_lang_code
from myna.domain.speech import AudioEncoding, AudioFormat, EncodedChunk
from myna.domain.voice import VoiceId
from myna.http.auth import Caller, Reader, Speaker
from myna.http.backend import WithBackend
from myna.http.client_presence import while_client_waits
from myna.http.elevenlabs_replies import models_of
from myna.http.event_stream import EVENTS, event_lines
from myna.http.json_body import JsonBody
from myna.http.openai_names import SPEECH_MODELS, TRANSCRIPTION_MODELS, known_model
from myna.http.openai_request import CreateSpeechRequest
from myna.http.openapi import ERRORS, content_of
from myna.http.pulled_response import PulledResponse
from myna.http.reply import JsonReply
from myna.http.request_state import record_of
from myna.http.speech import raw_audio, speak_along
from myna.usecases.models import KNOWN_MODELS
from myna.usecases.speak_command import SpeakCommand, SpeechForm

_FORMATS: dict[str, tuple[AudioEncoding, str]] = {
    "mp3": (AudioEncoding.MP3, "audio/mpeg"),
    "opus": (AudioEncoding.OGG_OPUS, "audio/ogg"),
    "ogg": (AudioEncoding.OGG_OPUS, "audio/ogg"),  # what programs call it that send voice notes
    "flac": (AudioEncoding.FLAC, "audio/flac"),
    "wav": (AudioEncoding.WAV, "audio/wav"),
    "pcm": (AudioEncoding.PCM, "audio/pcm"),
}
_RATE_HZ = 24000
"""OpenAI's clients take `pcm` for 24 kHz, 16-bit, mono; the other formats say their rate themselves."""
_MODELS = (*SPEECH_MODELS, *TRANSCRIPTION_MODELS, *sorted(KNOWN_MODELS))
_MODELS_SINCE_S = 1767225600
"""2026-01-01: models have no birthday; a fixed one keeps listings stable."""

router = APIRouter(prefix="/v1", tags=["openai"], responses=ERRORS, default_response_class=JsonReply)

JsonObject = dict[str, object]


@router.get("/models", summary="List models (OpenAI's form; with `xi-api-key` ElevenLabs')", response_model=Any)
async def list_models(request: Request, _grant: Caller, backend: WithBackend) -> JsonReply:
    """Names of theirs and ours; behind all are the configured engine and the one recogniser."""
    if "xi-api-key" in request.headers:
        services = backend.services
        most = services.synthesize_speech.limits.max_elevenlabs_text_chars
        return JsonReply(models_of(services.engine.spec.capabilities.languages, most))
    return JsonReply({"object": "list", "data": [_model(name) for name in _MODELS]})


@router.get("/audio/models", summary="List models of speech (as OpenAI's clients ask)")
async def list_speech_models(_grant: Caller) -> JsonObject:
    """No path of OpenAI's, but front ends ask it beside that of voices."""
    return {"models": [{"id": name, "name": name} for name in (*SPEECH_MODELS, *sorted(KNOWN_MODELS))]}


@router.get("/models/{model}", summary="Show a model (OpenAI's form)")
async def get_model(model: str, _grant: Caller) -> JsonObject:
    """One of the list."""
    if model not in _MODELS:
        raise ResourceNotFound("There is no such model. GET /v1/models lists them.")
    return _model(model)


def _model(name: str) -> JsonObject:
    return {"id": name, "object": "model", "created": _MODELS_SINCE_S, "owned_by": "myna"}


@router.get("/audio/voices", summary="List voices (as OpenAI's clients ask)", response_model=JsonObject)
async def list_voices(grant: Reader, backend: WithBackend) -> JsonReply:
    """Ids and names: OpenAI's names first, then the stock voices and the workspace's own."""
    names = [(name, name) for name in backend.limits.openai_voices]
    names += await backend.services.manage_voices.names(grant.workspace)
    return await asyncio.to_thread(lambda: JsonReply({"voices": [{"id": each, "name": name} for each, name in names]}))


@router.post(
    "/audio/speech",
    summary="Speak a text (OpenAI's form)",
    responses=content_of({kind: kind for kind in (*(kind for _, kind in _FORMATS.values()), EVENTS)}),
)
async def create_speech(
    request: Request,
    grant: Speaker,
    message: Annotated[CreateSpeechRequest, Depends(JsonBody(CreateSpeechRequest))],
    backend: WithBackend,
) -> Response:
    """Raw audio or events with it, sent while it is spoken."""
    name = message.response_format.lower() or "mp3"
    if name not in _FORMATS:
        raise InvalidRequest(f"response_format is not supported. Use one of {', '.join(_FORMATS)}.")
    encoding, media_type = _FORMATS[name]
    if message.stream_format not in ("", "audio", "sse"):
        raise InvalidRequest("stream_format is not supported. Use audio or sse.")
    if not message.input.strip():
        raise InvalidRequest("input is required. Send the text to speak.")
    command = SpeakCommand(
        workspace=grant.workspace,
        voice_id=VoiceId(backend.limits.openai_voices.get(message.voice, message.voice)),
        text=message.input,
        model_id=known_model(message.model),
        audio_format=AudioFormat(encoding, _RATE_HZ),
        lang=parse_lang_code(message.language, "language"),
        speaking_rate=message.speed or 1.0,
        seed=message.seed,
        is_stream=True,
        form=SpeechForm.OPENAI,
    )
    record = record_of(request.scope)
    chunks = speak_along(backend, command, record)
    is_events = message.stream_format == "sse"
    pieces = event_lines(_iter_events(chunks, len(message.input)), record) if is_events else raw_audio(chunks)
    first = await while_client_waits(request.receive, anext(pieces))
    return PulledResponse(first, pieces, EVENTS if is_events else media_type, backend.limits.send_stall_s)


async def _iter_events(
    chunks: AsyncGenerator[EncodedChunk, None], num_chars: int
) -> AsyncGenerator[dict[str, Any], None]:
    """`speech.audio.delta` with each piece, then `speech.audio.done`."""
    async with aclosing(raw_audio(chunks)) as contents:
        async for content in contents:
            yield {"type": "speech.audio.delta", "audio": base64.b64encode(content).decode("ascii")}
    usage = {"input_tokens": num_chars, "output_tokens": 0, "total_tokens": num_chars}
    yield {"type": "speech.audio.done", "usage": usage}
