"""Frames of the speech socket (wire-contract.md#socket): what clients send, and how answers look."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field
from pydantic.alias_generators import to_camel

from myna.domain.errors import InvalidRequest
from myna.http.errors import Failure
from myna.http.proto_message import Flag, Int, Known, ProtoMessage, Text, check_message
from myna.http.reply import JsonObject
from myna.http.speech_requests import SpeechSettings

MAX_BUFFER_CHARS = 1000
"""Largest and default `bufferCharThreshold` (wire-contract.md#commands)."""
DEFAULT_BUFFER_DELAY_MS = 3000
"""Not documented; what the stock voice-agent client asks for (wire-contract.md#commands)."""
_MAX_BUFFER_DELAY_MS = 600_000
MAX_CONTEXT_ID_CHARS = 256

COMMANDS = ("create", "update_config", "send_text", "flush_context", "close_context", "cancel_context")
"""In the order in which they are obeyed, should a frame hold several."""


class AutoModeStrategy(StrEnum):
    CLIENT_SEGMENTED = "CLIENT_SEGMENTED"
    SENTENCE_BOUNDARY = "SENTENCE_BOUNDARY"


@dataclass(frozen=True, slots=True)
class Buffering:
    """When buffered text is spoken (wire-contract.md#buffering)."""

    max_delay_s: float
    """After its arrival; 0 for never."""
    char_threshold: int
    strategy: AutoModeStrategy | None
    """None: `autoMode` is off."""


class CreateContext(SpeechSettings):
    """`create`, and with every field optional `update_config`."""

    max_buffer_delay_ms: Annotated[Int, Field(description="0: only flush and close speak a short text.")] = (
        DEFAULT_BUFFER_DELAY_MS
    )
    buffer_char_threshold: Int = 0
    auto_mode: Flag = False
    auto_mode_strategy: Known[AutoModeStrategy] = None

    def to_buffering(self) -> "Buffering":
        """Raises: InvalidRequest."""
        if not 0 <= self.max_buffer_delay_ms <= _MAX_BUFFER_DELAY_MS:
            raise InvalidRequest(f"maxBufferDelayMs is out of range. Use 0 to {_MAX_BUFFER_DELAY_MS}.")
        threshold = self.buffer_char_threshold or MAX_BUFFER_CHARS
        if not 1 <= threshold <= MAX_BUFFER_CHARS:
            raise InvalidRequest(f"bufferCharThreshold is out of range. Use 1 to {MAX_BUFFER_CHARS}.")
        by_sentence = self.auto_mode_strategy is AutoModeStrategy.SENTENCE_BOUNDARY
        if by_sentence and self.model_id not in ("inworld-tts-2", "inworld-tts-2-flash"):
            raise InvalidRequest("autoModeStrategy SENTENCE_BOUNDARY needs model inworld-tts-2 or inworld-tts-2-flash.")
        strategy = self.auto_mode_strategy or AutoModeStrategy.CLIENT_SEGMENTED
        return Buffering(
            max_delay_s=self.max_buffer_delay_ms / 1000,
            char_threshold=threshold,
            strategy=strategy if self.auto_mode else None,
        )

    def to_echo(self) -> JsonObject:
        """What `contextCreated` repeats: the settings as they are in force."""
        audio_format = self.audio_config.to_format()
        normalization = self.apply_text_normalization
        design, dictionaries = self.asked_design, self.pronunciation_dictionary_settings
        return {
            "voiceId": self.voice_id,
            **({"voiceDesign": {"designPrompt": design.design_prompt}} if design is not None else {}),
            "audioConfig": {
                "audioEncoding": audio_format.encoding.value,
                "sampleRateHertz": audio_format.sample_rate_hz,
                "bitRate": audio_format.bit_rate_bps,
                "speakingRate": self.audio_config.speaking_rate or 1.0,
            },
            "modelId": self.model_id,
            "maxBufferDelayMs": self.max_buffer_delay_ms,
            "bufferCharThreshold": self.buffer_char_threshold or MAX_BUFFER_CHARS,
            "applyTextNormalization": normalization.value if normalization else "APPLY_TEXT_NORMALIZATION_UNSPECIFIED",
            "autoMode": self.auto_mode,
            "synthesisContext": None,
            "pronunciationDictionarySettings": dictionaries.model_dump(by_alias=True) if dictionaries else None,
        }


class SendText(ProtoMessage):
    text: Text = ""
    flush_context: dict[str, Any] | None = None  # Any: `{}` in practice


class FrameHead(ProtoMessage):
    """What every frame has."""

    context_id: Annotated[Text, Field(max_length=MAX_CONTEXT_ID_CHARS)] = ""


def find_command(fields: JsonObject, name: str) -> JsonObject | None:
    """The payload of a command under either of its names. Raises: InvalidRequest if it is not an object."""
    for spelling in (to_camel(name), name):
        payload = fields.get(spelling)
        if isinstance(payload, dict):
            return payload
        if payload is not None:
            raise InvalidRequest(f"{spelling}: must be an object.")
    return None


def updated(current: CreateContext, payload: JsonObject) -> CreateContext:
    """A context's settings after `update_config`: what was sent replaces the old. Raises: InvalidRequest."""
    change = check_message(payload, CreateContext)
    fields = {name: getattr(change, name) for name in change.model_fields_set}
    if "audio_config" in fields:
        audio = change.audio_config
        sent = {name: getattr(audio, name) for name in audio.model_fields_set}
        fields["audio_config"] = current.audio_config.model_copy(update=sent)
    if "voice_id" in fields:
        fields.setdefault("voice_design", None)
    elif "voice_design" in fields:
        fields["voice_id"] = ""
    if "pronunciation_dictionary_settings" in fields:
        fields.setdefault("enable_custom_pronunciation", None)
    elif "enable_custom_pronunciation" in fields:
        fields["pronunciation_dictionary_settings"] = None
    if fields.get("model_id", current.model_id) != current.model_id:
        raise InvalidRequest("The model of a context cannot change. Create another context.")
    return current.model_copy(update=fields)


_OK: JsonObject = {"code": 0, "message": "", "details": []}


def event_frame(context_id: str, event: str, payload: JsonObject) -> JsonObject:
    return {"result": {"contextId": context_id, event: payload, "status": _OK}}


def context_error_frame(context_id: str, failure: Failure) -> JsonObject:
    """Of one context; the socket and the context live on."""
    return {"result": {"contextId": context_id, "status": failure.body()}}


def socket_error_frame(failure: Failure) -> JsonObject:
    """Of no context in particular."""
    return {"error": failure.body()}


GARBAGE_FRAME: JsonObject = {
    "error": {
        "code": 3,
        "message": "invalid WebSocket request for the selected response protocol",
        "status": "INVALID_ARGUMENT",
    }
}
"""The answer to what is not a JSON object, or not text (wire-contract.md#commands)."""
