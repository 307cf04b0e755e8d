"""What ElevenLabs' clients call (elevenlabs.md): voices, a new voice from recordings, speech, what they ask first."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from myna.domain.errors import AudioUndecodable, InvalidRequest
from myna.domain.finding import Severity
from myna.domain.scope import Scope
from myna.domain.speech import TimestampKind
from myna.domain.voice import Voice
from myna.http.auth import Caller, Reader, Speaker, Writer
from myna.http.elevenlabs_replies import (
    SETTINGS,
    matches,
    subscription_of,
    timed_audio_of,
    user_of,
    voice_of,
)
from myna.http.elevenlabs_request import OUTPUT_FORMATS, AddVoiceRequest, OutputQuery, SearchQuery, TextToSpeechRequest
from myna.http.openapi import ELEVENLABS_ERRORS, content_of
from myna.http.reply import JsonObject, JsonReply, to_json
from myna.http.request_body import FormBody, JsonBody
from myna.http.speech import MEDIA_TYPES, raw_audio, speak_along, speak_whole
from myna.http.speech_payloads import SpeechPayloads, whole_payload
from myna.http.speech_requests import SpeakRequest, SpeechSettings
from myna.http.voices import AskedVoice, clone_along, delete_along
from myna.usecases.manage_voices import VoiceQuery

_MAX_FILES = 64
_LINES = "application/json"
_AUDIO = content_of({kind: kind for kind in (MEDIA_TYPES[each.encoding] for each in OUTPUT_FORMATS.values())})

router = APIRouter(tags=["elevenlabs"], responses=ELEVENLABS_ERRORS, default_response_class=JsonReply)

Output = Annotated[OutputQuery, Query()]
SpokenText = Annotated[TextToSpeechRequest, Depends(JsonBody(TextToSpeechRequest))]


@router.get("/v1/voices", summary="List voices (ElevenLabs' form)", response_model=JsonObject)
async def list_voices(asker: Reader) -> JsonReply:
    """The stock voices and the workspace's own."""
    page = await asker.services.manage_voices.list(asker.workspace, VoiceQuery())
    return await asyncio.to_thread(lambda: JsonReply({"voices": [voice_of(voice) for voice in page.voices]}))


@router.get("/v2/voices", summary="Search voices (ElevenLabs' form)", response_model=JsonObject)
async def search_voices(asker: Reader, query: Annotated[SearchQuery, Query()]) -> JsonReply:
    """A page of those that fit."""
    query.check()
    page = await asker.services.manage_voices.list(asker.workspace, VoiceQuery())
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
async def show_default_settings(_asker: Reader) -> JsonObject:
    """What programs show beside a voice."""
    return SETTINGS


@router.get("/v1/voices/{voice_id}/settings", summary="Show the settings of a voice (ElevenLabs' form)")
async def show_settings(asker: Reader, voice_id: AskedVoice) -> JsonObject:
    """The same for each: a request brings its own."""
    await asker.services.manage_voices.get(asker.workspace, voice_id)
    return SETTINGS


@router.get("/v1/voices/{voice_id}", summary="Show a voice (ElevenLabs' form)")
async def get_voice(asker: Reader, voice_id: AskedVoice) -> JsonObject:
    """One voice."""
    return voice_of(await asker.services.manage_voices.get(asker.workspace, voice_id))


@router.delete("/v1/voices/{voice_id}", summary="Delete a voice (ElevenLabs' form)")
async def delete_voice(asker: Writer, voice_id: AskedVoice) -> JsonObject:
    """Forget a voice and its recordings."""
    await delete_along(asker, voice_id)
    return {"status": "ok"}


@router.get("/v1/user", summary="Show the workspace (ElevenLabs' form)")
async def show_user(asker: Caller) -> JsonObject:
    """By this programs learn whether a key is good."""
    return user_of(asker.workspace, await show_subscription(asker))


