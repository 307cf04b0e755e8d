"""Speech in replies (wire-contract.md#speech and #timestamps), for the description: endpoints write it directly."""

from typing import Any

from myna.http.reply import Base64, Reply


class UsageReply(Reply):
    processed_characters_count: int
    """All of the text in the first piece, 0 afterwards."""
    model_id: str


class PhoneReply(Reply):
    phone_symbol: str
    start_time_seconds: float
    duration_seconds: float
    viseme_symbol: str


class PhoneticDetailReply(Reply):
    word_index: int
    phones: list[PhoneReply]
    is_partial: bool


class WordAlignmentReply(Reply):
    words: list[str]
    word_start_time_seconds: list[float]
    word_end_time_seconds: list[float]
    phonetic_details: list[PhoneticDetailReply]


class CharacterAlignmentReply(Reply):
    characters: list[str]
    character_start_time_seconds: list[float]
    character_end_time_seconds: list[float]


class VisemeReply(Reply):
    viseme_symbol: str
    """`sil PP FF TH DD kk CH SS nn RR aa E ih oh ou`."""
    start_time_seconds: float
    duration_seconds: float


class LipsyncAlignmentReply(Reply):
    """One shape after the other without gaps; empty where the engine knows no phones."""

    visemes: list[VisemeReply]


class TimestampInfoReply(Reply):
    """What was asked for."""

    word_alignment: WordAlignmentReply | None = None
    character_alignment: CharacterAlignmentReply | None = None
    lipsync_alignment: LipsyncAlignmentReply | None = None


class SpeechReplyMessage(Reply):
    audio_content: Base64
    usage: UsageReply | None
    timestamp_info: TimestampInfoReply | None


class SpeechLineReply(Reply):
    """One line of a stream; a failure in the middle is a line with `error` in place of `result`."""

    result: SpeechReplyMessage | None = None
    error: dict[str, Any] | None = None  # Any: the body of `ErrorReply`


class PreviewReply(Reply):
    audio_content: Base64
    """Base64 MP3."""
