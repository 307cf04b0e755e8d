"""The fields of OpenAI's `POST /v1/audio/transcriptions` (wire-contract.md#transcriptions)."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from myna.http.openai_names import TRANSCRIPTION_MODELS
from myna.http.proto_message import FileBytes, ProtoMessage, Text


class TranscriptFormat(StrEnum):
    JSON = "json"
    TEXT = "text"
    VERBOSE_JSON = "verbose_json"
    SRT = "srt"
    VTT = "vtt"


AudioFile = Annotated[
    FileBytes,
    Field(description="WAV, MP3, FLAC, OGG, WebM/Opus or M4A.", json_schema_extra={"format": "binary"}),
]


class TranscriptionRequest(ProtoMessage):
    """A recording, and how its words are wanted."""

    file: AudioFile = b""
    model: Annotated[Text, Field(description="whisper-1 or another of OpenAI's.")] = TRANSCRIPTION_MODELS[0]
    language: Annotated[Text, Field(description="ISO 639-1 or BCP-47; absent: heard.")] = ""
    response_format: Annotated[TranscriptFormat, Field(description="json text verbose_json srt vtt")] = (
        TranscriptFormat.JSON
    )
    timestamp_granularities: Annotated[
        list[Text], Field(description="For verbose_json: `word`, `segment` (default) or both.")
    ] = ["segment"]  # noqa: RUF012  (pydantic copies defaults)
    prompt: Annotated[Text, Field(description="Taken, without effect.")] = ""
    temperature: Annotated[Text, Field(description="Taken, without effect.")] = ""
    stream: Annotated[Text, Field(description="Only false.")] = ""