@router.get("/v1/user/subscription", summary="Show what is left of a plan (ElevenLabs' form)")
async def show_subscription(asker: Caller) -> JsonObject:
    """There are no plans: the limits are beyond reach."""
    num_own, scopes = 0, asker.grant.scopes
    if Scope.READ_VOICES in scopes:
        own = await asker.services.manage_voices.list(asker.workspace, VoiceQuery(filter="owned = true", page_size=1))
        num_own = own.total_size
    return subscription_of(num_own, may_clone=Scope.WRITE_VOICES in scopes)


@router.get("/v1/history", summary="List what was spoken (ElevenLabs' form)")
async def list_history(_asker: Reader) -> JsonObject:
    """Nothing: neither texts nor speech are kept."""
    return {"history": [], "last_history_item_id": None, "has_more": False}


@router.post("/v1/voices/add", summary="Clone a voice (ElevenLabs' form)")
async def add_voice(
    asker: Writer,
    message: Annotated[AddVoiceRequest, Depends(FormBody(AddVoiceRequest, ("files",), _MAX_FILES))],
) -> JsonObject:
    """Derive a voice from recordings; it can be spoken with at once."""
    result = await clone_along(asker, message.to_command(asker.workspace), message.consent)
    if result.voice is None:
        told = [
            f"files[{index}]: {finding.message}"
            for index, sample in enumerate(result.samples)
            for finding in sample.heard.findings
            if finding.severity is Severity.ERROR
        ]
        raise AudioUndecodable(f"No voice can be made of these recordings: {' '.join(told)}")
    return {"voice_id": result.voice.voice_id, "requires_verification": False}


@router.post("/v1/text-to-speech/{voice_id}", summary="Speak a text (ElevenLabs' form)", responses=_AUDIO)
@router.post(
    "/v1/text-to-speech/{voice_id}/stream", summary="Speak a text, a stream (ElevenLabs' form)", responses=_AUDIO
)
async def text_to_speech(asker: Speaker, voice_id: AskedVoice, query: Output, message: SpokenText) -> Response:
    """Raw audio, sent while it is spoken by both paths."""
    command = message.to_command(asker.workspace, voice_id, query)
    pieces = raw_audio(speak_along(asker.backend, command, asker.record))
    return await asker.pull(pieces, MEDIA_TYPES[command.audio_format.encoding])


@router.post(
    "/v1/text-to-speech/{voice_id}/with-timestamps",
    summary="Speak a text, with times (ElevenLabs' form)",
    response_model=JsonObject,
)
async def speak_with_timestamps(asker: Speaker, voice_id: AskedVoice, query: Output, message: SpokenText) -> JsonReply:
    """All of the speech, and when each character begins and ends."""
    command = message.to_command(asker.workspace, voice_id, query)
    chunks = await speak_whole(asker, command)
    asked = SpeakRequest(text=command.text, timestamp_type=TimestampKind.CHARACTER)
    return await asyncio.to_thread(lambda: JsonReply(timed_audio_of(whole_payload(asked, chunks))))


@router.post(
    "/v1/text-to-speech/{voice_id}/stream/with-timestamps",
    summary="Speak a text, a stream with times (ElevenLabs' form)",
    responses=content_of({_LINES: "Objects `{audio_base64, alignment, normalized_alignment}`, one a line."}),
)
async def stream_with_timestamps(asker: Speaker, voice_id: AskedVoice, query: Output, message: SpokenText) -> Response:
    """Lines that leave as they are spoken; times count from the start of the speech."""
    command = message.to_command(asker.workspace, voice_id, query)

    async def iter_lines() -> AsyncGenerator[bytes, None]:
        payloads = SpeechPayloads(command.text, SpeechSettings(timestamp_type=TimestampKind.CHARACTER))
        async with aclosing(payloads.of(speak_along(asker.backend, command, asker.record))) as told:
            async for payload in told:
                yield to_json(timed_audio_of(payload)) + b"\n"

    return await asker.pull(iter_lines(), _LINES)
