"""The embedded default engine: Kokoro-82M with a voice that was derived from a recording."""

import gc
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

import numpy as np

from myna.analysis.heap_trim import trim_heap
from myna.analysis.onnx_session import RunStop, RunStopped
from myna.domain.attributes import VoiceAttributes
from myna.domain.errors import InvalidRequest
from myna.domain.language import LangCode
from myna.domain.speech import MAX_SPEAKING_RATE, MIN_SPEAKING_RATE, SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.waveform import ReferenceAudio
from myna.engines.base import EngineSettings
from myna.engines.kokoro.graphs import (
    MAX_SYMBOLS,
    SAMPLE_RATE_HZ,
    IntArray,
    KokoroGraphs,
    ProsodyCurves,
    TextEncoding,
    round_frames,
)
from myna.engines.kokoro.making.voice_clone import clone_at_once, clone_voice
from myna.engines.kokoro.making.voice_finish import VoiceFinish
from myna.engines.kokoro.making.voice_refine import refine_voice
from myna.engines.kokoro.making.voice_workshop import VoiceWorkshop
from myna.engines.kokoro.norm_statistics import NormStatistics
from myna.engines.kokoro.phonemes.phonemizer import open_phonemizer
from myna.engines.kokoro.phonemes.spaced import Phonemizer
from myna.engines.kokoro.phonemes.symbols import (
    CLAUSE_ENDS,
    SENTENCE_ENDS,
    WEIGHT_NAME,
    SymbolSequence,
    Vocabulary,
    join_tokens,
    share_tokens,
    spell_ipa,
    split_sequence,
)
from myna.engines.kokoro.segment_sound import SegmentSound, plan_stretches
from myna.engines.kokoro.sentence_part import SentencePart, cut_sentence, whole_sentence
from myna.engines.kokoro.speaking_rate import frames_at_rate
from myna.engines.kokoro.spec import SPEC
from myna.engines.kokoro.streaming_decoder import StreamingDecoder
from myna.engines.kokoro.voice_artifact import KokoroVoice, pack_voice, unpack_norms, unpack_voice
from myna.engines.kokoro.voice_design import design_voice
from myna.engines.kokoro.voice_filters import VoiceFilters
from myna.text.plan import plan_speech
from myna.weights.store import WeightStore

