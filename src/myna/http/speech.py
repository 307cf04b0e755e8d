"""Synthesis over HTTP (wire-contract.md#speech): one reply, a stream of lines, a voice's preview."""

import asyncio
import base64
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from myna.domain.speech import AudioEncoding, AudioFormat, EncodedChunk
from myna.domain.voice import VoiceId
from myna.http.asker import Asker
from myna.http.auth import Speaker
from myna.http.backend import Backend
from myna.http.lines import result_lines
from myna.http.openapi import ERRORS, content_of
from myna.http.reply import JsonObject, JsonReply, to_json
from myna.http.request_body import JsonBody
from myna.http.speech_payloads import SpeechPayloads, whole_payload
from myna.http.speech_replies import PreviewReply, SpeechReplyMessage
from myna.http.speech_requests import PreviewQuery, SpeakRequest
from myna.observability.request_record import RequestRecord
from myna.text.languages.registry import open_language
from myna.usecases.speak_command import SpeakCommand

_NOTHING_SPOKEN: JsonObject = {"audioContent": "", "usage": None}
"""The reply to empty text (wire-contract.md#errors)."""
MEDIA_TYPES = {
    AudioEncoding.MP3: "audio/mpeg",
    AudioEncoding.OGG_OPUS: "audio/ogg",
    AudioEncoding.FLAC: "audio/flac",
    AudioEncoding.LINEAR16: "audio/wav",
    AudioEncoding.WAV: "audio/wav",
    AudioEncoding.PCM: "audio/pcm",
    AudioEncoding.MULAW: "audio/basic",
    AudioEncoding.ALAW: "audio/x-alaw-basic",
}
_NOTED_S = 2.0
"""So much speech is put to the day's account at a time."""
_INLINE_BYTES = 64 * 1024
"""Audio up to here, without times, is written on the event loop: about a tenth of a millisecond."""
_LINES = {"application/json": "Objects `{result: {audioContent, usage, timestampInfo}}`, one a line."}

router = APIRouter(prefix="/tts/v1", tags=["speech"], responses=ERRORS, default_response_class=JsonReply)

SpokenText = Annotated[SpeakRequest, Depends(JsonBody(SpeakRequest))]


@router.post("/voice", summary="Speak a text, one reply", response_model=SpeechReplyMessage)
async def speak(asker: Speaker, message: SpokenText) -> Response:
    """Speak up to 2000 characters. Empty text gives an empty reply."""
    chunks = await speak_whole(asker, message.to_command(asker.workspace, message.text, is_stream=False))
    if not chunks:
        return JsonReply(_NOTHING_SPOKEN)
    is_timed = message.timestamp_type is not None or message.lipsync_config is not None
    if not is_timed and sum(len(chunk.content) for chunk in chunks) <= _INLINE_BYTES:
        return JsonReply(whole_payload(message, chunks))
    return await asyncio.to_thread(lambda: JsonReply(whole_payload(message, chunks)))


@router.post("/voice:stream", summary="Speak a text, a stream of lines", responses=content_of(_LINES))
async def stream(asker: Speaker, message: SpokenText) -> Response:
    """Speak up to 4000 characters; the first line leaves as soon as the first words are spoken."""
    command = message.to_command(asker.workspace, message.text)
    chunks = speak_along(asker.backend, command, asker.record)
    lines = result_lines(SpeechPayloads(message.text, message).of(chunks), asker.record)
    return await asker.pull(lines, "application/json", to_json(_NOTHING_SPOKEN) + b"\n")


@router.get("/voice:preview", summary="Hear a voice")
async def preview(asker: Speaker, query: Annotated[PreviewQuery, Query()]) -> PreviewReply:
    """A few words in the voice's own language."""
    services = asker.services
    command = SpeakCommand(asker.workspace, VoiceId(query.voice_id), "", query.model_id, AudioFormat())
    services.synthesize_speech.check(command)
    voice, _ = await services.synthesize_speech.find_voice(command.workspace, command.voice_id)
    lang = services.engine.spec.capabilities.or_english(voice.lang)
    chunks = await speak_whole(asker, replace(command, text=open_language(lang).preview, lang=lang))
    content = b"".join(chunk.content for chunk in chunks)
    return PreviewReply(audio_content=base64.b64encode(content).decode())


async def speak_whole(asker: Asker, command: SpeakCommand) -> Sequence[EncodedChunk]:
    """All chunks, if the client waits for them. Raises: as `speak_along`, ClientLeft."""

    async def collect() -> Sequence[EncodedChunk]:
        return [chunk async for chunk in speak_along(asker.backend, command, asker.record)]

    return await asker.wait_for(collect())


async def speak_along(
    backend: Backend, command: SpeakCommand, record: RequestRecord
) -> AsyncGenerator[EncodedChunk, None]:
    """The chunks, noted; none for white space. Closing stops the engine. Raises, before the first: refusals."""
    record.voice_id, record.model, record.chars = command.voice_id[:128], command.model_id, len(command.text)
    record.engine = backend.services.engine.spec.id
    await backend.allowances.check_speech(command.workspace)
    reply = await backend.services.synthesize_speech(command)
    if reply is None:
        return
    record.lang = reply.lang.value
    unnoted_s = 0.0
    try:
        async for chunk in reply:
            if record.ttfa_ms is None:
                await backend.note("speak", record, command.voice_id)
            record.mark_first_audio()
            record.audio_s = round(record.audio_s + chunk.duration_s, 6)
            unnoted_s += chunk.duration_s
            if unnoted_s >= _NOTED_S:
                noted_s, unnoted_s = unnoted_s, 0.0
                await backend.allowances.note_speech(command.workspace, noted_s)
            yield chunk
    finally:
        try:
            await reply.aclose()
        finally:
            await backend.allowances.note_speech(command.workspace, unnoted_s)


async def raw_audio(chunks: AsyncGenerator[EncodedChunk, None]) -> AsyncGenerator[bytes, None]:
    """The audio alone. A failure in the middle cuts the connection: raw audio has no place for an error."""
    async with aclosing(chunks):
        async for chunk in chunks:
            if chunk.content:
                yield chunk.content
