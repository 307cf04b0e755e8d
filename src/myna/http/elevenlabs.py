"""What ElevenLabs' clients call (elevenlabs.md): voices, a new voice from recordings, speech, what they ask first."""

import asyncio
import base64
from collections.abc import AsyncGenerator, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from myna.domain.errors import AudioUndecodable, InvalidRequest
from myna.domain.finding import Severity
from myna.domain.scope import Scope
from myna.domain.speech import AudioEncoding, EncodedChunk, TimestampKind
from myna.domain.voice import Voice
from myna.http.auth import Caller, Reader, Speaker, Writer
from myna.http.backend import WithBackend
from myna.http.client_presence import while_client_waits
from myna.http.elevenlabs_replies import (
    SETTINGS,
    JsonObject,
    matches,
    subscription_of,
    timed_audio_of,
    user_of,
    voice_of,
)
from myna.http.elevenlabs_request import AddVoiceRequest, OutputQuery, SearchQuery, TextToSpeechRequest
from myna.http.form_body import FormBody
from myna.http.json_body import JsonBody
from myna.http.openapi import ELEVENLABS_ERRORS, content_of
from myna.http.pulled_response import PulledResponse
from myna.http.reply import JsonReply, to_json
from myna.http.request_state import record_of
from myna.http.speech import raw_audio, speak_along
from myna.http.speech_payloads import SpeechPayloads
from myna.http.speech_requests import SpeechSettings
from myna.http.voices import AskedVoice, clone_along, delete_along
from myna.usecases.clone_voice import CloneVoiceResult
from myna.usecases.manage_voices import VoiceQuery

_MEDIA_TYPES = {
    AudioEncoding.MP3: "audio/mpeg",
    AudioEncoding.OGG_OPUS: "audio/ogg",
    AudioEncoding.PCM: "audio/pcm",
    AudioEncoding.WAV: "audio/wav",
    AudioEncoding.MULAW: "audio/basic",
    AudioEncoding.ALAW: "audio/x-alaw-basic",
}
_MAX_FILES = 64
_LINES = "application/json"

router = APIRouter(tags=["elevenlabs"], responses=ELEVENLABS_ERRORS, default_response_class=JsonReply)

Output = Annotated[OutputQuery, Query()]
SpokenText = Annotated[TextToSpeechRequest, Depends(JsonBody(TextToSpeechRequest))]


@router.get("/v1/voices", summary="List voices (ElevenLabs' form)", response_model=JsonObject)
async def list_voices(grant: Reader, backend: WithBackend) -> JsonReply:
    """The stock voices and the workspace's own."""
    page = await backend.services.manage_voices.list(grant.workspace, VoiceQuery())
    return await asyncio.to_thread(lambda: JsonReply({"voices": [voice_of(voice) for voice in page.voices]}))


@router.get("/v2/voices", summary="Search voices (ElevenLabs' form)", response_model=JsonObject)
async def search_voices(grant: Reader, query: Annotated[SearchQuery, Query()], backend: WithBackend) -> JsonReply:
    """A page of those that fit."""
    query.check()
    page = await backend.services.manage_voices.list(grant.workspace, VoiceQuery())
    return await asyncio.to_thread(_find, page.voices, query)


def _find(voices: Sequence[Voice], query: SearchQuery) -> JsonReply:
    """Raises: InvalidRequest."""
    wanted = query.model_dump()
    found = [shown for shown in map(voice_of, voices) if matches(shown, wanted)]
    if query.sort:
        found.sort(key=lambda voice: voice[query.sort], reverse=query.sort_direction == "desc")
    first = 0
    if query.next_page_token:
        ids = [voice["voice_id"] for voice in found]
        if query.next_page_token not in ids:
            raise InvalidRequest("next_page_token is not of this search, or its voice is gone. Begin again without it.")
        first = ids.index(query.next_page_token) + 1
    page = found[first : first + query.page_size]
    has_more = first + len(page) < len(found)
    token = page[-1]["voice_id"] if has_more else None
    return JsonReply({"voices": page, "has_more": has_more, "total_count": len(found), "next_page_token": token})


@router.get("/v1/voices/settings/default", summary="Show the default settings (ElevenLabs' form)")
async def show_default_settings(_grant: Reader) -> JsonObject:
    """What programs show beside a voice."""
    return SETTINGS


@router.get("/v1/voices/{voice_id}/settings", summary="Show the settings of a voice (ElevenLabs' form)")
async def show_settings(grant: Reader, voice_id: AskedVoice, backend: WithBackend) -> JsonObject:
    """The same for each: a request brings its own."""
    await backend.services.manage_voices.get(grant.workspace, voice_id)
    return SETTINGS


@router.get("/v1/voices/{voice_id}", summary="Show a voice (ElevenLabs' form)")
async def get_voice(grant: Reader, voice_id: AskedVoice, backend: WithBackend) -> JsonObject:
    """One voice."""
    return voice_of(await backend.services.manage_voices.get(grant.workspace, voice_id))


@router.delete("/v1/voices/{voice_id}", summary="Delete a voice (ElevenLabs' form)")
async def delete_voice(request: Request, grant: Writer, voice_id: AskedVoice, backend: WithBackend) -> JsonObject:
    """Forget a voice and its recordings."""
    await delete_along(request, backend, grant.workspace, voice_id)
    return {"status": "ok"}


@router.get("/v1/user", summary="Show the workspace (ElevenLabs' form)")
async def show_user(grant: Caller, backend: WithBackend) -> JsonObject:
    """By this programs learn whether a key is good."""
    return user_of(grant.workspace, await show_subscription(grant, backend))


