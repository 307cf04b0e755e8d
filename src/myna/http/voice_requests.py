"""What the Voice API is asked (wire-contract.md#voice and #clone), and the commands that are made of it."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from myna.domain.consent import Consent
from myna.domain.errors import ConsentRequired, InvalidRequest
from myna.domain.language import LangCode, parse_lang_code
from myna.domain.sample import SampleRequest
from myna.domain.voice import WorkspaceId
from myna.http.proto_message import Base64Bytes, Flag, Int, PageSize, ProtoMessage, ProtoQuery, Text
from myna.usecases.clone_voice import CloneVoiceCommand
from myna.usecases.design_voice import DesignVoiceCommand
from myna.usecases.manage_voices import VoiceQuery
from myna.usecases.ports import VoiceChange

MAX_NAME_CHARS = 200
_MAX_PAGE_SIZE = 2000
"""Most voices in one reply, asked for or not (wire-contract.md#list)."""
MAX_DESCRIPTION_CHARS = 4000
MAX_TAGS = 64
MAX_TAG_CHARS = 128


def _one_line(value: object) -> object:
    if isinstance(value, str) and any(ord(char) < 0x20 or ord(char) == 0x7F for char in value):
        raise PydanticCustomError("one_line", "must not hold control characters")
    return value


def _no_nul(value: object) -> object:
    if isinstance(value, str) and "\0" in value:
        raise PydanticCustomError("no_nul", "must not hold NUL characters")
    return value


DisplayName = Annotated[Text, BeforeValidator(_one_line), Field(max_length=MAX_NAME_CHARS)]
Description = Annotated[Text, BeforeValidator(_no_nul), Field(max_length=MAX_DESCRIPTION_CHARS)]
Tags = Annotated[
    list[Annotated[Text, BeforeValidator(_one_line), Field(max_length=MAX_TAG_CHARS)]], Field(max_length=MAX_TAGS)
]


def choose_language(lang_code: str, language_code: str) -> LangCode | None:
    """The older enum or the newer BCP-47 field; None to detect. Raises: LanguageUnsupported, InvalidRequest."""
    by_enum, by_tag = parse_lang_code(lang_code), parse_lang_code(language_code, "languageCode")
    if by_enum is not None and by_tag is not None and by_enum.iso639 != by_tag.iso639:
        raise InvalidRequest("langCode and languageCode name different languages. Send one of them.")
    return by_tag or by_enum


class VoiceSampleMessage(ProtoMessage):
    """One recording."""

    audio_data: Annotated[
        Base64Bytes, Field(description="WAV, MP3, FLAC, OGG, WebM/Opus or M4A in base64; recognised from the bytes.")
    ] = b""
    transcription: Annotated[
        Text, BeforeValidator(_no_nul), Field(max_length=10_000, description="What is said; recognised if absent.")
    ] = ""


class AudioProcessingMessage(ProtoMessage):
    """What to do with the recordings."""

    remove_background_noise: Flag = False


class ConsentMessage(ProtoMessage):
    """Who agreed that a voice is copied. Kept as it is said; nobody checks whether it is true."""

    given_by: Annotated[DisplayName, Field(description="Who agreed.")] = ""
    speaker: Annotated[DisplayName, Field(description="Whose voice it is.")] = ""
    purpose: Annotated[Description, Field(description="What the voice may be used for.")] = ""
    statement: Annotated[Description, Field(description="The words that were agreed to.")] = ""
    wording_version: Annotated[
        Text, Field(pattern=r"^[A-Za-z0-9._-]{0,64}$", description="Which wording: letters, digits, `.`, `_`, `-`.")
    ] = ""

    def to_consent(self) -> Consent | None:
        """None if nothing is said."""
        consent = Consent(**{name: value.strip() for name, value in self.model_dump().items()})
        return consent if consent != Consent() else None

    def require(self) -> Consent:
        """Raises: ConsentRequired, unless it says who, whose and for what."""
        consent = self.to_consent()
        if consent is None or not consent.is_complete:
            raise ConsentRequired(
                "consent is required here: send consent.givenBy (who agreed), consent.speaker (whose voice it is) and "
                "consent.purpose (for what)."
            )
        return consent


class CloneVoiceRequest(ProtoMessage):
    """What a voice is cloned from."""

    without_effect = frozenset({"gender", "age_group"})

    display_name: DisplayName = ""
    lang_code: Annotated[Text, Field(description="EN_US ZH_CN KO_KR ...; AUTO or absent: detect.")] = ""
    language_code: Annotated[Text, Field(description="The same as BCP-47 (`en-US`).")] = ""
    voice_samples: Annotated[
        list[VoiceSampleMessage], Field(description="At least one; 10 to 15 s of clear speech of one person is best.")
    ] = []  # noqa: RUF012  (pydantic copies defaults)
    description: Description = ""
    tags: Tags = []  # noqa: RUF012
    audio_processing_config: AudioProcessingMessage = AudioProcessingMessage()
    validate_only: Annotated[Flag, Field(description="Extra: answer what was heard, store nothing.")] = False
    consent: Annotated[
        ConsentMessage,
        BeforeValidator(lambda value: {"statement": value} if isinstance(value, str) else value),
        Field(description="Extra: who agreed to what, kept with the voice; a text is the statement alone."),
    ] = ConsentMessage()

    def to_command(self, workspace: WorkspaceId) -> CloneVoiceCommand:
        """Raises: LanguageUnsupported, InvalidRequest."""
        lang = choose_language(self.lang_code, self.language_code)
        return CloneVoiceCommand(
            workspace=workspace,
            display_name=self.display_name.strip(),
            samples=tuple(
                SampleRequest(
                    sample.audio_data,
                    sample.transcription.strip(),
                    lang,
                    self.audio_processing_config.remove_background_noise,
                )
                for sample in self.voice_samples
            ),
            lang=lang,
            description=self.description,
            tags=tuple(self.tags),
            validate_only=self.validate_only,
            consent=self.consent.to_consent(),
        )


class UpdateVoiceRequest(ProtoMessage):
    """What to change; absent fields stay as they are, `tags: []` clears."""

    display_name: DisplayName | None = None
    description: Description | None = None
    tags: Tags | None = None
    gender: Annotated[Text, Field(description="male, female, neutral or empty.")] | None = None
    age_group: Annotated[Text, Field(description="young, middle_aged, elderly or empty.")] | None = None

    def to_change(self) -> VoiceChange:
        return VoiceChange(
            display_name=self.display_name.strip() if self.display_name is not None else None,
            description=self.description,
            tags=tuple(self.tags) if self.tags is not None else None,
            gender=self.gender.lower() if self.gender is not None else None,
            age_group=self.age_group.lower() if self.age_group is not None else None,
        )


class VoiceDesignConfigMessage(ProtoMessage):
    number_of_samples: Annotated[
        Int, Field(description="1 to 3 previews; other numbers are brought into this range.")
    ] = 1


class DesignVoiceRequest(ProtoMessage):
    """A voice that nobody has, from a description."""

    without_effect = frozenset({"design_prompt_mode"})

    design_prompt: Annotated[Text, BeforeValidator(_no_nul)] = ""
    preview_text: Annotated[Text, BeforeValidator(_no_nul)] = ""
    lang_code: Text = ""
    language_code: Text = ""
    voice_design_config: VoiceDesignConfigMessage = VoiceDesignConfigMessage()

    def to_command(self, workspace: WorkspaceId) -> DesignVoiceCommand:
        """Raises: LanguageUnsupported, InvalidRequest."""
        lang = choose_language(self.lang_code, self.language_code)
        count = self.voice_design_config.number_of_samples or 1
        return DesignVoiceCommand(workspace, self.design_prompt, self.preview_text, lang, count)


class ListVoicesQuery(ProtoQuery):
    """Which voices to list; every name in camelCase or snake_case."""

    languages: Annotated[list[str], Field(description="EN_US and the like; may be repeated.")] = []  # noqa: RUF012
    filter: Annotated[str, Field(description='AIP-160, such as `source = "IVC" AND lang_code = "en"`.')] = ""
    order_by: Annotated[str, Field(description="`display_name asc`, `create_time desc`.")] = ""
    page_size: Annotated[PageSize, Field(description="At most 2000.")] = 0
    page_token: Annotated[str, Field(description="From the page before.")] = ""

    def to_query(self) -> VoiceQuery:
        """Raises: InvalidRequest, LanguageUnsupported."""
        languages = [_known_language(name) for value in self.languages for name in value.split(",")]
        return VoiceQuery(
            languages=tuple(name for name in languages if name),
            filter=self.filter,
            order_by=self.order_by,
            page_size=min(self.page_size or _MAX_PAGE_SIZE, _MAX_PAGE_SIZE),
            page_token=self.page_token,
        )


def _known_language(name: str) -> str:
    """`en` as it is, for every English; other spellings as one language; "" for any. Raises: LanguageUnsupported."""
    lang = parse_lang_code(name, "languages")
    if lang is None:
        return ""
    return lang.iso639 if name.strip().lower() == lang.iso639 else lang.value