_NUM_IN_USE = 16
"""Voices whose styles and filters are kept for their next segment: 93 KB each."""
_SENTENCE_TAIL_S = 0.30
_CLAUSE_TAIL_S = 0.12
_WORD_TAIL_S = 0.03
"""What is left after the last sound of a segment: people pause about so long at a full stop, a comma, and nowhere."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedVoice:
    """A voice with what it has practised, within `SPEC.capabilities.voice_bytes`. Its timbre shift, twice as much, and
    its filters are kept for the voices in use alone."""

    voice: KokoroVoice
    norms: NormStatistics


class Speaking:
    """The chunks of one segment, each computed when it is asked for. Implements `Interruptible`."""

    def __init__(self, chunks: Iterator[SpokenChunk], stop: RunStop) -> None:
        self._chunks = chunks
        self._stop = stop

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> SpokenChunk:
        try:
            return next(self._chunks)
        except RunStopped as exc:
            raise StopIteration from exc

    def interrupt(self) -> None:
        """End the chunk that is being computed and give no more; from any thread."""
        self._stop.pull()

    def close(self) -> None:
        self._chunks = iter(())


class KokoroEngine:
    """Implements `Engine`. Holds weights, pronunciation lexicons and the styles of a few voices, never a request."""

    def __init__(self, settings: EngineSettings) -> None:
        """Raises: WeightsMissing, WeightsCorrupt, DeviceUnavailable."""
        weights = WeightStore(settings.weights_dir)
        self._vocabulary = Vocabulary(weights.path(WEIGHT_NAME))
        self._graphs = KokoroGraphs(weights, settings.num_threads)
        self.decoder = StreamingDecoder(weights, settings.num_threads, settings.device)
        self.workshop = VoiceWorkshop(
            self._graphs,
            self._vocabulary,
            weights,
            before_step=settings.before_step,
            interrupting=settings.interrupting,
        )
        self._finish = VoiceFinish(self.workshop, self.decoder)
        self._styles = lru_cache(_NUM_IN_USE)(self.workshop.timbre_space.styles)
        self._filters = lru_cache(_NUM_IN_USE)(VoiceFilters.of)
        self._before_step = settings.before_step
        self._phonemizers: dict[LangCode, Phonemizer] = {}
        self._phonemizer(LangCode.EN_US)

    def encode_voice(self, reference: ReferenceAudio) -> bytes:
        """See `Engine`. Three seconds of one core."""
        return pack_voice(clone_at_once(reference.waveform, self.spell_transcript(reference), self.workshop))

    def hear_voice(self, reference: ReferenceAudio) -> bytes:
        """See `Engine`. Up to twenty seconds of one core."""
        symbols = self.spell_transcript(reference)
        voice, heard = clone_voice(reference.waveform, symbols, self.workshop)
        return self._finish(voice, heard, symbols)

    def refine_voice(self, artifact: bytes, reference: ReferenceAudio) -> bytes:
        """See `Engine`. More than a minute of one core."""
        heard = self.workshop.listen(reference.waveform)
        return refine_voice(artifact, heard, self.spell_transcript(reference), self.workshop, self._finish)

    def design_voice(self, attributes: VoiceAttributes, lang: LangCode, seed: int) -> bytes:
        return design_voice(attributes, lang, seed)

    def load_voice(self, artifact: bytes) -> LoadedVoice:
        """See `Engine`. A voice that nobody has listened to yet practises first: 2 s of one core."""
        voice = unpack_voice(artifact)
        norms = unpack_norms(artifact) or self._finish.practise(voice)
        return LoadedVoice(voice, norms)

    def synthesize(self, voice: LoadedVoice, segment: SpeechSegment, options: SynthesisOptions) -> Speaking:
        """See `Engine`. The first chunk holds about 0.3 s, the next ones more and more."""
        if not MIN_SPEAKING_RATE <= options.speaking_rate <= MAX_SPEAKING_RATE:
            raise InvalidRequest(f"speakingRate must be between {MIN_SPEAKING_RATE} and {MAX_SPEAKING_RATE}.")
        if segment.before or segment.after:
            sentence = self._find_symbols(
                SpeechSegment((*segment.before, *segment.tokens, *segment.after)), options.lang
            )
            part = cut_sentence(sentence, len(segment.before), len(segment.tokens))
            if len(sentence.symbols) <= MAX_SYMBOLS and part is not None:
                parts, tokens = [part], [range(len(segment.tokens))]
                return self._say(voice, parts, tokens, options.speaking_rate)
        sequence = self._find_symbols(segment, options.lang)
        sequences = split_sequence(sequence, MAX_SYMBOLS)
        tokens = list(share_tokens(sequences, len(segment.tokens)))
        return self._say(voice, [whole_sentence(sequence) for sequence in sequences], tokens, options.speaking_rate)

    def close(self) -> None:
        """See `Engine`. `malloc` would keep half of the memory."""
        graphs = vars(self).pop("_graphs", None)
        vars(self).clear()
        gc.collect()  # a pipeline of spaCy refers to itself
        if graphs is not None:  # not closed before
            graphs.give_back()
        del graphs
        trim_heap()

    def _phonemizer(self, lang: LangCode) -> Phonemizer:
        if lang not in self._phonemizers:
            self._phonemizers[lang] = open_phonemizer(lang, lambda: self._phonemizer(LangCode.EN_US))
        return self._phonemizers[lang]

    def _find_symbols(self, segment: SpeechSegment, lang: LangCode) -> SymbolSequence:
        phonemes = self._phonemizer(lang).phonemize(segment.tokens)
        for index, token in enumerate(segment.tokens):
            if token.ipa is not None:
                phonemes[index] = spell_ipa(token.ipa, lang)
        known = [self._vocabulary.keep_known(spoken) for spoken in phonemes]
        return join_tokens(known, [token.whitespace for token in segment.tokens])

    def spell_transcript(self, reference: ReferenceAudio) -> str | None:
        """What is said in a reference, in symbols; None if nobody knows, or it is more than the model reads at once."""
        if reference.lang not in SPEC.capabilities.languages:
            return None
        segments = plan_speech(
            reference.transcript, reference.lang, normalize=True, max_segment_chars=1000, first_segment_chars=None
        )
        tokens = tuple(token for segment in segments for token in segment.tokens)
        symbols = self._find_symbols(SpeechSegment(tokens), reference.lang).symbols
        return symbols if 0 < len(symbols) <= MAX_SYMBOLS else None

    def _say(
        self, voice: LoadedVoice, parts: list[SentencePart], tokens: list[range], speaking_rate: float
    ) -> Speaking:
        stop = RunStop()
        return Speaking(self._iter_chunks(voice, parts, tokens, speaking_rate, stop), stop)

    def _iter_chunks(
        self, voice: LoadedVoice, parts: list[SentencePart], tokens: list[range], speaking_rate: float, stop: RunStop
    ) -> Iterator[SpokenChunk]:
        num_samples = 0
        for part, spoken in zip(parts, tokens, strict=True):
            start_s = num_samples / SAMPLE_RATE_HZ
            self._before_step()
            for chunk in self._speak(voice, part, spoken, speaking_rate, start_s=start_s, stop=stop):
                num_samples += len(chunk.samples)
                yield chunk if part is parts[-1] else replace(chunk, ends_segment=False)
        if not parts:
            yield SpokenChunk(np.zeros(0, dtype=np.float32))

    def _speak(
        self,
        loaded: LoadedVoice,
        part: SentencePart,
        tokens: range,
        speaking_rate: float,
        *,
        start_s: float,
        stop: RunStop,
    ) -> Iterator[SpokenChunk]:
        voice, sequence = loaded.voice, part.sequence
        text = self._graphs.encode_text(self._vocabulary.encode(part.sentence), stop)
        frames, predicted = self._foretell(voice, text, speaking_rate, stop)
        curves = part.cut_curves(predicted, frames)
        frames = frames[part.positions]
        aligned = np.repeat(text.features[:, :, part.positions], frames, axis=2)
        shape = self.decoder.shape(aligned, curves, self._styles(voice), loaded.norms, stop)
        sound = SegmentSound(
            sequence,
            frames,
            curves.f0_hz,
            self._filters(voice),
            tokens,
            tail_s=_tail_seconds(sequence.symbols) / speaking_rate,
            start_s=start_s,
        )
        for first, end in plan_stretches(sequence.symbols, frames):
            chunk = sound.add(self.decoder.sound(shape, first, end, stop), end)
            if chunk is not None:
                yield chunk

    def _foretell(
        self, voice: KokoroVoice, text: TextEncoding, speaking_rate: float = 1.0, stop: RunStop | None = None
    ) -> tuple[IntArray, ProsodyCurves]:
        """[T] frames and [2 F] curves: how the voice says it."""
        durations = self._graphs.predict_durations(text, voice.prosody_style, stop)
        frames = frames_at_rate(round_frames(durations.frames, voice.duration_scale), speaking_rate)
        curves = self._graphs.predict_prosody(durations.hidden, frames, voice.prosody_style, stop)
        return frames, ProsodyCurves(voice.move_pitch(curves.f0_hz), curves.energy)


def _tail_seconds(symbols: str) -> float:
    last = next((symbol for symbol in reversed(symbols) if symbol not in ' "”)'), "")
    if last in SENTENCE_ENDS:
        return _SENTENCE_TAIL_S
    return _CLAUSE_TAIL_S if last in CLAUSE_ENDS else _WORD_TAIL_S
