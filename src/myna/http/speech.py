"""Synthesis over HTTP: one reply (T1), a stream of lines (T2), a voice's preview (T5). Contract 7."""

import asyncio
import base64
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request, Response

from myna.domain.errors import MynaError
from myna.domain.language import LangCode
from myna.domain.speech import AudioFormat, EncodedChunk
from myna.domain.voice import VoiceId
from myna.http.alignment import TextAligner
from myna.http.auth import Doorkeeper
from myna.http.client_presence import while_client_waits
from myna.http.errors import describe
from myna.http.languages import LANGUAGES
from myna.http.limits import HttpLimits
from myna.http.openapi import ERRORS, body_of, content_of, query_of
from myna.http.proto_json import BodiesInFlight, read_message
from myna.http.pulled_response import PulledResponse
from myna.http.replies import json_reply, to_json
from myna.http.request_state import record_of
from myna.http.speech_payloads import JsonObject, SpeechPayloads, timestamp_info, usage_of
from myna.http.speech_schemas import PreviewReply, SpeakRequest, SpeechReplyMessage
from myna.observability.request_record import RequestRecord
from myna.usecases.models import DEFAULT_MODEL
from myna.usecases.services import Services
from myna.usecases.speak_command import SpeakCommand

_NOTHING_SPOKEN: JsonObject = {"audioContent": "", "usage": None}
"""The reply to empty text (contract 4)."""


@dataclass(frozen=True, slots=True)
class SpeechEndpoints:
    """One method an endpoint: admit, parse, call the use case, serialise."""

    services: Services
    limits: HttpLimits
    doorkeeper: Doorkeeper
    bodies: BodiesInFlight

    def router(self) -> APIRouter:
        router = APIRouter(tags=["speech"])
        router.add_api_route(
            "/tts/v1/voice",
            self.speak,
            methods=["POST"],
            response_model=SpeechReplyMessage,
            summary="Speak a text, one reply",
            openapi_extra=body_of(SpeakRequest),
            responses=ERRORS,
        )
        lines = {"application/json": "Objects `{result: {audioContent, usage, timestampInfo}}`, one a line."}
        router.add_api_route(
            "/tts/v1/voice:stream",
            self.stream,
            methods=["POST"],
            summary="Speak a text, a stream of lines",
            openapi_extra=body_of(SpeakRequest),
            responses={**ERRORS, **content_of(lines)},
        )
        router.add_api_route(
            "/tts/v1/voice:preview",
            self.preview,
            methods=["GET"],
            response_model=PreviewReply,
            summary="Hear a voice",
            openapi_extra=query_of(voice_id="The voice.", model_id="Any known model."),
            responses=ERRORS,
        )
        return router

    async def speak(self, request: Request) -> Response:
        """Speak up to 2000 characters. Empty text gives an empty reply."""
        grant = await self.doorkeeper.admit(request)
        message = await read_message(request, SpeakRequest, self.limits, self.bodies)
        command = message.to_command(grant.workspace, message.text, is_stream=False)
        chunks = await while_client_waits(request.receive, self._speak_whole(command, record_of(request.scope)))
        if not chunks:
            return json_reply(_NOTHING_SPOKEN)
        return await asyncio.to_thread(lambda: json_reply(_whole_reply(message, chunks)))

    async def stream(self, request: Request) -> Response:
        """Speak up to 4000 characters; the first line leaves as soon as the first words are spoken."""
        grant = await self.doorkeeper.admit(request)
        message = await read_message(request, SpeakRequest, self.limits, self.bodies)
        command = message.to_command(grant.workspace, message.text)
        record = record_of(request.scope)
        lines = _iter_lines(SpeechPayloads(message.text, message), speak_along(self.services, command, record), record)
        # Pulled before the status is sent: what fails until the first audio is an error, not half a stream.
        first = await while_client_waits(request.receive, anext(lines, None))
        if first is None:
            return Response(to_json(_NOTHING_SPOKEN) + b"\n", media_type="application/json")
        return PulledResponse(first, lines, "application/json", self.limits.send_stall_s)

    async def preview(self, request: Request) -> Response:
        """A few words in the voice's own language."""
        grant = await self.doorkeeper.admit(request)
        query = request.query_params
        model_id = query.get("model_id") or query.get("modelId") or DEFAULT_MODEL
        voice_id = VoiceId(query.get("voice_id") or query.get("voiceId") or "")
        command = SpeakCommand(grant.workspace, voice_id, "", model_id, AudioFormat())
        self.services.synthesize_speech.check(command)
        voice, _ = await self.services.synthesize_speech.find_voice(grant.workspace, voice_id)
        is_spoken = voice.lang in self.services.engine.spec.capabilities.languages
        lang = voice.lang if is_spoken else LangCode.EN_US
        command = replace(command, text=LANGUAGES[lang].preview, lang=lang)
        chunks = await while_client_waits(request.receive, self._speak_whole(command, record_of(request.scope)))
        return json_reply({"audioContent": _base64_of(chunks)})

    async def _speak_whole(self, command: SpeakCommand, record: RequestRecord) -> list[EncodedChunk]:
        return [chunk async for chunk in speak_along(self.services, command, record)]


async def speak_along(
    services: Services, command: SpeakCommand, record: RequestRecord
) -> AsyncGenerator[EncodedChunk, None]:
    """The use case's chunks, noted in the record; none for a text of white space. Closing this stops the engine.

    Raises, before the first chunk: everything that the use case refuses.
    """
    record.voice_id, record.model, record.chars = command.voice_id[:128], command.model_id, len(command.text)
    record.engine = services.engine.spec.id
    reply = await services.synthesize_speech(command)
    if reply is None:
        return
    record.lang = reply.lang.value
    try:
        async for chunk in reply:
            record.mark_first_audio()
            record.audio_s = round(record.audio_s + chunk.duration_s, 6)
            yield chunk
    finally:
        await reply.aclose()


async def _iter_lines(
    payloads: SpeechPayloads, chunks: AsyncGenerator[EncodedChunk, None], record: RequestRecord
) -> AsyncGenerator[bytes, None]:
    """The lines of contract 7.5. A failure after the first line becomes the last line; before it, it is raised."""
    has_begun = False
    try:
        async for chunk in chunks:
            for payload in payloads.of_chunk(chunk):
                yield to_json({"result": payload}) + b"\n"
                has_begun = True
        for payload in payloads.of_rest():
            yield to_json({"result": payload}) + b"\n"
    except MynaError as exc:
        if not has_begun:
            raise
        failure = describe(exc)
        record.error_code = failure.error_code
        yield to_json({"error": failure.body()}) + b"\n"
    finally:
        await chunks.aclose()


def _whole_reply(message: SpeakRequest, chunks: Sequence[EncodedChunk]) -> JsonObject:
    alignment = None
    if message.timestamp_type is not None:
        aligner = TextAligner(message.text, message.timestamp_type)
        alignment = aligner.advance([span for chunk in chunks for span in chunk.spans])
        alignment.extend(aligner.finish())
    duration_s = sum(chunk.duration_s for chunk in chunks)
    has_lipsync = message.lipsync_config is not None
    return {
        "audioContent": _base64_of(chunks),
        "usage": usage_of(len(message.text), message.model_id),
        "timestampInfo": timestamp_info(alignment, has_lipsync=has_lipsync, max_s=duration_s),
    }


def _base64_of(chunks: Sequence[EncodedChunk]) -> str:
    return base64.b64encode(b"".join(chunk.content for chunk in chunks)).decode("ascii")
