"""The embedded default engine: Kokoro-82M with a voice that was derived from a recording."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from myna.analysis.onnx_session import RunStop, RunStopped
from myna.domain.attributes import VoiceAttributes
from myna.domain.errors import InvalidRequest
from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.waveform import ReferenceAudio, Samples
from myna.engines.base import EngineSettings
from myna.engines.kokoro.graphs import MAX_SYMBOLS, SAMPLE_RATE_HZ, KokoroGraphs, ProsodyCurves, round_frames
from myna.engines.kokoro.hiss import lift_hisses
from myna.engines.kokoro.passage import Passage, cut_passage, whole_passage
from myna.engines.kokoro.pause_hush import hush_pauses
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
from myna.engines.kokoro.silence_trim import trim_silence
from myna.engines.kokoro.speaking_rate import frames_at_rate
from myna.engines.kokoro.spec import SPEC
from myna.engines.kokoro.speech_timing import time_tokens
from myna.engines.kokoro.timbre_eq import equalize, equalizer_taps
from myna.engines.kokoro.voice_artifact import FloatArray, KokoroVoice, pack_voice, unpack_voice
from myna.engines.kokoro.voice_clone import clone_at_once, clone_voice
from myna.engines.kokoro.voice_design import design_voice
from myna.engines.kokoro.voice_refine import refine_voice
from myna.engines.kokoro.voice_workshop import VoiceWorkshop
from myna.text.plan import plan_speech
from myna.weights.store import WeightStore

_RATE_RANGE = (0.5, 1.5)
"""Documented range of speakingRate (wire-contract.md#speech)."""
_SENTENCE_TAIL_S = 0.30
_CLAUSE_TAIL_S = 0.12
_WORD_TAIL_S = 0.03
"""What is left after the last sound of a segment: people pause about so long at a full stop, a comma, and nowhere."""
_CEILING = 0.98
_KNEE = 0.85
"""Louder than the knee is bent so that nothing passes the ceiling: an equaliser can push single peaks above 1."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedVoice:
    """A voice with what is worked out of it once."""

    voice: KokoroVoice
    eq_taps: FloatArray | None
    """None for a flat curve."""


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
    """Implements `Engine`. Holds weights and pronunciation lexicons, never a voice or a request."""

    def __init__(self, settings: EngineSettings) -> None:
        """Raises: WeightsMissing, WeightsCorrupt."""
        weights = WeightStore(settings.weights_dir)
        self._vocabulary = Vocabulary(weights.path(WEIGHT_NAME))
        self._graphs = KokoroGraphs(weights, settings.num_threads)
        self.workshop = VoiceWorkshop(
            self._graphs,
            self._vocabulary,
            weights,
            settings.num_threads,
            before_step=settings.before_step,
            interrupting=settings.interrupting,
        )
        self._before_step = settings.before_step
        self._phonemizers: dict[LangCode, Phonemizer] = {}
        self._phonemizer(LangCode.EN_US)

    def encode_voice(self, reference: ReferenceAudio) -> bytes:
        """See `Engine`. Three seconds of one core."""
        return pack_voice(clone_at_once(reference.waveform, self.spell_transcript(reference), self.workshop))

    def hear_voice(self, reference: ReferenceAudio) -> bytes:
        """See `Engine`. Up to fifteen seconds of one core."""
        return pack_voice(clone_voice(reference.waveform, self.spell_transcript(reference), self.workshop))

    def refine_voice(self, artifact: bytes, reference: ReferenceAudio) -> bytes:
        """See `Engine`. More than a minute of one core."""
        heard = self.workshop.listen(reference.waveform)
        return pack_voice(refine_voice(unpack_voice(artifact), heard, self.workshop))

    def design_voice(self, attributes: VoiceAttributes, lang: LangCode, seed: int) -> bytes:
        """See `Engine`."""
        return design_voice(attributes, lang, seed)

    def load_voice(self, artifact: bytes) -> LoadedVoice:
        """See `Engine`."""
        voice = unpack_voice(artifact)
        return LoadedVoice(voice, equalizer_taps(voice.eq_db) if voice.eq_db.any() else None)

    def synthesize(self, voice: LoadedVoice, segment: SpeechSegment, options: SynthesisOptions) -> Speaking:
        """See `Engine`. A segment is one chunk, unless it is longer than the model can speak in one go."""
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
        """See `Engine`."""
        self._phonemizers.clear()

    def _phonemizer(self, lang: LangCode) -> Phonemizer:
        if lang not in self._phonemizers:
            self._phonemizers[lang] = open_phonemizer(lang, lambda: self._phonemizer(LangCode.EN_US))
        return self._phonemizers[lang]

    def _find_symbols(self, segment: SpeechSegment, lang: LangCode) -> SymbolSequence:
        phonemes = self._phonemizer(lang).phonemize(segment.tokens)
        for index, token in enumerate(segment.tokens):
            if token.ipa is not None:
                phonemes[index] = spell_ipa(
                    token.ipa, is_english=lang.iso639 == "en", is_british=lang is LangCode.EN_GB
                )
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
        start_s = 0.0
        for passage, spoken in zip(passages, tokens, strict=True):
            self._before_step()
            chunk = self._speak(voice, passage, spoken, speaking_rate, start_s=start_s, stop=stop)
            start_s += len(chunk.samples) / SAMPLE_RATE_HZ
            yield chunk
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
    ) -> SpokenChunk:
        voice, sequence = loaded.voice, passage.sequence
        text = self._graphs.encode_text(self._vocabulary.encode(passage.sentence), stop)
        durations = self._graphs.predict_durations(text, voice.prosody_style, stop)
        frames = frames_at_rate(round_frames(durations.frames, voice.duration_scale), speaking_rate)
        predicted = self._graphs.predict_prosody(durations.hidden, frames, voice.prosody_style, stop)
        curves = passage.cut_curves(ProsodyCurves(voice.move_pitch(predicted.f0_hz), predicted.energy), frames)
        frames = frames[passage.positions]
        features = text.features[:, :, passage.positions]
        samples = self._graphs.decode(features, frames, curves, voice.decoder_styles, stop)
        samples = hush_pauses(samples, sequence.symbols, frames, curves.f0_hz)
        samples = lift_hisses(samples, sequence.symbols, frames, voice.hiss_db)
        if loaded.eq_taps is not None:
            samples = equalize(samples, loaded.eq_taps)
        tail_s = _tail_seconds(sequence.symbols) / speaking_rate
        trimmed, num_cut = trim_silence(samples, tail_s)
        timings = time_tokens(
            sequence,
            frames,
            tokens,
            first_sample_s=start_s - num_cut / SAMPLE_RATE_HZ,
            audible_s=(start_s, start_s + max(0.0, len(trimmed) / SAMPLE_RATE_HZ - tail_s)),
        )
        return SpokenChunk(limit_peaks(trimmed), timings)


def limit_peaks(samples: Samples) -> Samples:
    """Bend what is louder than 0.85 so that nothing passes 0.98; the rest stays as it is."""
    level = np.abs(samples)
    if not (level > _KNEE).any():
        return samples
    room = _CEILING - _KNEE
    bent = _KNEE + room * np.tanh((level - _KNEE) / room)
    return np.where(level > _KNEE, np.sign(samples) * bent, samples).astype(np.float32)


def _tail_seconds(symbols: str) -> float:
    last = next((symbol for symbol in reversed(symbols) if symbol not in ' "”)'), "")
    if last in SENTENCE_ENDS:
        return _SENTENCE_TAIL_S
    return _CLAUSE_TAIL_S if last in CLAUSE_ENDS else _WORD_TAIL_S
