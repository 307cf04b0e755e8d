"""The last steps of a voice, by the decoder that will speak it: it practises, and gets a colour for each kind of sound
and hisses as bright as public voices'."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from myna.audio.resample import resample
from myna.domain.waveform import Samples, Waveform
from myna.engines.kokoro.graphs import SAMPLE_RATE_HZ, ProsodyCurves
from myna.engines.kokoro.hiss import HISS_LINES, hiss_levels_db, missing_hiss_db
from myna.engines.kokoro.making.voice_practice import PracticeSentence, practice_symbols
from myna.engines.kokoro.making.voice_workshop import LISTENING_RATE_HZ, Listening, VoiceWorkshop
from myna.engines.kokoro.norm_statistics import NormStatistics
from myna.engines.kokoro.phone_colour import learn_phone_colour
from myna.engines.kokoro.streaming_decoder import StreamingDecoder
from myna.engines.kokoro.voice_artifact import FloatArray, KokoroVoice, pack_voice
from myna.engines.kokoro.voice_filters import VoiceFilters

_NUM_PRACTICE = 3
"""Sentences of five words. From two joined ones speech comes out further from the undivided decoder's."""
_STRETCH_SAMPLES = SAMPLE_RATE_HZ
"""Of what nobody waits to hear: the same bits as in one go, a tenth cheaper, and for 12 s a fraction of the memory."""


@dataclass(frozen=True, slots=True)
class VoiceFinish:
    workshop: VoiceWorkshop
    decoder: StreamingDecoder

    def __call__(self, voice: KokoroVoice, heard: Listening, transcript_symbols: str | None) -> bytes:
        """Its artifact. transcript_symbols: what is said in the recording, if the engine can spell it."""
        # a refined one has others
        voice = replace(voice, phone_colour_db=np.zeros_like(voice.phone_colour_db), hiss_db=0.0)
        norms = self.practise(voice)
        lines = self.workshop.practise_lines(voice, HISS_LINES)
        said = [self._speak(voice, norms, line) for line in lines]
        spoken = _paint(voice, said, lines)
        if transcript_symbols:
            with_colour = replace(voice, phone_colour_db=self._learn_colour(voice, norms, heard, transcript_symbols))
            coloured = _paint(with_colour, said, lines)
            if self._likeness(coloured, heard) > self._likeness(spoken, heard):
                spoken, voice = coloured, with_colour
        levels = [
            level_db
            for samples, line in zip(spoken, lines, strict=True)
            for level_db in hiss_levels_db(samples, SAMPLE_RATE_HZ, line.symbols, line.frames)
        ]
        return pack_voice(replace(voice, hiss_db=missing_hiss_db(float(np.mean(levels)))), norms)

    def say(self, voice: KokoroVoice, norms: NormStatistics, sentences: list[PracticeSentence]) -> list[Samples]:
        """What a listener hears of a finished voice, [num_samples] at 16 kHz each."""
        said = [self._speak(voice, norms, sentence) for sentence in sentences]
        return [
            resample(Waveform(samples, SAMPLE_RATE_HZ), LISTENING_RATE_HZ).samples
            for samples in _paint(voice, said, sentences)
        ]

    def practise(self, voice: KokoroVoice) -> NormStatistics:
        """Let it speak three short sentences that nobody hears."""

        def read_one_by_one() -> Iterator[tuple[FloatArray, ProsodyCurves]]:
            for symbols in practice_symbols()[:_NUM_PRACTICE]:
                self.workshop.before_step()
                sentence = self.workshop.read(voice, symbols)
                yield sentence.aligned_features, sentence.curves_of(voice)

        return self.decoder.practise(read_one_by_one(), self.workshop.timbre_space.styles(voice))

    def _learn_colour(
        self, voice: KokoroVoice, norms: NormStatistics, heard: Listening, transcript_symbols: str
    ) -> FloatArray:
        """[17, 32] dB: what tells the person's phones from the voice's, not a telephone's, a room's or noise's."""
        sentence = self.workshop.read(voice, transcript_symbols)
        spoken = resample(Waveform(self._speak(voice, norms, sentence), SAMPLE_RATE_HZ), LISTENING_RATE_HZ).samples
        learnt = learn_phone_colour(spoken, transcript_symbols, sentence.frames, heard.samples)
        return (heard.clean_share * learnt).astype(np.float32)

    def _speak(self, voice: KokoroVoice, norms: NormStatistics, sentence: PracticeSentence) -> FloatArray:
        """[num_samples] at 24 kHz, without the equaliser."""
        styles = self.workshop.timbre_space.styles(voice)
        shape = self.decoder.shape(sentence.aligned_features, sentence.curves_of(voice), styles, norms)
        stretches = []
        for first in range(0, shape.num_samples, _STRETCH_SAMPLES):
            self.workshop.before_step()
            stretches.append(self.decoder.sound(shape, first, min(first + _STRETCH_SAMPLES, shape.num_samples)))
        return np.concatenate(stretches)

    def _likeness(self, spoken: list[FloatArray], heard: Listening) -> float:
        joined = resample(Waveform(np.concatenate(spoken), SAMPLE_RATE_HZ), LISTENING_RATE_HZ)
        return float(self.workshop.likeness(self.workshop.measure(joined.samples, None), heard.sound).sum())


def _paint(voice: KokoroVoice, said: list[FloatArray], sentences: list[PracticeSentence]) -> list[FloatArray]:
    """Decoded sentences with the voice's colours and hisses."""
    filters = VoiceFilters.of(voice)
    return [filters.apply(samples, one.symbols, one.frames) for samples, one in zip(said, sentences, strict=True)]
