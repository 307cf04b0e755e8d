"""What was heard, as Inworld's clients read it (wire-contract.md#stt)."""

from typing import Annotated, Any

from pydantic import PlainSerializer

from myna.domain.transcript import HeardPassage, HeardWord, Transcript
from myna.http.reply import Reply
from myna.http.stt_request import StreamConfigMessage, TranscribeConfigMessage
from myna.text.languages.registry import open_language
from myna.usecases.listen_live import Turn


class WordTimestampReply(Reply):
    word: str
    start_time_ms: int
    end_time_ms: int
    confidence: float
    """0 to 1."""

    @classmethod
    def of(cls, word: HeardWord) -> "WordTimestampReply":
        return cls(
            word=word.text.strip(),
            start_time_ms=round(word.start_s * 1000),
            end_time_ms=round(word.end_s * 1000),
            confidence=word.confidence,
        )


class TranscriptionReply(Reply):
    transcript: str
    is_final: bool
    word_timestamps: list[WordTimestampReply]
    """Empty unless asked for."""
    language: str | None = None
    """Extra: BCP-47, heard or given; absent if nothing was said and none was given."""


class SttUsageReply(Reply):
    transcribed_audio_ms: int
    model_id: str


class TranscribeReply(Reply):
    transcription: TranscriptionReply
    usage: SttUsageReply

    @classmethod
    def of(cls, transcript: Transcript, config: TranscribeConfigMessage, *, is_strict: bool) -> "TranscribeReply":
        words = transcript.words if config.include_word_timestamps else ()
        extra = {} if is_strict or transcript.lang is None else {"language": transcript.lang.bcp47}
        return cls(
            transcription=TranscriptionReply(
                transcript=transcript.text,
                is_final=True,
                word_timestamps=[WordTimestampReply.of(word) for word in words],
                **extra,
            ),
            usage=SttUsageReply(transcribed_audio_ms=round(transcript.duration_s * 1000), model_id=config.model_id),
        )


Milliseconds = Annotated[int, PlainSerializer(str)]
"""64 bits: a string in protobuf-JSON."""


class HeardWordReply(Reply):
    word: str
    start_time_ms: Milliseconds
    end_time_ms: Milliseconds
    confidence: float


class HeardSegmentReply(Reply):
    transcript: str
    start_time_ms: Milliseconds
    end_time_ms: Milliseconds
    word_timestamps: list[HeardWordReply] | None = None
    """Only if asked for."""


class HeardUsageReply(Reply):
    transcribed_audio_ms: Milliseconds
    model_id: str


class HeardDocument(Reply):
    """What `resultUri` of `transcribe:async` gives."""

    transcript: str
    segments: list[HeardSegmentReply]
    language: str | None = None
    """Its English name; absent if nothing was said and none was given."""
    usage: HeardUsageReply

    @classmethod
    def of(cls, transcript: Transcript, config: TranscribeConfigMessage) -> "HeardDocument":
        language = {} if transcript.lang is None else {"language": open_language(transcript.lang).english_name}
        segments = []
        for passage in transcript.passages:
            words = [HeardWordReply(**WordTimestampReply.of(word).model_dump()) for word in passage.words]
            times = {"start_time_ms": words[0].start_time_ms, "end_time_ms": words[-1].end_time_ms}
            asked = {"word_timestamps": words} if config.include_word_timestamps else {}
            segments.append(HeardSegmentReply.model_validate({"transcript": passage.text, **times, **asked}))
        usage = HeardUsageReply(transcribed_audio_ms=round(transcript.duration_s * 1000), model_id=config.model_id)
        return cls(transcript=transcript.text, segments=segments, usage=usage, **language)


def streamed_transcription(
    heard: HeardPassage | None, turn: Turn, config: StreamConfigMessage, *, is_strict: bool
) -> dict[str, Any]:  # Any: a JSON object
    """`transcription` on the socket: times in both units, since clients read either."""
    words = heard.words if heard is not None and config.include_word_timestamps else ()
    return {
        "transcript": heard.text if heard is not None else "",
        "isFinal": turn.is_final,
        "wordTimestamps": [
            WordTimestampReply.of(word).to_wire() | {"startTime": word.start_s, "endTime": word.end_s} for word in words
        ],
        **({} if is_strict or heard is None else {"language": heard.lang.bcp47}),
    }
