"""The embedded default engine: Kokoro-82M with a voice that was derived from a recording."""

import gc
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

import numpy as np

from myna.analysis.onnx_session import RunStop, RunStopped
from myna.audio.resample import resample
from myna.domain.attributes import VoiceAttributes
from myna.domain.errors import InvalidRequest
from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.waveform import ReferenceAudio, Waveform
from myna.engines.base import EngineSettings
from myna.engines.kokoro.graphs import (
    MAX_SYMBOLS,
    SAMPLE_RATE_HZ,
    DecoderStyles,
    IntArray,
    KokoroGraphs,
    ProsodyCurves,
    TextEncoding,
    round_frames,
)
from myna.engines.kokoro.heap_trim import trim_heap
from myna.engines.kokoro.hiss import HISS_LINES, hiss_levels_db, missing_hiss_db
from myna.engines.kokoro.norm_statistics import NormStatistics
from myna.engines.kokoro.passage import Passage, cut_passage, whole_passage
from myna.engines.kokoro.phone_colour import colour_phones, colour_taps, learn_phone_colour
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
from myna.engines.kokoro.speaking_rate import frames_at_rate
from myna.engines.kokoro.spec import SPEC
from myna.engines.kokoro.streaming_decoder import StreamingDecoder
from myna.engines.kokoro.timbre_eq import equalize, equalizer_taps
from myna.engines.kokoro.voice_artifact import FloatArray, KokoroVoice, pack_voice, unpack_norms, unpack_voice
from myna.engines.kokoro.voice_clone import clone_at_once, clone_voice
from myna.engines.kokoro.voice_design import design_voice
from myna.engines.kokoro.voice_practice import practice_symbols
from myna.engines.kokoro.voice_refine import refine_voice
from myna.engines.kokoro.voice_workshop import LISTENING_RATE_HZ, Listening, VoiceWorkshop
from myna.text.plan import plan_speech
from myna.weights.store import WeightStore

