"""What ElevenLabs' clients send (elevenlabs.md), and the commands that are made of it."""

from contextlib import suppress
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from myna.domain.errors import InvalidRequest, LanguageUnsupported
from myna.domain.language import LangCode, parse_lang_code
from myna.domain.sample import SampleRequest
from myna.domain.speech import SAMPLE_RATES_HZ, AudioEncoding, AudioFormat
from myna.domain.voice import VoiceId, WorkspaceId
from myna.http.proto_message import FileBytes, Float, Int, ProtoMessage, ProtoQuery, Text, as_object
from myna.http.voice_requests import ConsentMessage, Description, DisplayName, Tags
from myna.usecases.clone_voice import CloneVoiceCommand
from myna.usecases.models import DEFAULT_MODEL
from myna.usecases.speak_command import SpeakCommand, SpeechForm

_MP3_HZ_KBPS = ((22050, 32), (24000, 48), (44100, 32), (44100, 64), (44100, 96), (44100, 128), (44100, 192))
_OPUS_KBPS = (32, 64, 96, 128, 192)
OUTPUT_FORMATS = {
    **{f"mp3_{hz}_{kbps}": AudioFormat(AudioEncoding.MP3, hz, kbps * 1000) for hz, kbps in _MP3_HZ_KBPS},
    **{f"opus_48000_{kbps}": AudioFormat(AudioEncoding.OGG_OPUS, 48000, kbps * 1000) for kbps in _OPUS_KBPS},
    **{f"pcm_{hz}": AudioFormat(AudioEncoding.PCM, hz) for hz in SAMPLE_RATES_HZ},
    **{f"wav_{hz}": AudioFormat(AudioEncoding.WAV, hz) for hz in SAMPLE_RATES_HZ},
    "ulaw_8000": AudioFormat(AudioEncoding.MULAW, 8000),
    "alaw_8000": AudioFormat(AudioEncoding.ALAW, 8000),
}
"""Source: the official Python package, `TextToSpeechConvertRequestOutputFormat`."""
_DEFAULT_OUTPUT = "mp3_44100_128"
_MAX_PAGE_SIZE = 100
_MODEL_PREFIX = "eleven_"
"""A new name comes with each year; all are the configured engine."""


def model_of(name: str) -> str:
    """One of ours for one of ElevenLabs' or none; others stay as they are."""
    return DEFAULT_MODEL if not name or name.startswith(_MODEL_PREFIX) else name


class OutputQuery(ProtoQuery):
    """How the audio leaves. The others that clients send have no effect."""

    output_format: Annotated[
        str, Field(validation_alias="output_format", description=f"{', '.join(OUTPUT_FORMATS)}.")
    ] = _DEFAULT_OUTPUT

    def to_format(self) -> AudioFormat:
        """Raises: InvalidRequest."""
        if self.output_format not in OUTPUT_FORMATS:
            raise InvalidRequest(f"output_format is not supported. Use one of {', '.join(OUTPUT_FORMATS)}.")
        return OUTPUT_FORMATS[self.output_format]


def _as_list(value: object) -> object:
    """One value, or several with commas, as clients write lists into an address."""
    texts = value if isinstance(value, list) else [value]
    return [part for text in texts for part in str(text).split(",") if part]


Texts = Annotated[list[str], BeforeValidator(_as_list)]


class SearchQuery(ProtoQuery):
    """Which voices. Names are ElevenLabs'; others that it has do not change what is found."""

    model_config = ConfigDict(alias_generator=str)

    search: str = ""
    category: str = ""
    voice_type: str = ""
    gender: str = ""
    age: str = ""
    accent: str = ""
    language: Texts = []  # noqa: RUF012
    use_cases: Texts = []  # noqa: RUF012
    voice_ids: Texts = []  # noqa: RUF012
    fine_tuning_state: str = ""
    collection_id: str = ""
    high_quality: bool = False
    sort: Annotated[str, Field(description="name or created_at_unix.")] = ""
    sort_direction: Annotated[str, Field(description="asc or desc.")] = "asc"
    page_size: Annotated[Int, Field(ge=1, le=_MAX_PAGE_SIZE, description="1 to 100.")] = 10
    next_page_token: str = ""

    def check(self) -> None:
        """Raises: InvalidRequest."""
        if self.sort not in ("", "name", "created_at_unix") or self.sort_direction not in ("asc", "desc"):
            raise InvalidRequest("sort must be name or created_at_unix, sort_direction asc or desc.")


