"""Speak a text with a voice: the only way from words to encoded audio."""

import hashlib
import math
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from myna.audio.encode import FormatEncoder
from myna.audio.watermark import SpeechMarker
from myna.domain.errors import LanguageUnsupported, TextUnspeakable
from myna.domain.language import LangCode
from myna.domain.pronunciation import PronunciationDictionary, words_of
from myna.domain.speech import EncodedChunk, SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.voice import Voice, VoiceArtifact, VoiceId, WorkspaceId
from myna.engines.other_engines import describe_other_engines
from myna.text.description import read_description
from myna.text.language import detect_text_language
from myna.text.plan import plan_speech
from myna.usecases.keep_dictionaries import KeepDictionaries
from myna.usecases.models import DICTIONARY_MODELS
from myna.usecases.ports import EngineClient, EngineStream, Offload, VoiceStore
from myna.usecases.remake_voice import RemakeVoice
from myna.usecases.speak_command import SpeakCommand, SpeechLimits, check_speak_command
from myna.usecases.speaking_permission import PATIENCE_S, SpeakingPermission
from myna.usecases.speech_writer import SpeechWriter
from myna.usecases.spoken_audio import SpokenLine
from myna.usecases.stock import StockVoices

_STREAM_PART_S = 0.5
"""Longest chunk of a stream: a 48 kHz LINEAR16 line stays under 100 kB (wire-contract.md#stream)."""
_WHOLE_PART_S = 2.0
"""Of a whole reply so much is marked and encoded in one go."""

_FIRST_SEGMENT_CHARS = 60
"""Streams begin with a short segment, so that the first sound does not wait for a whole sentence."""
_BEGINS_WITH_WORD = re.compile(r"\s*[^\W_]")
"""Of such a text something can be spoken, whatever follows."""


class SpeechReply:
    """Encoded speech, pulled chunk by chunk. The first piece of speech exists when this is handed out."""

    def __init__(self, lang: LangCode, chunks: AsyncGenerator[EncodedChunk, None], stream: EngineStream) -> None:
        self.lang = lang
        self._chunks = chunks
        self._stream = stream

    def __aiter__(self) -> AsyncIterator[EncodedChunk]:
        """Raises: TextUnspeakable, if no sound comes, before the first chunk; what the engine raises."""
        return self._chunks

    async def aclose(self) -> None:
        """Stop the engine and free its slot; safe at any time, more than once."""
        await self._stream.aclose()


