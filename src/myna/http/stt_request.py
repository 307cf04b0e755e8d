"""The fields of `POST /stt/v1/transcribe` (wire-contract.md#stt)."""

import math
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from myna.domain.errors import InvalidRequest
from myna.http.proto_message import Base64Bytes, FileBytes, Flag, Float, Int, Known, ProtoMessage, Text, as_object
from myna.usecases.transcribe_speech import MAX_READ_CHANNELS, MAX_READ_RATE_HZ, MIN_READ_RATE_HZ, check_prompt

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


_DEFAULT_RATE_HZ = 16_000
_MAX_STREAM_RATE_HZ, _MAX_STREAM_CHANNELS = 48_000, 2
_DEFAULT_SILENCE_MS, _MIN_SILENCE_MS, _MAX_SILENCE_MS = 700, 500, 5_000
"""Clients ask for 200 ms "when confident": nothing aboard is, and people pause that long between words."""
_MAX_INACTIVITY_S = 86_400.0


class SttEncoding(StrEnum):
    LINEAR16 = "LINEAR16"
    MP3 = "MP3"
    OGG_OPUS = "OGG_OPUS"
    FLAC = "FLAC"
    MULAW = "MULAW"
    ALAW = "ALAW"
    AUTO_DETECT = "AUTO_DETECT"


class TranscribeConfigMessage(ProtoMessage):
    """What is spoken, and what is wanted."""

    max_rate_hz: ClassVar[int] = MAX_READ_RATE_HZ
    max_channels: ClassVar[int] = MAX_READ_CHANNELS

    model_id: Annotated[Text, Field(description="Required: inworld/inworld-stt-1 or another of Inworld's.")] = ""
    audio_encoding: Annotated[
        Known[SttEncoding], Field(description="Taken, without effect: the format is recognised from the bytes.")
    ] = None
    sample_rate_hertz: Annotated[Int, Field(description="As `audioEncoding`; one that a recording can have.")] = 0
    number_of_channels: Annotated[Int, Field(description="As `sampleRateHertz`.")] = 0
    language: Annotated[Text, Field(description="BCP-47; absent: heard.")] = ""
    include_word_timestamps: Annotated[Flag, Field(description="Fill `wordTimestamps`.")] = False
    prompts: Annotated[list[Text], Field(description="Names and words that may be said.")] = []  # noqa: RUF012
    enable_speaker_diarization: Annotated[Flag, Field(description="Only false.")] = False

    @property
    def prompt(self) -> str:
        return ", ".join(self.prompts)

    @property
    def raw_form(self) -> tuple[int, int] | None:
        """Rate and channels of samples without a header, if they may come so."""
        is_raw = self.audio_encoding is SttEncoding.LINEAR16 and self.sample_rate_hertz > 0
        return (self.sample_rate_hertz, self.number_of_channels or 1) if is_raw else None

    def check(self) -> None:
        """Raises: InvalidRequest, in the words of the original."""
        if not self.model_id:
            raise InvalidRequest("invalid transcribe config: model_id is required")
        if self.model_id not in STT_MODELS:
            raise InvalidRequest(
                f'Unsupported model "{self.model_id[:64]}". Supported models: {", ".join(sorted(STT_MODELS))}'
            )
        if self.enable_speaker_diarization:
            raise InvalidRequest("enable_speaker_diarization is not supported. Leave it out.")
        if self.sample_rate_hertz and not MIN_READ_RATE_HZ <= self.sample_rate_hertz <= self.max_rate_hz:
            raise InvalidRequest(f"sampleRateHertz is out of range. Use {MIN_READ_RATE_HZ} to {self.max_rate_hz}.")
        if not 0 <= self.number_of_channels <= self.max_channels:
            raise InvalidRequest(f"numberOfChannels is out of range. Use 1 to {self.max_channels}.")
        check_prompt(self.prompt, "prompts")


class TurnConfigMessage(ProtoMessage):
    """When a turn is over; other fields are taken, without effect."""

    vad_threshold: Annotated[Float, Field(ge=0, le=1, description="0: only `endTurn` ends a turn.")] | None = None
    min_end_of_turn_silence_when_confident: Annotated[
        Int, Field(ge=0, description="ms; brought into 500 to 5000, default 700.")
    ] = 0
    max_turn_silence: Annotated[Int, Field(ge=0, description="ms; if the one above is not there.")] = 0
    prompt: Text = ""


