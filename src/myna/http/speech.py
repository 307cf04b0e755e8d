"""Synthesis over HTTP: one reply (T1), a stream of lines (T2), a voice's preview (T5). Contract 7."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from myna.domain.errors import MynaError, TextTooLong, TextUnspeakable
from myna.domain.language import LangCode
from myna.domain.speech import AudioFormat, EncodedChunk
from myna.http.alignment import TextAligner
from myna.http.auth import Doorkeeper
from myna.http.client_presence import while_client_waits
from myna.http.errors import describe
from myna.http.limits import HttpLimits
from myna.http.openapi import ERRORS, body_of, content_of, query_of
from myna.http.proto_json import BodiesInFlight, read_message
from myna.http.replies import json_reply, to_json
from myna.http.request_state import record_of
from myna.http.speech_payloads import JsonObject, SpeechPayloads, timestamp_info, usage_of
from myna.http.speech_schemas import PreviewReply, SpeakRequest, SpeechReplyMessage, SpeechWish
from myna.http.speech_stream import PulledResponse
from myna.http.voice_ids import read_voice_id
from myna.observability.request_record import RequestRecord
from myna.text.languages.registry import open_language
from myna.usecases.models import check_model
from myna.usecases.ports import EncodedSpeech
from myna.usecases.services import Services
from myna.usecases.synthesize_speech import SpeakCommand, SpeechReply

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
        wish = message.to_wish()
        check_text(message.text, self.limits.max_text_chars)
        if not message.text.strip():
            return json_reply(_NOTHING_SPOKEN)
        record = record_of(request.scope)
        command = wish.to_command(grant.workspace, message.text, is_stream=False)
        speech = await while_client_waits(request.receive, self._speak_whole(command, record))
        return await asyncio.to_thread(lambda: json_reply(_whole_reply(message.text, wish, speech)))

    async def stream(self, request: Request) -> Response:
        """Speak up to 4000 characters; the first line leaves as soon as the first words are spoken."""
        grant = await self.doorkeeper.admit(request)
        message = await read_message(request, SpeakRequest, self.limits, self.bodies)
        wish = message.to_wish()
        check_text(message.text, self.limits.max_stream_text_chars)
        if not message.text.strip():
            return Response(to_json(_NOTHING_SPOKEN) + b"\n", media_type="application/json")
        record = record_of(request.scope)
        command = wish.to_command(grant.workspace, message.text, is_stream=True)
        lines = _iter_lines(SpeechPayloads(message.text, wish), speak_along(self.services, command, record), record)
        # Pulled before the status is sent: what fails until the first audio is an error, not half a stream.
        first = await while_client_waits(request.receive, anext(lines))
        return PulledResponse(first, lines, "application/json", self.limits.send_stall_s)

    async def preview(self, request: Request) -> Response:
        """A few words in the voice's own language."""
        grant = await self.doorkeeper.admit(request)
        query = request.query_params
        model_id = check_model(query.get("model_id") or query.get("modelId") or "")
        voice_id = read_voice_id(query.get("voice_id") or query.get("voiceId") or "")
        voice, _ = await self.services.synthesize_speech.find_voice(grant.workspace, voice_id)
        is_spoken = voice.lang in self.services.engine.spec.capabilities.languages
        lang = voice.lang if is_spoken else LangCode.EN_US
        command = SpeakCommand(grant.workspace, voice_id, open_language(lang).preview, model_id, AudioFormat(), lang)
        record = record_of(request.scope)
        speech = await while_client_waits(request.receive, self._speak_whole(command, record))
        return json_reply({"audioContent": base64.b64encode(speech.content).decode()})

    async def _speak_whole(self, command: SpeakCommand, record: RequestRecord) -> EncodedSpeech:
        chunks = [chunk async for chunk in speak_along(self.services, command, record)]
        return EncodedSpeech(b"".join(chunk.content for chunk in chunks), tuple(chunks))


def check_text(text: str, max_chars: int) -> None:
    """Raises: TextTooLong, in the words of the original (contract 4)."""
    if len(text) > max_chars:
        raise TextTooLong(f"text length should not exceed {max_chars} characters.")


async def speak_along(
    services: Services, command: SpeakCommand, record: RequestRecord
) -> AsyncGenerator[EncodedChunk, None]:
    """The use case's chunks, noted in the record. Closing this stops the engine.

    Raises, before the first chunk: everything that the use case refuses, and TextUnspeakable if no sound comes.
    """
    record.voice_id, record.model, record.chars = command.voice_id[:128], command.model_id, len(command.text)
    record.engine = services.engine.spec.id
    reply: SpeechReply = await services.synthesize_speech(command)
    record.lang = reply.lang.value
    try:
        async for chunk in reply:
            if not chunk.duration_s and not record.audio_s:
                continue  # a container around nothing
            record.mark_first_audio()
            record.audio_s = round(record.audio_s + chunk.duration_s, 6)
            yield chunk
    finally:
        await reply.aclose()
    if not record.audio_s:
        raise TextUnspeakable("text holds nothing that the voice's language has sounds for. Send words.")


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


def _whole_reply(text: str, wish: SpeechWish, speech: EncodedSpeech) -> JsonObject:
    reply: JsonObject = {
        "audioContent": base64.b64encode(speech.content).decode("ascii"),
        "usage": usage_of(len(text), wish.model_id),
        "timestampInfo": None,
    }
    alignment = None
    if wish.timestamps is not None:
        aligner = TextAligner(text, wish.timestamps)
        alignment = aligner.advance([span for chunk in speech.chunks for span in chunk.spans])
        alignment.extend(aligner.finish())
    duration_s = sum(chunk.duration_s for chunk in speech.chunks)
    reply["timestampInfo"] = timestamp_info(alignment, has_lipsync=wish.has_lipsync, max_s=duration_s)
    return reply
