"""Synthesis on the wire (wire-contract.md#speech): one set of fields for the reply, the stream and the socket."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field

from myna.domain.errors import InvalidRequest
from myna.domain.language import LangCode, parse_lang_code
from myna.domain.speech import SAMPLE_RATES_HZ, AudioEncoding, AudioFormat, TimestampKind
from myna.domain.voice import VoiceId, WorkspaceId
from myna.http.proto_json import Float, Int, ProtoMessage, Text, known_member
from myna.http.schemas import Reply
from myna.http.voice_ids import read_voice_id
from myna.usecases.models import check_model
from myna.usecases.synthesize_speech import SpeakCommand

_DEFAULT_FORMAT = AudioFormat()
_COMPANDED = (AudioEncoding.ALAW, AudioEncoding.MULAW)
_COMPANDED_RATE_HZ = 8000
_MIN_SPEAKING_RATE, _MAX_SPEAKING_RATE = 0.5, 1.5
_MAX_TEMPERATURE = 2.0
_MAX_BIT_RATE_BPS = 512_000
"""Source: wire-contract.md#speech. Within these the encoder takes the nearest that the format has."""
_MAX_SEED = 2**63 - 1
_DESIGN_MODEL = "inworld-tts-2"
_MIN_DESIGN_PROMPT_CHARS, _MAX_DESIGN_PROMPT_CHARS = 7, 1024
"""Source: wire-contract.md#speech."""


class TimestampTransport(StrEnum):
    """SYNC: timestamps come with their audio. ASYNC: in messages of their own, after it."""

    SYNC = "SYNC"
    ASYNC = "ASYNC"


class Normalization(StrEnum):
    ON = "ON"
    OFF = "OFF"


class DeliveryMode(StrEnum):
    STABLE = "STABLE"
    BALANCED = "BALANCED"
    CREATIVE = "CREATIVE"
    EXPRESSIVE = "EXPRESSIVE"


class AudioConfigMessage(ProtoMessage):
    """How the audio leaves; absent: MP3, 48 kHz, 128 kbit/s."""

    audio_encoding: Annotated[AudioEncoding | None, BeforeValidator(known_member(AudioEncoding))] = None
    sample_rate_hertz: Annotated[Int, Field(description="8000 16000 22050 24000 32000 44100 48000; 0: default.")] = 0
    bit_rate: Annotated[Int, Field(description="MP3 and OGG_OPUS, bit/s; 0: 128000.")] = 0
    speaking_rate: Annotated[Float, Field(description="0.5 to 1.5; 0: 1.")] = 0.0

    def to_format(self) -> AudioFormat:
        """Raises: InvalidRequest."""
        encoding = self.audio_encoding or _DEFAULT_FORMAT.encoding
        rate_hz = self.sample_rate_hertz
        if not rate_hz:
            rate_hz = _COMPANDED_RATE_HZ if encoding in _COMPANDED else _DEFAULT_FORMAT.sample_rate_hz
        if rate_hz not in SAMPLE_RATES_HZ:
            known = ", ".join(str(rate) for rate in SAMPLE_RATES_HZ)
            raise InvalidRequest(f"sampleRateHertz is not supported. Use one of {known}.")
        bit_rate_bps = self.bit_rate or _DEFAULT_FORMAT.bit_rate_bps
        if not 0 < bit_rate_bps <= _MAX_BIT_RATE_BPS:
            raise InvalidRequest("bitRate is out of range. Use 32000 to 320000 bits per second.")
        return AudioFormat(encoding, rate_hz, bit_rate_bps)

    def to_speaking_rate(self) -> float:
        """Raises: InvalidRequest."""
        rate = self.speaking_rate or 1.0
        if not _MIN_SPEAKING_RATE <= rate <= _MAX_SPEAKING_RATE:
            raise InvalidRequest(
                f"speakingRate is out of range. Use {_MIN_SPEAKING_RATE:g} to {_MAX_SPEAKING_RATE:g}; 1 is normal."
            )
        return rate


class LipsyncMessage(ProtoMessage):
    """Answered with an empty list: what its entries look like is not published. `phoneticDetails` has mouth shapes."""

    viseme_set: Text = ""


class SpokenDesignMessage(ProtoMessage):
    """A voice for this request alone: nothing is kept. The same description and `seed` are the same voice."""

    design_prompt: Annotated[Text, Field(description="7 to 1024 characters, in English.")] = ""

    def check(self, voice_id: str, model_id: str) -> None:
        """Raises: InvalidRequest."""
        if voice_id:
            raise InvalidRequest("voiceId and voiceDesign cannot both be set. Send one of them.")
        if model_id != _DESIGN_MODEL:
            raise InvalidRequest(f"voiceDesign needs model {_DESIGN_MODEL}.")
        if not _MIN_DESIGN_PROMPT_CHARS <= len(self.design_prompt.strip()) <= _MAX_DESIGN_PROMPT_CHARS:
            raise InvalidRequest(
                f"voiceDesign.designPrompt must have {_MIN_DESIGN_PROMPT_CHARS} to {_MAX_DESIGN_PROMPT_CHARS} "
                "characters. Describe the voice: age, sex, pitch, pace, character, accent."
            )