class SonioxContextMessage(ProtoMessage):
    text: Text = ""
    terms: list[Text] = []  # noqa: RUF012


class SonioxConfigMessage(ProtoMessage):
    """As far as there is something like it aboard."""

    language_hints: list[Text] = []  # noqa: RUF012
    max_endpoint_delay_ms: Annotated[Int, Field(ge=0)] = 0
    context: SonioxContextMessage = SonioxContextMessage()


class StreamConfigMessage(TranscribeConfigMessage):
    """What the listening socket is opened with."""

    max_rate_hz = _MAX_STREAM_RATE_HZ
    max_channels = _MAX_STREAM_CHANNELS

    inactivity_timeout_seconds: Annotated[
        Float, Field(ge=0, le=_MAX_INACTIVITY_S, description="Of silence, then the stream is closed; 0: never.")
    ] = 0.0
    inworld_stt_v1_config: TurnConfigMessage | None = None
    assemblyai_config: TurnConfigMessage | None = None
    soniox_config: SonioxConfigMessage = SonioxConfigMessage()

    @property
    def _turn(self) -> TurnConfigMessage:
        return self.inworld_stt_v1_config or self.assemblyai_config or TurnConfigMessage()

    @property
    def prompt(self) -> str:
        context = self.soniox_config.context
        return " ".join(filter(None, (self._turn.prompt, context.text, ", ".join([*self.prompts, *context.terms]))))

    @property
    def asked_language(self) -> str:
        hints = self.soniox_config.language_hints
        return self.language or (hints[0] if len(hints) == 1 else "")

    @property
    def rate_hz(self) -> int:
        return self.sample_rate_hertz or _DEFAULT_RATE_HZ

    @property
    def silence_s(self) -> float:
        """How long nobody speaks when a turn is over; infinite if the client ends turns."""
        turn = self._turn
        if turn.vad_threshold == 0:
            return math.inf
        named_ms = turn.min_end_of_turn_silence_when_confident or turn.max_turn_silence
        asked_ms = named_ms or self.soniox_config.max_endpoint_delay_ms or _DEFAULT_SILENCE_MS
        return min(max(asked_ms, _MIN_SILENCE_MS), _MAX_SILENCE_MS) / 1000

    def check_stream(self) -> None:
        """Raises: InvalidRequest."""
        self.check()
        if self.audio_encoding not in (None, SttEncoding.LINEAR16, SttEncoding.AUTO_DETECT):
            raise InvalidRequest("audioEncoding must be LINEAR16 on the stream: 16-bit samples without a header.")


class AudioDataMessage(ProtoMessage):
    content: Annotated[Base64Bytes, Field(description="WAV, MP3, FLAC, OGG, WebM/Opus or M4A in base64.")] = b""


class TranscribeRequest(ProtoMessage):
    """A recording, and how it is to be heard."""

    without_effect = frozenset({"transcribe_config.voice_profile_config"})

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


class AsyncTranscribeRequest(TranscribeRequest):
    """The same, also as a form of `transcribeConfig` (JSON) and `file`."""

    transcribe_config: Annotated[
        TranscribeConfigMessage | None, BeforeValidator(as_object, json_schema_input_type=TranscribeConfigMessage)
    ] = None
    file: FileBytes = b""
    audio_uri: Annotated[Text, Field(description="Refused: this server fetches nothing.")] = ""

    def check(self) -> tuple[TranscribeConfigMessage, bytes]:
        """Raises: InvalidRequest."""
        if self.audio_uri:
            raise InvalidRequest("audio_uri is not supported: this server fetches nothing. Send the recording itself.")
        if self.file:
            if self.audio_data is not None:
                raise InvalidRequest("file and audio_data are both there. Send the recording once.")
            return self.model_copy(
                update={"file": b"", "audio_data": AudioDataMessage.model_construct(content=self.file)}
            ).check()
        return super().check()