@router.get("/v1/user/subscription", summary="Show what is left of a plan (ElevenLabs' form)")
async def show_subscription(grant: Caller, backend: WithBackend) -> JsonObject:
    """There are no plans: the limits are beyond reach."""
    num_own = 0
    if Scope.READ_VOICES in grant.scopes:
        own = await backend.services.manage_voices.list(grant.workspace, VoiceQuery(filter="owned = true", page_size=1))
        num_own = own.total_size
    return subscription_of(num_own, may_clone=Scope.WRITE_VOICES in grant.scopes)


@router.get("/v1/history", summary="List what was spoken (ElevenLabs' form)")
async def list_history(_grant: Reader) -> JsonObject:
    """Nothing: neither texts nor speech are kept."""
    return {"history": [], "last_history_item_id": None, "has_more": False}


@router.post("/v1/voices/add", summary="Clone a voice (ElevenLabs' form)")
async def add_voice(
    request: Request,
    grant: Writer,
    message: Annotated[AddVoiceRequest, Depends(FormBody(AddVoiceRequest, "files", num_files=_MAX_FILES))],
    backend: WithBackend,
) -> JsonObject:
    """Derive a voice from recordings; it can be spoken with at once."""
    result = await clone_along(request, backend, message.to_command(grant.workspace), message.consent)
    if result.voice is None:
        raise AudioUndecodable(f"No voice can be made of these recordings: {_tell_why(result)}")
    return {"voice_id": result.voice.voice_id, "requires_verification": False}


@router.post(
    "/v1/text-to-speech/{voice_id}",
    summary="Speak a text (ElevenLabs' form)",
    responses=content_of({kind: kind for kind in _MEDIA_TYPES.values()}),
)
@router.post(
    "/v1/text-to-speech/{voice_id}/stream",
    summary="Speak a text, a stream (ElevenLabs' form)",
    responses=content_of({kind: kind for kind in _MEDIA_TYPES.values()}),
)
async def text_to_speech(
    request: Request, *, grant: Speaker, voice_id: AskedVoice, query: Output, message: SpokenText, backend: WithBackend
) -> Response:
    """Raw audio, sent while it is spoken by both paths."""
    command = message.to_command(grant.workspace, voice_id, query)
    pieces = raw_audio(speak_along(backend, command, record_of(request.scope)))
    first = await while_client_waits(request.receive, anext(pieces))
    media_type = _MEDIA_TYPES[command.audio_format.encoding]
    return PulledResponse(first, pieces, media_type, backend.limits.send_stall_s)


@router.post(
    "/v1/text-to-speech/{voice_id}/with-timestamps",
    summary="Speak a text, with times (ElevenLabs' form)",
    response_model=JsonObject,
)
async def speak_with_timestamps(
    request: Request, *, grant: Speaker, voice_id: AskedVoice, query: Output, message: SpokenText, backend: WithBackend
) -> JsonReply:
    """All of the speech, and when each character begins and ends."""
    command = message.to_command(grant.workspace, voice_id, query)
    chunks = speak_along(backend, command, record_of(request.scope))

    async def collect() -> Sequence[JsonObject]:
        return [piece async for piece in _timed_pieces(message.text, chunks)]

    pieces = await while_client_waits(request.receive, collect())
    audio = b"".join(base64.b64decode(piece["audio_base64"]) for piece in pieces)
    times: JsonObject = {}
    for piece in pieces:
        for name, values in (piece["alignment"] or {}).items():
            times.setdefault(name, []).extend(values)
    whole = {"audio_base64": base64.b64encode(audio).decode(), "alignment": times, "normalized_alignment": times}
    return await asyncio.to_thread(lambda: JsonReply(whole))


@router.post(
    "/v1/text-to-speech/{voice_id}/stream/with-timestamps",
    summary="Speak a text, a stream with times (ElevenLabs' form)",
    responses=content_of({_LINES: "Objects `{audio_base64, alignment, normalized_alignment}`, one a line."}),
)
async def stream_with_timestamps(
    request: Request, *, grant: Speaker, voice_id: AskedVoice, query: Output, message: SpokenText, backend: WithBackend
) -> Response:
    """Lines that leave as they are spoken; times count from the start of the speech."""
    command = message.to_command(grant.workspace, voice_id, query)
    chunks = speak_along(backend, command, record_of(request.scope))

    async def iter_lines() -> AsyncGenerator[bytes, None]:
        try:
            async for piece in _timed_pieces(message.text, chunks):
                yield to_json(piece) + b"\n"
        finally:
            await chunks.aclose()

    lines = iter_lines()
    first = await while_client_waits(request.receive, anext(lines))
    return PulledResponse(first, lines, _LINES, backend.limits.send_stall_s)


async def _timed_pieces(text: str, chunks: AsyncGenerator[EncodedChunk, None]) -> AsyncGenerator[JsonObject, None]:
    payloads = SpeechPayloads(text, SpeechSettings(timestamp_type=TimestampKind.CHARACTER))
    async for payload in payloads.of(chunks):
        yield timed_audio_of(payload)


def _tell_why(result: CloneVoiceResult) -> str:
    """What is wrong with each recording, for which this API has no place of its own."""
    return " ".join(
        f"files[{index}]: {finding.message}"
        for index, sample in enumerate(result.samples)
        for finding in sample.heard.findings
        if finding.severity is Severity.ERROR
    )
