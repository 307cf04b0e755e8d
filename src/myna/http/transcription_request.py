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

    without_effect = frozenset({"temperature", "include", "chunking_strategy", "known_speaker_names"})

    file: AudioFile = b""
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
    def asked_language(self) -> str:
        return self.language or (self.languages[0] if len(self.languages) == 1 else "")

    @property
    def asked_prompt(self) -> str:
        return " ".join(filter(None, (self.prompt, ", ".join(self.keywords))))
