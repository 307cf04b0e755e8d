"""A recording in, its words out: as Inworld's (wire-contract.md#stt) or OpenAI's (wire-contract.md#transcriptions)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from myna.domain.errors import InvalidRequest, ModelUnsupported
from myna.domain.language import LangCode, parse_lang_code
from myna.domain.transcript import Transcript
from myna.http.asker import Asker
from myna.http.auth import Listener
from myna.http.captions import captions_of, write_srt, write_vtt
from myna.http.lines import EVENTS, event_lines
from myna.http.openai_names import TRANSCRIPTION_MODELS
from myna.http.openapi import ERRORS, content_of
from myna.http.proto_message import RecordingForm, Text
from myna.http.reply import JsonObject, JsonReply
from myna.http.request_body import FormBody, JsonBody
from myna.http.stt_replies import TranscribeReply
from myna.http.stt_request import TranscribeRequest
from myna.text.languages.registry import open_language
from myna.usecases.transcribe_speech import check_prompt

router = APIRouter(responses=ERRORS)

_LISTS = ("timestamp_granularities", "languages", "keywords")
"""Also without the `[]` that OpenAI's own clients write behind their names."""


class TranscriptFormat(StrEnum):
    JSON = "json"
    TEXT = "text"
    VERBOSE_JSON = "verbose_json"
    SRT = "srt"
    VTT = "vtt"


class TranscriptionRequest(RecordingForm):
    """A recording, and how its words are wanted."""

    without_effect = frozenset({"temperature", "include", "chunking_strategy", "known_speaker_names"})

    model: Annotated[Text, Field(description="whisper-1 or another of OpenAI's.")] = TRANSCRIPTION_MODELS[0]
    language: Annotated[Text, Field(description="ISO 639-1 or BCP-47; absent: heard.")] = ""
    response_format: Annotated[TranscriptFormat, Field(description="json text verbose_json srt vtt")] = (
        TranscriptFormat.JSON
    )
    timestamp_granularities: Annotated[
        list[Text], Field(description="For verbose_json: `word`, `segment` (default) or both.")
    ] = ["segment"]  # noqa: RUF012  (pydantic copies defaults)
    languages: Annotated[list[Text], Field(description="As `language`, if it is one.")] = []  # noqa: RUF012
    prompt: Annotated[Text, Field(description="Text that the recording might follow.")] = ""
    keywords: Annotated[list[Text], Field(description="Names and words that may be said.")] = []  # noqa: RUF012
    temperature: Annotated[Text, Field(description="Taken, without effect.")] = ""
    stream: Annotated[Text, Field(description="true: events; for json.")] = ""

    @property
    def is_stream(self) -> bool:
        return self.stream.lower() not in ("", "false", "0")

    def check(self) -> LangCode | None:
        """The language that is named. Raises: InvalidRequest, ModelUnsupported, LanguageUnsupported."""
        if self.model not in TRANSCRIPTION_MODELS:
            raise ModelUnsupported(f"model: {self.model[:64]} is not supported. Use {TRANSCRIPTION_MODELS[0]}.")
        if self.is_stream and self.response_format is not TranscriptFormat.JSON:
            raise InvalidRequest("stream needs the response_format json.")
        if not set(self.timestamp_granularities) <= {"word", "segment"}:
            raise InvalidRequest("timestamp_granularities must be word or segment.")
        check_prompt(self.asked_prompt, "prompt and keywords")
        self.check_file()
        return parse_lang_code(self.language or (self.languages[0] if len(self.languages) == 1 else ""), "language")

    @property
    def asked_prompt(self) -> str:
        return " ".join(filter(None, (self.prompt, ", ".join(self.keywords))))


@router.post(
    "/stt/v1/transcribe",
    summary="Write down what is said",
    tags=["listening"],
    response_model_exclude_unset=True,
    response_class=JsonReply,
)
async def transcribe(
    asker: Listener, message: Annotated[TranscribeRequest, Depends(JsonBody(TranscribeRequest, is_large=True))]
) -> TranscribeReply:
    """The words of a recording, each with its time if that is asked for."""
    config, recording = message.check()
    lang = parse_lang_code(config.language, "language")
    transcript = await transcribe_along(asker, recording, lang, config.model_id, config.prompt)
    return TranscribeReply.of(transcript, config, is_strict=asker.is_strict)


@router.post(
    "/v1/audio/transcriptions",
    tags=["openai"],
    summary="Write down what is said (OpenAI's form)",
    responses=content_of({"application/json": "JSON,", "text/plain": "text or subtitles,", EVENTS: "or events."}),
)
async def create_transcription(
    asker: Listener, message: Annotated[TranscriptionRequest, Depends(FormBody(TranscriptionRequest, _LISTS))]
) -> Response:
    """The words of a recording, with times if they are asked for."""
    lang = message.check()
    if message.is_stream:
        return await _stream(asker, message, lang)
    transcript = await transcribe_along(asker, message.file, lang, message.model, message.asked_prompt)
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
    asker: Asker, recording: bytes, lang: LangCode | None, model: str, prompt: str
) -> Transcript:
    """The use case, noted in the record, for as long as the client waits. Raises: what the use case raises."""
    record = asker.record
    record.model, record.num_samples = model, 1
    transcript = await asker.wait_for(asker.services.transcribe_speech(recording, lang, prompt))
    record.lang = transcript.lang.value if transcript.lang is not None else ""
    return transcript


async def _stream(asker: Asker, message: TranscriptionRequest, lang: LangCode | None) -> Response:
    """Raises: what is wrong with the recording, while there is a status to tell it."""
    record = asker.record
    record.model, record.num_samples = message.model, 1
    transcribe = asker.services.transcribe_speech
    found = await asker.wait_for(transcribe.find(message.file))

    async def hear() -> AsyncGenerator[JsonObject, None]:
        transcript = Transcript(lang, found.duration_s, ())
        async with aclosing(transcribe.hear(found, lang, message.asked_prompt)) as passages:
            async for passage in passages:
                told = transcript.text
                transcript = replace(transcript, lang=passage.lang, passages=(*transcript.passages, passage))
                yield {"type": "transcript.text.delta", "delta": transcript.text[len(told) :]}
        record.lang = transcript.lang.value if transcript.lang is not None else ""
        yield {"type": "transcript.text.done", "text": transcript.text, "usage": _usage(transcript)}

    return await asker.pull(event_lines(hear(), record), EVENTS)


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