class VoiceSettingsMessage(ProtoMessage):
    """Of these only the speed; `stability` and the others are taken without effect."""

    speed: Annotated[Float, Field(description="0.25 to 4; 0: 1.")] = 0.0


VoiceSettings = Annotated[
    VoiceSettingsMessage,
    BeforeValidator(lambda value: {} if value == [] else value, json_schema_input_type=VoiceSettingsMessage),
]
"""`[]` is how PHP writes an empty object."""


class TextToSpeechRequest(ProtoMessage):
    """What to say; further fields of ElevenLabs' are taken without effect."""

    without_effect = frozenset(
        {f"voice_settings.{name}" for name in ("stability", "similarity_boost", "style", "use_speaker_boost")}
        | {f"{place}_{what}" for place in ("previous", "next") for what in ("text", "request_ids")}
        | {"pronunciation_dictionary_locators", "use_pvc_as_ivc", "apply_language_text_normalization"}
    )

    text: Text = ""
    model_id: Annotated[Text, Field(description="Any of ElevenLabs' (`eleven_...`), or ours.")] = ""
    language_code: Annotated[Text, Field(description="ISO 639-1 or BCP-47; absent: heard from the text.")] = ""
    voice_settings: VoiceSettings = VoiceSettingsMessage()
    apply_text_normalization: Annotated[Text, Field(description="auto, on or off.")] = "auto"
    seed: Annotated[Int, Field(description="Same seed, same speech.")] = 0

    def to_command(self, workspace: WorkspaceId, voice_id: VoiceId, output: OutputQuery) -> SpeakCommand:
        """Raises: InvalidRequest, LanguageUnsupported."""
        if not self.text.strip():
            raise InvalidRequest("text is required. Send the text to speak.")
        return SpeakCommand(
            workspace=workspace,
            voice_id=voice_id,
            text=self.text,
            model_id=model_of(self.model_id),
            audio_format=output.to_format(),
            lang=parse_lang_code(self.language_code, "language_code"),
            speaking_rate=self.voice_settings.speed or 1.0,
            seed=self.seed,
            normalize_text=self.apply_text_normalization.lower() != "off",
            is_stream=True,
            form=SpeechForm.ELEVENLABS,
        )


def _as_tags(value: object) -> object:
    """`{"accent": "british"}` is kept as the tag `accent:british`."""
    labels = as_object(value)
    if not isinstance(labels, dict) or not all(isinstance(text, str | None) for text in labels.values()):
        raise PydanticCustomError("labels", "must be a JSON object of strings")
    return [f"{name}:{text}" for name, text in labels.items() if text]


def _as_consent(value: object) -> object:
    is_json = isinstance(value, str) and value.lstrip().startswith("{")
    return as_object(value) if is_json or not value else {"statement": value}


class AddVoiceRequest(ProtoQuery):
    """What a voice is cloned from."""

    name: DisplayName = ""
    files: Annotated[
        list[FileBytes],
        Field(description="WAV, MP3, FLAC, OGG, WebM/Opus or M4A; 10 to 15 s of clear speech of one person are best."),
    ] = []  # noqa: RUF012  (pydantic copies defaults)
    description: Description = ""
    labels: Annotated[
        Tags,
        BeforeValidator(_as_tags, json_schema_input_type=str),
        Field(description="A JSON object of strings. A `language` that is known is that of the recordings."),
    ] = []  # noqa: RUF012
    remove_background_noise: bool = False
    consent: Annotated[
        ConsentMessage,
        BeforeValidator(_as_consent, json_schema_input_type=str),
        Field(description="Extra: who agreed to what, a JSON object; another text is the statement alone."),
    ] = ConsentMessage()

    def to_command(self, workspace: WorkspaceId) -> CloneVoiceCommand:
        """Raises: InvalidRequest."""
        if not self.name.strip():
            raise InvalidRequest("name is required. Give the voice a short name that people will recognise.")
        if not self.files or not all(self.files):
            raise InvalidRequest("files is required. Send at least one recording, and none that is empty.")
        lang = self._language()
        return CloneVoiceCommand(
            workspace=workspace,
            display_name=self.name.strip(),
            samples=tuple(SampleRequest(file, "", lang, self.remove_background_noise) for file in self.files),
            lang=lang,
            description=self.description,
            tags=tuple(self.labels),
            consent=self.consent.to_consent(),
        )

    def _language(self) -> LangCode | None:
        """Labels are free text: what is no language is only a label."""
        for label in self.labels:
            name, _, text = label.partition(":")
            if name == "language":
                with suppress(LanguageUnsupported):
                    return parse_lang_code(text)
        return None