@dataclass(frozen=True, slots=True)
class SynthesizeSpeech:
    """Check everything, start the engine, hand out the encoded stream."""

    voices: VoiceStore
    dictionaries: KeepDictionaries
    stock: StockVoices
    remake_voice: RemakeVoice
    engine: EngineClient
    marks: bool
    """Speech leaves with the mark in it, not as the engine gives it."""
    offload: Offload
    offload_of_jobs: Offload
    """The same for what nobody waits for: work at leisure need not stop for it."""
    limits: SpeechLimits
    open_encoder: Callable[..., FormatEncoder] = FormatEncoder
    """Or one that signs what it makes."""
    store_patience_s: float = PATIENCE_S
    """Of `SpeakingPermission`."""

    async def __call__(self, command: SpeakCommand) -> SpeechReply | None:
        """Everything is refused here, before the first byte. None: a text of white space alone. Raises:
        InvalidRequest, TextTooLong, TextUnspeakable, ModelUnsupported, LanguageUnsupported, VoiceNotFound,
        ResourceNotFound (a dictionary), ..."""
        self.check(command)
        if not command.text.strip():
            return None
        dictionaries = await self._choose_dictionaries(command)
        offload = self._offload_of(command)
        if command.design_prompt is None:
            voice, artifact = await self.find_voice(command.workspace, command.voice_id)
            lang, segments = await offload(partial(self._plan, command, voice.lang, dictionaries))
        else:
            attributes = read_description(command.design_prompt)
            usual = attributes.spoken(LangCode.EN_US)
            lang, segments = await offload(partial(self._plan, command, usual, dictionaries, attributes.spoken))
            # The same description is the same voice in every request; another `seed` is another voice.
            digest = hashlib.sha256(f"{command.seed}\n{command.design_prompt}".encode()).digest()
            artifact = await self.engine.design_voice(attributes, lang, int.from_bytes(digest[:4]))
        options = SynthesisOptions(lang, command.engine_rate, command.seed, command.temperature or 1.0)
        stream = await self.engine.synthesize(
            artifact, segments, options, is_stream=command.is_stream, is_background=command.is_background
        )
        chunks = self._encode(stream, SpokenLine(segments, self._rate_hz), command)
        return SpeechReply(lang, chunks, stream)

    @property
    def _rate_hz(self) -> int:
        return self.engine.spec.capabilities.sample_rate_hz

    def check(self, command: SpeakCommand) -> None:
        """Every rule that needs no voice. Raises: InvalidRequest, TextTooLong, ModelUnsupported, VoiceNotFound."""
        check_speak_command(command, self.limits)

    async def check_voice(self, command: SpeakCommand) -> LangCode:
        """What can be said before it is spoken. The voice's own language. Raises: VoiceNotFound, ConsentRevoked,
        LanguageUnsupported, ..."""
        if command.lang is not None:
            self._require(command.lang, self.engine.spec.capabilities.languages)
        await self._choose_dictionaries(command)
        if command.design_prompt is not None:
            return read_description(command.design_prompt).spoken(LangCode.EN_US)
        stock = self.stock.find(command.voice_id)
        if stock is not None:
            return stock[0].lang
        voice = await self.voices.get(command.workspace, command.voice_id)
        voice.refuse_if_revoked()
        return voice.lang

    async def check_text(self, command: SpeakCommand, usual: LangCode) -> None:
        """The same of its words. usual: what `check_voice` gave. Raises: LanguageUnsupported, TextUnspeakable."""
        if _BEGINS_WITH_WORD.match(command.text) is None:
            await self.offload(partial(self._plan, command, usual, ()))
        elif command.lang is None:
            await self.offload(partial(self._choose_language, command, usual))

    async def find_voice(self, workspace: WorkspaceId, voice_id: VoiceId) -> tuple[Voice, VoiceArtifact]:
        """Stock or the workspace's, remade if another engine made it. Raises: VoiceNotFound, ConsentRevoked, ..."""
        stock = self.stock.find(voice_id)
        if stock is not None:
            return stock
        stored = await self.voices.get_with_artifact(workspace, voice_id)
        stored.voice.refuse_if_revoked()
        stored = await self.remake_voice.bring_up_to_date(stored)
        return stored.voice, stored.artifact

    def _offload_of(self, command: SpeakCommand) -> Offload:
        return self.offload_of_jobs if command.is_background else self.offload

    async def _choose_dictionaries(self, command: SpeakCommand) -> Sequence[PronunciationDictionary]:
        if command.uses_dictionaries and command.model_id in DICTIONARY_MODELS:
            return await self.dictionaries.choose(command.workspace, command.dictionaries)
        return ()

    def _choose_language(self, command: SpeakCommand, usual: LangCode) -> LangCode:
        """The asked language; else the text's if it shows; else the voice's; English if the engine lacks the latter."""
        offered = self.engine.spec.capabilities.languages
        if command.lang is not None:
            return self._require(command.lang, offered)
        heard = detect_text_language(command.text, usual)
        if heard is not None and heard.iso639 != usual.iso639:
            return self._require(heard, offered)
        if heard is not None:
            return self._require(usual, offered)
        return self.engine.spec.capabilities.or_english(usual)

    def _require(self, lang: LangCode, offered: frozenset[LangCode]) -> LangCode:
        if lang not in offered:
            names = ", ".join(sorted(code.bcp47 for code in offered))
            raise LanguageUnsupported(
                f"The engine '{self.engine.spec.id}' does not speak {lang.bcp47}. It speaks {names}. "
                f"Set language to one of these. {describe_other_engines(lang, self.engine.spec.id)}"
            )
        return lang

    def _plan(
        self,
        command: SpeakCommand,
        usual: LangCode,
        dictionaries: Sequence[PronunciationDictionary],
        accent_of: Callable[[LangCode], LangCode] = lambda lang: lang,
    ) -> tuple[LangCode, tuple[SpeechSegment, ...]]:
        """And what is spoken in it. usual: the voice's own language. Raises: LanguageUnsupported, TextUnspeakable."""
        lang = accent_of(self._choose_language(command, usual))
        segments = plan_speech(
            command.text,
            lang,
            normalize=command.normalize_text,
            max_segment_chars=self.engine.spec.capabilities.max_segment_chars,
            first_segment_chars=_FIRST_SEGMENT_CHARS if command.is_stream else None,
            own_words=words_of(dictionaries, lang),
        )
        if not any(segment.text or segment.pause_after_s for segment in segments):
            raise TextUnspeakable("text holds nothing that can be spoken. Send words, not only markup or symbols.")
        return lang, segments

    async def _encode(
        self, stream: EngineStream, line: SpokenLine, command: SpeakCommand
    ) -> AsyncGenerator[EncodedChunk, None]:
        """Times of spans are the engine's: nobody asks for them together with a rate that is not its own."""
        is_stream, tempo = command.is_stream, command.speaking_rate / command.engine_rate
        offload = self._offload_of(command)
        encoder = self.open_encoder(command.audio_format, is_stream=is_stream, tempo=tempo)
        marker = SpeechMarker(self._rate_hz) if self.marks else None
        longest_s = _STREAM_PART_S if is_stream else math.inf
        writer = SpeechWriter(line, marker, encoder, longest_s=longest_s, tempo=tempo)
        permission = SpeakingPermission(self.voices, command.workspace, command.voice_id, self.store_patience_s)
        is_own = command.design_prompt is None and self.stock.find(command.voice_id) is None

        async def leaving(parts: Sequence[EncodedChunk]) -> Sequence[EncodedChunk]:
            if is_own:
                await permission.check()
            return [part for part in parts if part.content or part.spans or not is_stream]

        waiting: list[SpokenChunk] = []
        waiting_s, is_first = 0.0, True
        try:
            async for chunk in stream:
                waiting.append(chunk)
                waiting_s += len(chunk.samples) / self._rate_hz
                # The way to a thread and back costs more than what is done there.
                if is_stream or is_first or waiting_s >= _WHOLE_PART_S:
                    parts = await offload(partial(writer.write, tuple(waiting)))
                    waiting.clear()
                    waiting_s, is_first = 0.0, False
                    for group in [[part] for part in parts] if is_stream else [parts]:
                        for part in await leaving(group):
                            yield part
            parts, rest = await offload(partial(writer.finish, waiting))
            for part in await leaving(parts):
                yield part
            if rest:
                yield EncodedChunk(rest, 0.0)
        finally:
            permission.close()
            await stream.aclose()
