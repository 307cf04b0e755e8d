"""What was heard, as Inworld's clients read it (wire-contract.md#stt)."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PlainSerializer

from myna.domain.transcript import HeardPassage, Transcript
from myna.http.reply import LEFT_OUT, Reply
from myna.http.stt_request import StreamConfigMessage, TranscribeConfigMessage
from myna.text.languages.registry import open_language
from myna.usecases.listen_live import Turn

_Ms = Annotated[int, BeforeValidator(lambda time_s: round(time_s * 1000))]
"""Made of seconds."""
_LongMs = Annotated[_Ms, PlainSerializer(str)]
"""64 bits: a string in protobuf-JSON."""


class WordTimestampReply(Reply):
    # Made of a `HeardWord`.
    word: Annotated[str, Field(validation_alias="text"), BeforeValidator(str.strip)]
    start_time_ms: Annotated[_Ms, Field(validation_alias="start_s")]
    end_time_ms: Annotated[_Ms, Field(validation_alias="end_s")]
    confidence: float
    """0 to 1."""


class TranscriptionReply(Reply):
    transcript: str
    is_final: bool
    word_timestamps: list[WordTimestampReply]
    """Empty unless asked for."""
    language: str | None = None
    """Extra: BCP-47, heard or given; absent if nothing was said and none was given."""


class SttUsageReply(Reply):
    transcribed_audio_ms: _Ms
    model_id: str


class TranscribeReply(Reply):
    transcription: TranscriptionReply
    usage: SttUsageReply

    @classmethod
    def of(cls, transcript: Transcript, config: TranscribeConfigMessage, *, is_strict: bool) -> Self:
        heard: dict[str, Any] = {"transcript": transcript.text, "is_final": True}
        heard["word_timestamps"] = transcript.words if config.include_word_timestamps else ()
        if transcript.lang is not None and not is_strict:
            heard["language"] = transcript.lang.bcp47
        usage = {"transcribed_audio_ms": transcript.duration_s, "model_id": config.model_id}
        return cls.model_validate({"transcription": heard, "usage": usage})


class HeardWordReply(WordTimestampReply):
    start_time_ms: Annotated[_LongMs, Field(validation_alias="start_s")]
    end_time_ms: Annotated[_LongMs, Field(validation_alias="end_s")]


class HeardSegmentReply(Reply):
    transcript: str
    start_time_ms: _LongMs
    end_time_ms: _LongMs
    word_timestamps: Annotated[list[HeardWordReply] | None, LEFT_OUT] = None
    """Only if asked for."""


class HeardUsageReply(SttUsageReply):
    transcribed_audio_ms: _LongMs


class HeardDocument(Reply):
    """What `resultUri` of `transcribe:async` gives."""

    transcript: str
    segments: list[HeardSegmentReply]
    language: Annotated[str | None, LEFT_OUT] = None
    """Its English name; absent if nothing was said and none was given."""
    usage: HeardUsageReply

    @classmethod
    def of(cls, transcript: Transcript, config: TranscribeConfigMessage) -> Self:
        segments = [
            {
                "transcript": passage.text,
                "start_time_ms": passage.words[0].start_s,
                "end_time_ms": passage.words[-1].end_s,
                "word_timestamps": passage.words if config.include_word_timestamps else None,
            }
            for passage in transcript.passages
        ]
        language = open_language(transcript.lang).english_name if transcript.lang is not None else None
        usage = {"transcribed_audio_ms": transcript.duration_s, "model_id": config.model_id}
        return cls.model_validate(
            {"transcript": transcript.text, "segments": segments, "language": language, "usage": usage}
        )


def streamed_transcription(
    heard: HeardPassage | None, turn: Turn, config: StreamConfigMessage, *, is_strict: bool
) -> dict[str, Any]:  # Any: a JSON object
    """`transcription` on the socket: times in both units, since clients read either."""
    words = heard.words if heard is not None and config.include_word_timestamps else ()
    return {
        "transcript": heard.text if heard is not None else "",
        "isFinal": turn.is_final,
        "wordTimestamps": [
            WordTimestampReply.model_validate(word).to_wire() | {"startTime": word.start_s, "endTime": word.end_s}
            for word in words
        ],
        **({} if is_strict or heard is None else {"language": heard.lang.bcp47}),
    }
