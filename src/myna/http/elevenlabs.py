"""What ElevenLabs' clients call (elevenlabs.md): voices, a new voice from recordings, speech as raw audio."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from myna.domain.errors import AudioUndecodable
from myna.domain.finding import Severity
from myna.domain.speech import AudioEncoding
from myna.domain.voice import Voice
from myna.http.auth import Reader, Speaker, Writer
from myna.http.backend import WithBackend
from myna.http.client_presence import while_client_waits
from myna.http.elevenlabs_request import AddVoiceRequest, OutputQuery, TextToSpeechRequest
from myna.http.form_body import FormBody
from myna.http.json_body import JsonBody
from myna.http.openapi import ELEVENLABS_ERRORS, content_of
from myna.http.pulled_response import PulledResponse
from myna.http.reply import JsonReply
from myna.http.request_state import record_of
from myna.http.speech import raw_audio, speak_along
from myna.http.voices import AskedVoice, clone_along
from myna.usecases.clone_voice import CloneVoiceResult
from myna.usecases.manage_voices import VoiceQuery
from myna.usecases.voice_filter import is_custom

_MEDIA_TYPES = {
    AudioEncoding.MP3: "audio/mpeg",
    AudioEncoding.OGG_OPUS: "audio/ogg",
    AudioEncoding.PCM: "audio/pcm",
    AudioEncoding.WAV: "audio/wav",
    AudioEncoding.MULAW: "audio/basic",
    AudioEncoding.ALAW: "audio/x-alaw-basic",
}

router = APIRouter(prefix="/v1", tags=["elevenlabs"], responses=ELEVENLABS_ERRORS, default_response_class=JsonReply)

JsonObject = dict[str, object]


@router.get("/voices", summary="List voices (ElevenLabs' form)", response_model=JsonObject)
async def list_voices(grant: Reader, backend: WithBackend) -> JsonReply:
    """The stock voices and the workspace's own."""
    page = await backend.services.list_voices(grant.workspace, VoiceQuery())
    return await asyncio.to_thread(lambda: JsonReply({"voices": [_show(voice) for voice in page.voices]}))


@router.get("/voices/{voice_id}", summary="Show a voice (ElevenLabs' form)")
async def get_voice(grant: Reader, voice_id: AskedVoice, backend: WithBackend) -> JsonObject:
    """One voice."""
    return _show(await backend.services.get_voice(grant.workspace, voice_id))


@router.post("/voices/add", summary="Clone a voice (ElevenLabs' form)")
async def add_voice(
    request: Request,
    grant: Writer,
    message: Annotated[AddVoiceRequest, Depends(FormBody(AddVoiceRequest, "files"))],
    backend: WithBackend,
) -> JsonObject:
    """Derive a voice from recordings; it can be spoken with at once."""
    result = await clone_along(request, backend, message.to_command(grant.workspace), message.consent)
    if result.voice is None:
        raise AudioUndecodable(f"No voice can be made of these recordings: {_tell_why(result)}")
    return {"voice_id": result.voice.voice_id, "requires_verification": False}


@router.post(
    "/text-to-speech/{voice_id}",
    summary="Speak a text (ElevenLabs' form)",
    responses=content_of({kind: kind for kind in _MEDIA_TYPES.values()}),
)
@router.post(
    "/text-to-speech/{voice_id}/stream",
    summary="Speak a text, a stream (ElevenLabs' form)",
    responses=content_of({kind: kind for kind in _MEDIA_TYPES.values()}),
)
async def text_to_speech(
    request: Request,
    *,
    grant: Speaker,
    voice_id: AskedVoice,
    query: Annotated[OutputQuery, Query()],
    message: Annotated[TextToSpeechRequest, Depends(JsonBody(TextToSpeechRequest))],
    backend: WithBackend,
) -> Response:
    """Raw audio, sent while it is spoken by both paths."""
    command = message.to_command(grant.workspace, voice_id, query)
    pieces = raw_audio(speak_along(backend, command, record_of(request.scope)))
    first = await while_client_waits(request.receive, anext(pieces))
    media_type = _MEDIA_TYPES[command.audio_format.encoding]
    return PulledResponse(first, pieces, media_type, backend.limits.send_stall_s)


def _show(voice: Voice) -> JsonObject:
    is_own = is_custom(voice)
    known = {"language": voice.lang.iso639, "gender": voice.gender, "age": voice.age_group}
    own = dict(tag.split(":", 1) for tag in voice.tags if ":" in tag)
    return {
        "voice_id": voice.voice_id,
        "name": voice.display_name,
        "category": "generated" if voice.design is not None else "cloned" if is_own else "premade",
        "labels": {name: text for name, text in (known | own).items() if text},
        "description": voice.description,
        "samples": None,
        "preview_url": None,
        "settings": None,
        "high_quality_base_model_ids": [],
        "is_owner": is_own,
        "created_at_unix": int(voice.created_at.timestamp()),
    }


def _tell_why(result: CloneVoiceResult) -> str:
    """What is wrong with each recording, for which this API has no place of its own."""
    return " ".join(
        f"files[{index}]: {finding.message}"
        for index, sample in enumerate(result.samples)
        for finding in sample.findings
        if finding.severity is Severity.ERROR
    )