_RATE_RANGE = (0.5, 1.5)
"""Documented range of speakingRate (wire-contract.md#speech)."""
_NUM_PRACTICE = 3
"""Sentences of five words. From two joined ones speech comes out further from the undivided decoder's."""
_STRETCH_SAMPLES = SAMPLE_RATE_HZ
"""Of what nobody waits to hear: the same bits as in one go, a tenth cheaper, and for 12 s a fraction of the memory."""
_NUM_IN_USE = 16
"""Voices whose styles are kept for their next segment: 74 KB each."""
_SENTENCE_TAIL_S = 0.30
_CLAUSE_TAIL_S = 0.12
_WORD_TAIL_S = 0.03
"""What is left after the last sound of a segment: people pause about so long at a full stop, a comma, and nowhere."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedVoice:
    """A voice with what is worked out of it once, within `SPEC.capabilities.voice_bytes`. Its timbre shift, twice as
    much, is kept for the voices in use alone."""

    voice: KokoroVoice
    eq_taps: FloatArray | None
    """None for a flat curve."""
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
        """Raises: WeightsMissing, WeightsCorrupt."""
        weights = WeightStore(settings.weights_dir)
        self._vocabulary = Vocabulary(weights.path(WEIGHT_NAME))
        self._graphs = KokoroGraphs(weights, settings.num_threads)
        self.decoder = StreamingDecoder(weights, settings.num_threads)
        self.workshop = VoiceWorkshop(
            self._graphs,
            self._vocabulary,
            weights,
            before_step=settings.before_step,
            interrupting=settings.interrupting,
        )
        self._styles = lru_cache(_NUM_IN_USE)(self.workshop.timbre_space.styles)
        self._colour_taps = lru_cache(_NUM_IN_USE)(lambda voice: colour_taps(voice.phone_colour_db))
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
        voice = refine_voice(unpack_voice(artifact), heard, self.workshop)
        return self._finish(voice, heard, self.spell_transcript(reference))

    def design_voice(self, attributes: VoiceAttributes, lang: LangCode, seed: int) -> bytes:
        return design_voice(attributes, lang, seed)

    def load_voice(self, artifact: bytes) -> LoadedVoice:
        """See `Engine`. A voice that nobody has listened to yet practises first: 2 s of one core."""
        voice = unpack_voice(artifact)
        norms = unpack_norms(artifact) or self._practise(voice)
        taps = equalizer_taps(voice.eq_db) if voice.eq_db.any() else None
        return LoadedVoice(voice, taps, norms)

    def _finish(self, voice: KokoroVoice, heard: Listening, transcript_symbols: str | None) -> bytes:
        """Practise; then the colour of its phones and hisses as bright as public voices', by what will be heard."""
        voice = replace(voice, phone_colour_db=np.zeros_like(voice.phone_colour_db))  # a refined one has another
        norms, styles = self._practise(voice), self.workshop.timbre_space.styles(voice)
        lines = self.workshop.practise_lines(voice, HISS_LINES)
        said = []
        for line in lines:
            curves = ProsodyCurves(voice.move_pitch(line.curves.f0_hz), line.curves.energy)
            said.append(self._decode(styles, norms, np.repeat(line.text.features, line.frames, axis=2), curves))
        eq_taps = equalizer_taps(voice.eq_db)
        spoken = [equalize(samples, eq_taps) for samples in said]
        if transcript_symbols:
            colour = self._learn_colour(voice, styles, norms, heard, transcript_symbols)
            taps = colour_taps(colour)
            coloured = [
                equalize(colour_phones(samples, line.symbols, line.frames, taps), eq_taps)
                for samples, line in zip(said, lines, strict=True)
            ]
            if self._likeness(coloured, heard) > self._likeness(spoken, heard):
                spoken, voice = coloured, replace(voice, phone_colour_db=colour)
        levels = [
            level_db
            for samples, line in zip(spoken, lines, strict=True)
            for level_db in hiss_levels_db(samples, SAMPLE_RATE_HZ, line.symbols, line.frames)
        ]
        return pack_voice(replace(voice, hiss_db=missing_hiss_db(float(np.mean(levels)))), norms)

    def _learn_colour(
        self,
        voice: KokoroVoice,
        styles: DecoderStyles,
        norms: NormStatistics,
        heard: Listening,
        transcript_symbols: str,
    ) -> FloatArray:
        """[17, 32] dB: what tells the person's phones from the voice's, not a telephone's, a room's or noise's."""
        aligned, frames, curves = self._read(voice, transcript_symbols)
        samples = self._decode(styles, norms, aligned, curves)
        spoken = resample(Waveform(samples, SAMPLE_RATE_HZ), LISTENING_RATE_HZ).samples
        colour = heard.clean_share * learn_phone_colour(spoken, transcript_symbols, frames, heard.samples)
        return colour.astype(np.float32)

    def _read(self, voice: KokoroVoice, symbols: str) -> tuple[FloatArray, IntArray, ProsodyCurves]:
        """Features for each frame, [T] frames and curves: some symbols, as the voice says them."""
        text = self.workshop.encode(symbols)
        frames, curves = self._foretell(voice, text)
        return np.repeat(text.features, frames, axis=2), frames, curves

    def _decode(
        self, styles: DecoderStyles, norms: NormStatistics, aligned: FloatArray, curves: ProsodyCurves
    ) -> FloatArray:
        self._before_step()
        shape = self.decoder.shape(aligned, curves, styles, norms)
        stretches = []
        for first in range(0, shape.num_samples, _STRETCH_SAMPLES):
            self._before_step()
            stretches.append(self.decoder.sound(shape, first, min(first + _STRETCH_SAMPLES, shape.num_samples)))
        return np.concatenate(stretches)

    def _likeness(self, spoken: list[FloatArray], heard: Listening) -> float:
        joined = resample(Waveform(np.concatenate(spoken), SAMPLE_RATE_HZ), LISTENING_RATE_HZ)
        return self.workshop.likeness(self.workshop.measure(joined.samples, None), heard)

    def _practise(self, voice: KokoroVoice) -> NormStatistics:
        """Let it speak three short sentences that nobody hears."""

        def read_one_by_one() -> Iterator[tuple[FloatArray, ProsodyCurves]]:
            for symbols in practice_symbols()[:_NUM_PRACTICE]:
                self._before_step()
                aligned, _, curves = self._read(voice, symbols)
                yield aligned, curves

        return self.decoder.practise(read_one_by_one(), self.workshop.timbre_space.styles(voice))

    def synthesize(self, voice: LoadedVoice, segment: SpeechSegment, options: SynthesisOptions) -> Speaking:
        """See `Engine`. The first chunk holds about 0.3 s, the next ones more and more."""
        slowest, fastest = _RATE_RANGE
        if not slowest <= options.speaking_rate <= fastest:
            raise InvalidRequest(f"speakingRate must be between {slowest} and {fastest}.")
        if segment.before or segment.after:
            sentence = self._find_symbols(
                SpeechSegment((*segment.before, *segment.tokens, *segment.after)), options.lang
            )
            passage = cut_passage(sentence, len(segment.before), len(segment.tokens))
            if len(sentence.symbols) <= MAX_SYMBOLS and passage is not None:
                parts, tokens = [passage], [range(len(segment.tokens))]
                return self._say(voice, parts, tokens, options.speaking_rate)
        sequence = self._find_symbols(segment, options.lang)
        sequences = split_sequence(sequence, MAX_SYMBOLS)
        tokens = list(share_tokens(sequences, len(segment.tokens)))
        return self._say(voice, [whole_passage(part) for part in sequences], tokens, options.speaking_rate)

    def close(self) -> None:
        """See `Engine`. `malloc` would keep half of the memory. What `onnx_session` keeps for all graphs stays."""
        vars(self).clear()
        gc.collect()  # a pipeline of spaCy refers to itself
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

    def _say(self, voice: LoadedVoice, passages: list[Passage], tokens: list[range], speaking_rate: float) -> Speaking:
        stop = RunStop()
        return Speaking(self._iter_chunks(voice, passages, tokens, speaking_rate, stop), stop)

    def _iter_chunks(
        self, voice: LoadedVoice, passages: list[Passage], tokens: list[range], speaking_rate: float, stop: RunStop
    ) -> Iterator[SpokenChunk]:
        num_samples = 0
        for passage, spoken in zip(passages, tokens, strict=True):
            start_s = num_samples / SAMPLE_RATE_HZ
            self._before_step()
            for chunk in self._speak(voice, passage, spoken, speaking_rate, start_s=start_s, stop=stop):
                num_samples += len(chunk.samples)
                yield chunk if passage is passages[-1] else replace(chunk, ends_segment=False)
        if not passages:
            yield SpokenChunk(np.zeros(0, dtype=np.float32))

    def _speak(
        self,
        loaded: LoadedVoice,
        passage: Passage,
        tokens: range,
        speaking_rate: float,
        *,
        start_s: float,
        stop: RunStop,
    ) -> Iterator[SpokenChunk]:
        voice, sequence = loaded.voice, passage.sequence
        text = self._graphs.encode_text(self._vocabulary.encode(passage.sentence), stop)
        frames, predicted = self._foretell(voice, text, speaking_rate, stop)
        curves = passage.cut_curves(predicted, frames)
        frames = frames[passage.positions]
        aligned = np.repeat(text.features[:, :, passage.positions], frames, axis=2)
        shape = self.decoder.shape(aligned, curves, self._styles(voice), loaded.norms, stop)
        sound = SegmentSound(
            sequence,
            frames,
            curves.f0_hz,
            self._colour_taps(voice) if voice.phone_colour_db.any() else None,
            voice.hiss_db,
            loaded.eq_taps,
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
