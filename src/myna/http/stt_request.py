"""The fields of `POST /stt/v1/transcribe` (wire-contract.md#stt)."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from myna.domain.errors import InvalidRequest
from myna.http.proto_message import Base64Bytes, Flag, Int, Known, ProtoMessage, Text

STT_MODELS = frozenset(
    {
        "inworld/inworld-stt-1",
        "groq/whisper-large-v3",
        "groq/whisper-large-v3-turbo",
        "assemblyai/universal-streaming-english",
        "assemblyai/universal-streaming-multilingual",
        "assemblyai/u3-rt-pro",
        "assemblyai/whisper-rt",
        "soniox/stt-rt-v4",
    }
)
"""All are the recogniser aboard. Source: Inworld's documentation and the clients that are named in clients.md."""


class SttEncoding(StrEnum):
    LINEAR16 = "LINEAR16"
    MP3 = "MP3"
    OGG_OPUS = "OGG_OPUS"
    FLAC = "FLAC"
    AUTO_DETECT = "AUTO_DETECT"


class TranscribeConfigMessage(ProtoMessage):
    """What is spoken, and what is wanted; `prompts` and `voiceProfileConfig` are taken, without effect."""

    model_id: Annotated[Text, Field(description="Required: inworld/inworld-stt-1 or another of Inworld's.")] = ""
    audio_encoding: Annotated[
        Known[SttEncoding], Field(description="Taken, without effect: the format is recognised from the bytes.")
    ] = None
    sample_rate_hertz: Annotated[Int, Field(description="As `audioEncoding`.")] = 0
    number_of_channels: Annotated[Int, Field(description="As `audioEncoding`.")] = 0
    language: Annotated[Text, Field(description="BCP-47; absent: heard.")] = ""
    include_word_timestamps: Annotated[Flag, Field(description="Fill `wordTimestamps`.")] = False

    def check(self) -> None:
        """Raises: InvalidRequest, in the words of the original."""
        if not self.model_id:
            raise InvalidRequest("invalid transcribe config: model_id is required")
        if self.model_id not in STT_MODELS:
            raise InvalidRequest(
                f'Unsupported model "{self.model_id[:64]}". Supported models: {", ".join(sorted(STT_MODELS))}'
            )


class AudioDataMessage(ProtoMessage):
    content: Annotated[
        Base64Bytes,
        Field(description="WAV, MP3, FLAC, OGG, WebM/Opus or M4A in base64.", json_schema_extra={"format": "byte"}),
    ] = b""


class TranscribeRequest(ProtoMessage):
    """A recording, and how it is to be heard."""

    model_config = ConfigDict(
        json_schema_extra={
            "required": ["transcribeConfig", "audioData"],
            "example": {
                "transcribeConfig": {
                    "modelId": "inworld/inworld-stt-1",
                    "audioEncoding": "AUTO_DETECT",
                    "language": "en-US",
                    "includeWordTimestamps": True,
                },
                "audioData": {"content": "<base64-audio-data>"},
            },
        }
    )

    transcribe_config: TranscribeConfigMessage | None = None
    audio_data: AudioDataMessage | None = None

    def check(self) -> tuple[TranscribeConfigMessage, bytes]:
        """Both parts, complete. Raises: InvalidRequest, in the words and the order of the original."""
        if self.audio_data is None:
            raise InvalidRequest("audio_data is required")
        if self.transcribe_config is None:
            raise InvalidRequest("invalid transcribe config: transcribe_config is required")
        self.transcribe_config.check()
        if not self.audio_data.content:
            raise InvalidRequest("audio data is required")
        return self.transcribe_config, self.audio_data.content
