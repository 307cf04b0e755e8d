"""What OpenAI's clients call (wire-contract.md#openai): speech as raw audio or as events, models and voices."""

import asyncio
import base64
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BeforeValidator, Field

from myna.domain.errors import InvalidRequest, ResourceNotFound
from myna.domain.language import parse_lang_code
from myna.domain.speech import AudioEncoding, AudioFormat, EncodedChunk
from myna.domain.voice import VoiceId, WorkspaceId
from myna.http.auth import Caller, Reader, Speaker
from myna.http.elevenlabs_replies import models_of
from myna.http.lines import EVENTS, event_lines
from myna.http.openai_names import SPEECH_MODELS, TRANSCRIPTION_MODELS, known_model
from myna.http.openapi import ERRORS, content_of
from myna.http.proto_message import Float, Int, ProtoMessage, Text
from myna.http.reply import JsonObject, JsonReply
from myna.http.request_body import JsonBody
from myna.http.speech import MEDIA_TYPES, raw_audio, speak_along
from myna.http.speech_requests import ModelId
from myna.usecases.models import DEFAULT_MODEL, KNOWN_MODELS
from myna.usecases.speak_command import SpeakCommand, SpeechForm

_MODELS = (*SPEECH_MODELS, *TRANSCRIPTION_MODELS, *sorted(KNOWN_MODELS))
_MODELS_SINCE_S = 1767225600
"""2026-01-01: models have no birthday; a fixed one keeps listings stable."""

_FORMATS = {
    "mp3": AudioEncoding.MP3,
    "opus": AudioEncoding.OGG_OPUS,
    "ogg": AudioEncoding.OGG_OPUS,  # what programs call it that send voice notes
    "flac": AudioEncoding.FLAC,
    "wav": AudioEncoding.WAV,
    "pcm": AudioEncoding.PCM,
}
_RATE_HZ = 24000
"""OpenAI's clients take `pcm` for 24 kHz, 16-bit, mono; the other formats say their rate themselves."""


class CreateSpeechRequest(ProtoMessage):
    """OpenAI's fields; `model` and `voice` are OpenAI's names or ours."""

    without_effect = frozenset({"instructions"})

    model: ModelId = DEFAULT_MODEL
    input: Text = ""
    voice: Annotated[Text, BeforeValidator(lambda it: it.get("id", "") if isinstance(it, dict) else it)] = ""
    response_format: Annotated[Text, Field(description="mp3, opus, flac, wav or pcm (24 kHz).")] = ""
    speed: Annotated[Float, Field(description="0.25 to 4.")] = 0.0
    stream_format: Annotated[Text, Field(description="audio, or sse for events.")] = ""
    instructions: Annotated[Text, Field(description="Taken, without effect.")] = ""
    language: Annotated[Text, Field(description="Extra: BCP-47; absent: heard from the text.")] = ""
    seed: Annotated[Int, Field(description="Extra: same seed, same speech.")] = 0

    def to_command(self, workspace: WorkspaceId, voices: Mapping[str, str]) -> SpeakCommand:
        """voices: ids of ours by OpenAI's names. Raises: InvalidRequest, LanguageUnsupported."""
        encoding = _FORMATS.get(self.response_format.lower() or "mp3")
        if encoding is None:
            raise InvalidRequest(f"response_format is not supported. Use one of {', '.join(_FORMATS)}.")
        if self.stream_format not in ("", "audio", "sse"):
            raise InvalidRequest("stream_format is not supported. Use audio or sse.")
        if not self.input.strip():
            raise InvalidRequest("input is required. Send the text to speak.")
        if not self.voice:
            raise InvalidRequest("voice is required. GET /v1/audio/voices lists them.")
        return SpeakCommand(
            workspace=workspace,
            voice_id=VoiceId(voices.get(self.voice, self.voice)),
            text=self.input,
            model_id=known_model(self.model),
            audio_format=AudioFormat(encoding, _RATE_HZ),
            lang=parse_lang_code(self.language, "language"),
            speaking_rate=self.speed or 1.0,
            seed=self.seed,
            is_stream=True,
            form=SpeechForm.OPENAI,
        )


router = APIRouter(prefix="/v1", tags=["openai"], responses=ERRORS, default_response_class=JsonReply)


@router.get("/models", summary="List models (OpenAI's form; with `xi-api-key` ElevenLabs')", response_model=Any)
async def list_models(asker: Caller) -> JsonReply:
    """Names of theirs and ours; behind all are the configured engine and the one recogniser."""
    if "xi-api-key" in asker.request.headers:
        most = asker.services.synthesize_speech.limits.max_elevenlabs_text_chars
        return JsonReply(models_of(asker.services.engine.spec.capabilities.languages, most))
    return JsonReply({"object": "list", "data": [_model(name) for name in _MODELS]})


@router.get("/audio/models", summary="List models of speech (as OpenAI's clients ask)")
async def list_speech_models(_asker: Caller) -> JsonObject:
    """No path of OpenAI's, but front ends ask it beside that of voices."""
    return {"models": [{"id": name, "name": name} for name in (*SPEECH_MODELS, *sorted(KNOWN_MODELS))]}


@router.get("/models/{model}", summary="Show a model (OpenAI's form)")
async def get_model(model: str, _asker: Caller) -> JsonObject:
    """One of the list."""
    if model not in _MODELS:
        raise ResourceNotFound("There is no such model. GET /v1/models lists them.")
    return _model(model)


def _model(name: str) -> JsonObject:
    return {"id": name, "object": "model", "created": _MODELS_SINCE_S, "owned_by": "myna"}


@router.get("/audio/voices", summary="List voices (as OpenAI's clients ask)", response_model=JsonObject)
async def list_voices(asker: Reader) -> JsonReply:
    """Ids and names: OpenAI's names first, then the stock voices and the workspace's own."""
    names = [(name, name) for name in asker.backend.limits.openai_voices]
    names += await asker.services.manage_voices.names(asker.workspace)
    return await asyncio.to_thread(lambda: JsonReply({"voices": [{"id": each, "name": name} for each, name in names]}))


@router.post(
    "/audio/speech",
    summary="Speak a text (OpenAI's form)",
    responses=content_of({kind: kind for kind in (*(MEDIA_TYPES[encoding] for encoding in _FORMATS.values()), EVENTS)}),
)
async def create_speech(
    asker: Speaker, message: Annotated[CreateSpeechRequest, Depends(JsonBody(CreateSpeechRequest))]
) -> Response:
    """Raw audio or events with it, sent while it is spoken."""
    command = message.to_command(asker.workspace, asker.backend.limits.openai_voices)
    chunks = speak_along(asker.backend, command, asker.record)
    if message.stream_format == "sse":
        return await asker.pull(event_lines(_iter_events(chunks, len(command.text)), asker.record), EVENTS)
    return await asker.pull(raw_audio(chunks), MEDIA_TYPES[command.audio_format.encoding])


async def _iter_events(
    chunks: AsyncGenerator[EncodedChunk, None], num_chars: int
) -> AsyncGenerator[dict[str, Any], None]:
    """`speech.audio.delta` with each piece, then `speech.audio.done`."""
    async with aclosing(raw_audio(chunks)) as contents:
        async for content in contents:
            yield {"type": "speech.audio.delta", "audio": base64.b64encode(content).decode("ascii")}
    usage = {"input_tokens": num_chars, "output_tokens": 0, "total_tokens": num_chars}
    yield {"type": "speech.audio.done", "usage": usage}
