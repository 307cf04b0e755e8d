"""`POST /v1/audio/transcriptions` as OpenAI's clients call it (wire-contract.md#transcriptions)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from myna.domain.errors import InvalidRequest, ModelUnsupported
from myna.domain.language import LangCode, parse_lang_code
from myna.domain.transcript import MAX_PROMPT_CHARS, Transcript
from myna.http.auth import Listener
from myna.http.backend import Backend, WithBackend
from myna.http.captions import captions_of, write_srt, write_vtt
from myna.http.client_presence import while_client_waits
from myna.http.event_stream import EVENTS, event_lines
from myna.http.form_body import FormBody
from myna.http.openai_names import TRANSCRIPTION_MODELS
from myna.http.openapi import ERRORS, content_of
from myna.http.pulled_response import PulledResponse
from myna.http.reply import JsonReply
from myna.http.request_state import record_of
from myna.http.transcription_request import TranscriptFormat, TranscriptionRequest
from myna.text.languages.registry import open_language

router = APIRouter(prefix="/v1", tags=["openai"], responses=ERRORS)

JsonObject = dict[str, object]


@router.post(
    "/audio/transcriptions",
    summary="Write down what is said (OpenAI's form)",
    responses=content_of({"application/json": "JSON,", "text/plain": "text or subtitles,", EVENTS: "or events."}),
)
async def create_transcription(
    request: Request,
    _grant: Listener,
    message: Annotated[TranscriptionRequest, Depends(FormBody(TranscriptionRequest))],
    backend: WithBackend,
) -> Response:
    """The words of a recording, with times if they are asked for."""
    if message.model not in TRANSCRIPTION_MODELS:
        raise ModelUnsupported(f"model: {message.model[:64]} is not supported. Use {TRANSCRIPTION_MODELS[0]}.")
    is_stream = message.stream.lower() not in ("", "false", "0")
    if is_stream and message.response_format is not TranscriptFormat.JSON:
        raise InvalidRequest("stream needs the response_format json.")
    if not set(message.timestamp_granularities) <= {"word", "segment"}:
        raise InvalidRequest("timestamp_granularities must be word or segment.")
    if len(message.asked_prompt) > MAX_PROMPT_CHARS:
        raise InvalidRequest(f"prompt and keywords are too long: at most {MAX_PROMPT_CHARS} characters together.")
    if not message.file:
        raise InvalidRequest("file is required. Send a recording.")
    lang = parse_lang_code(message.asked_language, "language")
    if is_stream:
        return await _stream(request, backend, message, lang)
    transcript = await transcribe_along(
        request, backend, message.file, lang, model=message.model, prompt=message.asked_prompt
    )
    match message.response_format:
        case TranscriptFormat.TEXT:
            return _plain(transcript.text + "\n")
        case TranscriptFormat.SRT:
            return _plain(write_srt(captions_of(transcript)))
        case TranscriptFormat.VTT:
            return _plain(write_vtt(captions_of(transcript)))
        case TranscriptFormat.VERBOSE_JSON:
            return JsonReply(_verbose(transcript, message.timestamp_granularities))
    return JsonReply({"text": transcript.text, "usage": _usage(transcript)})


async def transcribe_along(
    request: Request, backend: Backend, recording: bytes, lang: LangCode | None, *, model: str, prompt: str
) -> Transcript:
    """The use case, noted in the record, for as long as the client waits. Raises: what the use case raises."""
    record = record_of(request.scope)
    record.model, record.num_samples = model, 1
    transcript = await while_client_waits(request.receive, backend.services.transcribe_speech(recording, lang, prompt))
    record.lang = transcript.lang.value if transcript.lang is not None else ""
    return transcript


async def _stream(request: Request, backend: Backend, message: TranscriptionRequest, lang: LangCode | None) -> Response:
    """Raises: what is wrong with the recording, while there is a status to tell it."""
    record = record_of(request.scope)
    record.model, record.num_samples = message.model, 1
    transcribe = backend.services.transcribe_speech

    async def hear() -> AsyncGenerator[JsonObject, None]:
        transcript = Transcript(lang, found.duration_s, ())
        async with aclosing(transcribe.hear(found, lang, message.asked_prompt)) as passages:
            async for passage in passages:
                told = transcript.text
                transcript = replace(transcript, lang=passage.lang, passages=(*transcript.passages, passage))
                yield {"type": "transcript.text.delta", "delta": transcript.text[len(told) :]}
        record.lang = transcript.lang.value if transcript.lang is not None else ""
        yield {"type": "transcript.text.done", "text": transcript.text, "usage": _usage(transcript)}

    found = await while_client_waits(request.receive, transcribe.find(message.file))
    lines = event_lines(hear(), record)
    first = await while_client_waits(request.receive, anext(lines))
    return PulledResponse(first, lines, EVENTS, backend.limits.send_stall_s)


def _plain(text: str) -> Response:
    return Response(text, media_type="text/plain")


def _verbose(transcript: Transcript, granularities: list[str]) -> JsonObject:
    body: JsonObject = {
        "task": "transcribe",
        "language": open_language(transcript.lang).english_name.lower() if transcript.lang is not None else "",
        "duration": round(transcript.duration_s, 3),
        "text": transcript.text,
        "usage": _usage(transcript),
    }
    if "segment" in granularities:
        body["segments"] = [
            {
                "id": number,
                "seek": 0,
                "start": caption.start_s,
                "end": caption.end_s,
                "text": caption.text,
                "tokens": [],
                "temperature": 0.0,
                "avg_logprob": round(caption.passage.mean_log_prob, 4),
                "compression_ratio": round(caption.passage.compression_ratio, 4),
                "no_speech_prob": round(caption.passage.no_speech_prob, 4),
            }
            for number, caption in enumerate(captions_of(transcript))
        ]
    if "word" in granularities:
        body["words"] = [
            {"word": word.text.strip(), "start": word.start_s, "end": word.end_s} for word in transcript.words
        ]
    return body


def _usage(transcript: Transcript) -> JsonObject:
    return {"type": "duration", "seconds": round(transcript.duration_s, 3)}
