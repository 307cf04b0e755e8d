"""Design voices from a description, and keep the one that is liked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from myna.domain.attributes import VoiceAttributes
from myna.domain.errors import InvalidRequest, LanguageUnsupported
from myna.domain.language import LangCode
from myna.domain.speech import AudioEncoding, AudioFormat
from myna.domain.voice import Voice, VoiceDesign, VoiceId, VoiceSource, WorkspaceId
from myna.text.description import read_description
from myna.text.language import detect_text_language
from myna.text.languages.registry import open_language
from myna.usecases.keep_noted import Note, keep_noted
from myna.usecases.models import DEFAULT_MODEL
from myna.usecases.ports import Clock, EngineClient, Offload, VoiceStore
from myna.usecases.speak_command import SpeakCommand
from myna.usecases.synthesize_speech import SynthesizeSpeech

MAX_PREVIEWS = 3
_MIN_PREVIEW_CHARS = 50
"""About three seconds of speech: less does not show a voice (wire-contract.md#design)."""
_MAX_PROMPT_CHARS = 1000
_MAX_PREVIEW_TEXT_CHARS = 400


@dataclass(frozen=True, slots=True)
class DesignVoiceCommand:
    workspace: WorkspaceId
    design_prompt: str
    preview_text: str
    lang: LangCode | None
    num_previews: int = 1
    """As asked for: any number."""

    @property
    def num_drafts(self) -> int:
        """How many are made."""
        return min(max(self.num_previews, 1), MAX_PREVIEWS)


@dataclass(frozen=True, slots=True)
class VoicePreview:
    voice: Voice
    preview_text: str
    """What is spoken: the asked text, lengthened if it was too short to show a voice."""
    wav: bytes


@dataclass(frozen=True, slots=True)
class DesignedVoices:
    lang: LangCode
    previews: tuple[VoicePreview, ...]


@dataclass(frozen=True, slots=True)
class DesignVoice:
    """Make up to three drafts of a description, each with a preview. Drafts speak by id, are not listed, expire."""

    voices: VoiceStore
    engine: EngineClient
    synthesize_speech: SynthesizeSpeech
    offload: Offload
    clock: Clock
    new_token: Callable[[], str]
    """Eight hexadecimal digits, unpredictable."""
    draft_lifetime: timedelta
    preview_rate_hz: int

    async def __call__(self, command: DesignVoiceCommand, note: Note) -> DesignedVoices:
        """Raises: InvalidRequest, LanguageUnsupported, Overloaded, EngineFailure."""
        self._check(command)
        attributes = read_description(command.design_prompt)
        lang = await self.offload(partial(self._choose_language, command, attributes))
        # Each is made and heard before the next: a failure leaves few drafts behind.
        previews = [
            await self._preview(await self._make(command, attributes, lang, note), command)
            for _ in range(command.num_drafts)
        ]
        return DesignedVoices(lang, tuple(previews))

    async def recall(self, command: DesignVoiceCommand, voice_ids: Sequence[VoiceId]) -> DesignedVoices:
        """Answer again a command that made these drafts. Raises: VoiceNotFound, Overloaded, EngineFailure."""
        voices = [await self.voices.get(command.workspace, voice_id) for voice_id in voice_ids]
        return DesignedVoices(voices[0].lang, tuple([await self._preview(voice, command) for voice in voices]))

    def _check(self, command: DesignVoiceCommand) -> None:
        if not command.design_prompt.strip():
            raise InvalidRequest(
                "designPrompt is required. Describe the voice: age, sex, pitch, pace, character, accent."
            )
        if len(command.design_prompt) > _MAX_PROMPT_CHARS:
            raise InvalidRequest(f"designPrompt should not exceed {_MAX_PROMPT_CHARS} characters.")
        if not command.preview_text.strip():
            raise InvalidRequest("previewText is required. Send a sentence or two for the voice to say.")
        if len(command.preview_text) > _MAX_PREVIEW_TEXT_CHARS:
            raise InvalidRequest(f"previewText should not exceed {_MAX_PREVIEW_TEXT_CHARS} characters.")

    def _choose_language(self, command: DesignVoiceCommand, attributes: VoiceAttributes) -> LangCode:
        lang = attributes.spoken(command.lang or detect_text_language(command.preview_text) or LangCode.EN_US)
        offered = self.engine.spec.capabilities.languages
        if lang not in offered:
            names = ", ".join(sorted(code.bcp47 for code in offered))
            raise LanguageUnsupported(f"Voices cannot be designed for {lang.bcp47} here. Use one of {names}.")
        return lang

    async def _make(
        self, command: DesignVoiceCommand, attributes: VoiceAttributes, lang: LangCode, note: Note
    ) -> Voice:
        token = self.new_token()
        design = VoiceDesign(command.design_prompt, int(token, 16))
        artifact = await self.engine.design_voice(attributes, lang, design.seed)
        now = self.clock.now()
        voice = Voice(
            voice_id=VoiceId(f"{command.workspace}__design-voice-{token}"),
            workspace=command.workspace,
            display_name=f"Designed voice {token[:4]}",
            lang=lang,
            source=VoiceSource.IVC,
            created_at=now,
            description=command.design_prompt,
            gender=attributes.gender,
            age_group=attributes.age_group,
            is_draft=True,
            expires_at=now + self.draft_lifetime,
            design=design,
        )
        await keep_noted(self.voices, voice, artifact, [], note)
        return voice

    async def _preview(self, voice: Voice, command: DesignVoiceCommand) -> VoicePreview:
        text = command.preview_text.strip()
        if len(text) < _MIN_PREVIEW_CHARS:
            text = f"{text} {open_language(voice.lang).preview_tail}".rstrip()
        reply = await self.synthesize_speech(
            SpeakCommand(
                workspace=voice.workspace,
                voice_id=voice.voice_id,
                text=text,
                model_id=DEFAULT_MODEL,
                audio_format=AudioFormat(AudioEncoding.WAV, self.preview_rate_hz),
                lang=voice.lang,
            )
        )
        assert reply is not None  # the text is not blank
        return VoicePreview(voice, text, b"".join([chunk.content async for chunk in reply]))