class SpeechSettings(ProtoMessage):
    """Everything of a synthesis request but the text: what a socket's `create` holds."""

    voice_id: Annotated[Text, Field(description="Required, unless `voiceDesign` is there.")] = ""
    voice_design: SpokenDesignMessage | None = None
    model_id: Text = ""
    audio_config: AudioConfigMessage = AudioConfigMessage()
    temperature: Annotated[Float, Field(description="(0, 2]; 0: default.")] = 0.0
    language: Annotated[Text, Field(description="BCP-47; absent: heard from the text.")] = ""
    delivery_mode: Annotated[DeliveryMode | None, BeforeValidator(known_member(DeliveryMode))] = None
    timestamp_type: Annotated[TimestampKind | None, BeforeValidator(known_member(TimestampKind))] = None
    timestamp_transport_strategy: Annotated[
        TimestampTransport | None, BeforeValidator(known_member(TimestampTransport))
    ] = None
    apply_text_normalization: Annotated[Normalization | None, BeforeValidator(known_member(Normalization))] = None
    lipsync_config: LipsyncMessage | None = None
    seed: Annotated[Int, Field(description="Extra: same seed, same speech.")] = 0

    @property
    def asked_design(self) -> SpokenDesignMessage | None:
        """What the voice is made from; beside a voice's id an empty description counts as absent
        (wire-contract.md#json)."""
        design = self.voice_design
        return None if design is None or (self.voice_id and not design.design_prompt) else design

    def to_wish(self) -> "SpeechWish":
        """Raises: InvalidRequest, ModelUnsupported, LanguageUnsupported."""
        model_id = check_model(self.model_id)
        design = self.asked_design
        if design is not None:
            design.check(self.voice_id, model_id)
        voice_id = read_voice_id(self.voice_id) if design is None else VoiceId("")
        if not 0 <= self.temperature <= _MAX_TEMPERATURE:
            raise InvalidRequest(f"temperature is out of range. Use up to {_MAX_TEMPERATURE:g}; 0 is the default.")
        if not -_MAX_SEED <= self.seed <= _MAX_SEED:
            raise InvalidRequest("seed is out of range. Use a 64-bit number.")
        viseme_set = self.lipsync_config.viseme_set if self.lipsync_config is not None else ""
        if viseme_set not in ("", "OPENXR") and not viseme_set.endswith("_UNSPECIFIED"):
            raise InvalidRequest("lipsyncConfig.visemeSet must be OPENXR.")
        normalization = self.apply_text_normalization
        return SpeechWish(
            voice_id=voice_id,
            model_id=model_id,
            audio_format=self.audio_config.to_format(),
            lang=parse_lang_code(self.language, "language"),
            speaking_rate=self.audio_config.to_speaking_rate(),
            temperature=self.temperature or 1.0,
            seed=self.seed,
            normalize_text=None if normalization is None else normalization is Normalization.ON,
            timestamps=self.timestamp_type,
            is_async=self.timestamp_transport_strategy is TimestampTransport.ASYNC,
            has_lipsync=self.lipsync_config is not None,
            design_prompt=design.design_prompt.strip() if design is not None else "",
        )


class SpeakRequest(SpeechSettings):
    """What to say, and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "required": ["text", "modelId"],
            "example": {
                "text": "Hello, world!",
                "voiceId": "Dennis",
                "modelId": "inworld-tts-1.5-max",
                "audioConfig": {"audioEncoding": "MP3", "sampleRateHertz": 48000, "bitRate": 128000},
                "timestampType": "WORD",
            },
        }
    )

    text: Text = ""


@dataclass(frozen=True, slots=True)
class SpeechWish:
    """Checked settings of one request or one context."""

    voice_id: VoiceId
    model_id: str
    audio_format: AudioFormat
    lang: LangCode | None
    speaking_rate: float
    temperature: float
    seed: int
    normalize_text: bool | None
    timestamps: TimestampKind | None
    is_async: bool
    """Timestamps come in messages of their own."""
    has_lipsync: bool = False
    """`lipsyncAlignment` is wanted."""
    design_prompt: str = ""
    """What the voice is made from, if it is not one that exists."""

    def to_command(self, workspace: WorkspaceId, text: str, *, is_stream: bool) -> SpeakCommand:
        return SpeakCommand(
            workspace=workspace,
            voice_id=self.voice_id,
            text=text,
            model_id=self.model_id,
            audio_format=self.audio_format,
            lang=self.lang,
            speaking_rate=self.speaking_rate,
            temperature=self.temperature,
            seed=self.seed,
            normalize_text=self.normalize_text,
            timestamps=self.timestamps,
            is_stream=is_stream,
            design_prompt=self.design_prompt,
        )


# --- replies (for the description; the endpoints write them directly) ----------------------------------------------


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


class LipsyncAlignmentReply(Reply):
    """Always empty: what its entries look like is not published."""

    visemes: list[dict[str, Any]]  # Any: not published


class TimestampInfoReply(Reply):
    """What was asked for."""

    word_alignment: WordAlignmentReply | None = None
    character_alignment: CharacterAlignmentReply | None = None
    lipsync_alignment: LipsyncAlignmentReply | None = None


class SpeechReplyMessage(Reply):
    audio_content: Annotated[str, Field(json_schema_extra={"format": "byte"})]
    usage: UsageReply | None
    timestamp_info: TimestampInfoReply | None


class SpeechLineReply(Reply):
    """One line of a stream; a failure in the middle is a line with `error` in place of `result`."""

    result: SpeechReplyMessage | None = None
    error: dict[str, Any] | None = None  # Any: the body of `ErrorReply`


class PreviewReply(Reply):
    audio_content: Annotated[str, Field(json_schema_extra={"format": "byte"})]
    """Base64 MP3."""
