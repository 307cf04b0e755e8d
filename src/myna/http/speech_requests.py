"""What is asked of synthesis (wire-contract.md#speech): one set of fields for the reply, the stream and the socket."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AliasChoices, Field

from myna.domain.errors import InvalidRequest
from myna.domain.language import parse_lang_code
from myna.domain.speech import AudioEncoding, AudioFormat, TimestampKind
from myna.domain.voice import VoiceId, WorkspaceId
from myna.http.proto_message import Flag, Float, Int, Known, ProtoMessage, ProtoQuery, Text
from myna.usecases.models import DEFAULT_MODEL
from myna.usecases.speak_command import SpeakCommand

_DEFAULT_FORMAT = AudioFormat()
_COMPANDED = (AudioEncoding.ALAW, AudioEncoding.MULAW)
_COMPANDED_RATE_HZ = 8000


ModelId = Annotated[Text, AfterValidator(lambda model_id: model_id or DEFAULT_MODEL)]


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

    audio_encoding: Known[AudioEncoding] = None
    sample_rate_hertz: Annotated[Int, Field(description="8000 16000 22050 24000 32000 44100 48000; 0: default.")] = 0
    bit_rate: Annotated[Int, Field(description="MP3 and OGG_OPUS, bit/s; 0: 128000.")] = 0
    speaking_rate: Annotated[Float, Field(description="0.5 to 1.5; 0: 1.")] = 0.0

    def to_format(self) -> AudioFormat:
        encoding = self.audio_encoding or _DEFAULT_FORMAT.encoding
        usual_hz = _COMPANDED_RATE_HZ if encoding in _COMPANDED else _DEFAULT_FORMAT.sample_rate_hz
        return AudioFormat(encoding, self.sample_rate_hertz or usual_hz, self.bit_rate or _DEFAULT_FORMAT.bit_rate_bps)


class LipsyncMessage(ProtoMessage):
    """Turns on `timestampInfo.lipsyncAlignment`, with or without timestamps."""

    viseme_set: Text = ""


class DictionaryLocatorMessage(ProtoMessage):
    dictionary: Annotated[Text, Field(description="workspaces/{workspace}/pronunciationDictionaries/{uuid}.")] = ""


class DictionarySettingsMessage(ProtoMessage):
    """With `inworld-tts-2` and `-flash`; the other models ignore it."""

    dictionaries: Annotated[
        list[DictionaryLocatorMessage], Field(description="1 to 3; of two for one word the first counts.")
    ] = []  # noqa: RUF012


class SpokenDesignMessage(ProtoMessage):
    """A voice for this request alone: nothing is kept. The same description and `seed` are the same voice."""

    design_prompt: Annotated[Text, Field(description="7 to 1024 characters, in English.")] = ""


class SpeechSettings(ProtoMessage):
    """Everything of a synthesis request but the text: what a socket's `create` holds."""

    without_effect = frozenset({"delivery_mode", "synthesis_context", "enhance_generation"})

    voice_id: Annotated[Text, Field(description="Required, unless `voiceDesign` is there.")] = ""
    voice_design: SpokenDesignMessage | None = None
    model_id: ModelId = DEFAULT_MODEL
    audio_config: AudioConfigMessage = AudioConfigMessage()
    temperature: Annotated[Float, Field(description="(0, 2]; 0: default.")] = 0.0
    language: Annotated[Text, Field(description="BCP-47; absent: heard from the text.")] = ""
    delivery_mode: Known[DeliveryMode] = None
    timestamp_type: Known[TimestampKind] = None
    timestamp_transport_strategy: Known[TimestampTransport] = None
    apply_text_normalization: Known[Normalization] = None
    lipsync_config: LipsyncMessage | None = None
    pronunciation_dictionary_settings: DictionarySettingsMessage | None = None
    enable_custom_pronunciation: Annotated[
        Flag | None, Field(description="Use the workspace's oldest dictionary; never beside the field above.")
    ] = None
    seed: Annotated[Int, Field(description="Extra: same seed, same speech.")] = 0

    @property
    def asked_design(self) -> SpokenDesignMessage | None:
        """The voice's source; beside an id an empty description counts as absent (wire-contract.md#json)."""
        design = self.voice_design
        return None if design is None or (self.voice_id and not design.design_prompt) else design

    def to_command(self, workspace: WorkspaceId, text: str = "", *, is_stream: bool = True) -> SpeakCommand:
        """Raises: InvalidRequest, LanguageUnsupported for what the use case knows nothing of."""
        viseme_set = self.lipsync_config.viseme_set if self.lipsync_config is not None else ""
        if viseme_set not in ("", "OPENXR") and not viseme_set.endswith("_UNSPECIFIED"):
            raise InvalidRequest("lipsyncConfig.visemeSet must be OPENXR.")
        design, dictionaries = self.asked_design, self.pronunciation_dictionary_settings
        if dictionaries is not None and self.enable_custom_pronunciation is not None:
            raise InvalidRequest(
                "pronunciationDictionarySettings and enableCustomPronunciation cannot both be set. Send one of them."
            )
        return SpeakCommand(
            workspace=workspace,
            voice_id=VoiceId(self.voice_id),
            text=text,
            model_id=self.model_id,
            audio_format=self.audio_config.to_format(),
            lang=parse_lang_code(self.language, "language"),
            speaking_rate=self.audio_config.speaking_rate or 1.0,
            temperature=self.temperature,
            seed=self.seed,
            normalize_text=self.apply_text_normalization is not Normalization.OFF,
            is_stream=is_stream,
            uses_dictionaries=dictionaries is not None or self.enable_custom_pronunciation is True,
            dictionaries=tuple(each.dictionary for each in dictionaries.dictionaries) if dictionaries else None,
            design_prompt=design.design_prompt.strip() if design is not None else None,
        )


class SpeakRequest(SpeechSettings):
    """What to say, and how."""

    text: Text = ""


class PreviewQuery(ProtoQuery):
    """Which voice to hear."""

    voice_id: Annotated[str, Field(validation_alias=AliasChoices("voice_id", "voiceId"), description="The voice.")] = ""
    model_id: Annotated[
        ModelId, Field(validation_alias=AliasChoices("model_id", "modelId"), description="Any known model.")
    ] = DEFAULT_MODEL
