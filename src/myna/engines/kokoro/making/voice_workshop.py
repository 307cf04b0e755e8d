"""Where voices are made: what a recording sounds like, what a voice in the making says, and how that is judged.
`voice_clone` and `voice_refine` search with these tools. Deterministic: no random numbers, fixed sentences."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from myna.analysis.dnsmos import OpinionModel
from myna.analysis.heap_trim import trim_heap
from myna.analysis.onnx_session import RunStop, RunStopped
from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder
from myna.audio.resample import resample
from myna.domain.errors import InvalidRequest
from myna.domain.waveform import Samples, Waveform
from myna.engines.kokoro.graphs import DecoderStyles, KokoroGraphs, TextEncoding, round_frames
from myna.engines.kokoro.making.pitch_track import PitchStatistics, measure_pitch
from myna.engines.kokoro.making.recording_map import load_recording_map
from myna.engines.kokoro.making.style_descent import GAIN_A, GAIN_B
from myna.engines.kokoro.making.style_gradient import StyleGradient, StylePull
from myna.engines.kokoro.making.style_map import VoiceSound, load_style_map
from myna.engines.kokoro.making.timbre_spectrum import timbre_features
from myna.engines.kokoro.making.voice_clarity import ClarityListener, clarity_symbols
from myna.engines.kokoro.making.voice_practice import PracticeSentence, Stretch, practice_symbols, shorten_silence
from myna.engines.kokoro.phonemes.symbols import Vocabulary
from myna.engines.kokoro.timbre_space import load_timbre_space
from myna.engines.kokoro.voice_artifact import FloatArray, KokoroVoice
from myna.weights.store import WeightStore

LISTENING_RATE_HZ = 16_000
DECODER_RATE_HZ = 24_000
_MIN_SECONDS = 0.5
_MAX_INTERRUPTIONS = 5
"""Then a step is made to its end: a server that is never idle long refines its voices too."""


@dataclass(frozen=True, slots=True, eq=False)
class Listening:
    """What was heard in the reference."""

    samples: Samples
    """[num_samples] at 16 kHz."""
    sound: VoiceSound
    """As it would have been in a clean recording."""
    pitch: PitchStatistics
    clean_share: float
    """How likely the recording is a clean one, 0 to 1."""


class VoiceWorkshop:
    """Judges, style map and space of timbres; shares the engine's graphs. Gradient graph (0.2 GB, 0.6 at work) and
    recogniser (0.15) are opened when needed, until `release`."""

    def __init__(
        self,
        graphs: KokoroGraphs,
        vocabulary: Vocabulary,
        weights: WeightStore,
        *,
        before_step: Callable[[], None] = lambda: None,
        interrupting: Callable[[Callable[[], None]], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """before_step, interrupting: see `EngineSettings`. Raises: WeightsMissing, WeightsCorrupt."""
        self.before_step = before_step
        self._interrupting = interrupting
        self.style_map = load_style_map()
        self.timbre_space = load_timbre_space()
        self.clarity = ClarityListener(weights)
        self._graphs = graphs
        self._judge_a = Ge2eEmbedder(weights)
        self._judge_b = CampplusEmbedder(weights)
        self.opinion = OpinionModel(weights.path("dnsmos/sig_bak_ovr.onnx"))
        self._recording_map = load_recording_map()
        self._vocabulary = vocabulary
        self.line_symbols = clarity_symbols()
        """What is said to be heard for its clarity."""
        self._texts: dict[str, TextEncoding | None] = dict.fromkeys([*practice_symbols(), *self.line_symbols])
        """Our own sentences, once they have been read: 100 KB each. What people said is not kept."""
        self._weights = weights
        self._gradient: StyleGradient | None = None

    @property
    def gradient(self) -> StyleGradient:
        """Of both judges' cosines with respect to timbre style and shift; opened by the first use."""
        if self._gradient is None:
            self._gradient = StyleGradient(self._weights)
        return self._gradient

    def pull_style(
        self, stretch: Stretch, styles: DecoderStyles, *, target_a: FloatArray, target_b: FloatArray
    ) -> StylePull:
        """One evaluation of the gradient: three seconds, given up and begun again when somebody is to be served."""
        evaluate = partial(self.gradient, stretch, styles, target_a=target_a, target_b=target_b)
        for _ in range(_MAX_INTERRUPTIONS):
            self.before_step()
            stop = RunStop()
            with self._interrupting(stop.pull), suppress(RunStopped):
                return evaluate(stop=stop)
        return evaluate()

    def release(self) -> None:
        """Give the memory of the gradient graph and the recogniser back; the next use opens them again."""
        self._gradient = None
        self.clarity.release()
        trim_heap()

    def listen(self, waveform: Waveform) -> Listening:
        """Measure a recording. Raises: InvalidRequest for less than half a second, or silence."""
        samples = resample(waveform, LISTENING_RATE_HZ).samples
        if len(samples) < _MIN_SECONDS * LISTENING_RATE_HZ or not np.abs(samples).max() > 1e-4:
            raise InvalidRequest(
                "The reference holds too little sound to copy a voice from. Send at least one second of speech."
            )
        pitch = measure_pitch(samples) or PitchStatistics(float(np.log(150.0)), 0.2)
        sound = self.measure(samples, pitch)
        clean_share = float(self._recording_map.kinds(sound)[0])
        sound = self._recording_map.clean(sound)
        sound = replace(sound, timbre=self.style_map.lift_treble(sound.timbre))
        if clean_share < 0.5:
            pitch = measure_pitch(samples, is_clean=False) or pitch
            sound = replace(sound, log_f0=pitch.log_f0_mean)
        return Listening(samples, sound, pitch, clean_share)

    def measure(self, samples: Samples, pitch: PitchStatistics | None) -> VoiceSound:
        """samples: [num_samples] at 16 kHz."""
        self.before_step()
        waveform = Waveform(samples, LISTENING_RATE_HZ)
        return VoiceSound(
            embedding_a=self._judge_a.embed(waveform),
            embedding_b=self._judge_b.embed(waveform),
            timbre=timbre_features(samples),
            log_f0=pitch.log_f0_mean if pitch is not None else float(np.log(150.0)),
        )

    def practise(self, voice: KokoroVoice, count: int) -> list[PracticeSentence]:
        """The first practice sentences in a voice's own manner."""
        return [shorten_silence(self.read(voice, symbols)) for symbols in practice_symbols()[:count]]

    def practise_lines(self, voice: KokoroVoice, numbers: Sequence[int] | None = None) -> list[PracticeSentence]:
        """The lines by which a voice's clarity is judged, all or these, in its own manner."""
        chosen = range(len(self.line_symbols)) if numbers is None else numbers
        return [shorten_silence(self.read(voice, self.line_symbols[number])) for number in chosen]

    def predict_frames(self, voice: KokoroVoice, symbols: str) -> FloatArray:
        """Frames of 25 ms that each symbol lasts in a voice's own manner, before its pace: [len(symbols) + 2]."""
        return self._graphs.predict_durations(self.encode(symbols), voice.prosody_style).frames

    def encode(self, symbols: str) -> TextEncoding:
        text = self._texts.get(symbols) or self._graphs.encode_text(self._vocabulary.encode(symbols))
        if symbols in self._texts:
            self._texts[symbols] = text
        return text

    def read(self, voice: KokoroVoice, symbols: str) -> PracticeSentence:
        """Any symbols in a voice's own manner, with the silence at both ends."""
        text = self.encode(symbols)
        predicted = self._graphs.predict_durations(text, voice.prosody_style)
        frames = round_frames(predicted.frames, voice.duration_scale)
        curves = self._graphs.predict_prosody(predicted.hidden, frames, voice.prosody_style)
        return PracticeSentence(symbols, text, frames, curves)

    def render(self, voice: KokoroVoice, sentence: PracticeSentence) -> Samples:
        """[num_samples] at 16 kHz, within -1 and 1, without the equaliser. Styles far from all public ones can be forty
        times as loud: embeddings do not mind, but the speech is cut off."""
        self.before_step()
        styles = self.timbre_space.styles(voice)
        samples = self._graphs.decode_aligned(sentence.aligned_features, sentence.curves_of(voice), styles)
        return np.clip(resample(Waveform(samples, DECODER_RATE_HZ), LISTENING_RATE_HZ).samples, -1.0, 1.0)

    def hear_clean(self, samples: Samples) -> VoiceSound:
        """A recording's sound as it would have been in a clean one. samples: [num_samples] at 16 kHz."""
        return self._recording_map.clean(self.measure(samples, None))

    def likeness(self, sound: VoiceSound, wanted: VoiceSound) -> FloatArray:
        """[2] the judges' cosines in units of "stranger to same person"."""
        cosines = sound.embedding_a @ wanted.embedding_a, sound.embedding_b @ wanted.embedding_b
        return np.array([GAIN_A * cosines[0], GAIN_B * cosines[1]], dtype=np.float32)

    def opinion_of(self, spoken: list[Samples]) -> float:
        """DNSMOS P.835 overall, 1 to 5, of some sentences: [num_samples] at 16 kHz each."""
        self.before_step()
        return self.opinion.score(Waveform(np.concatenate(spoken), LISTENING_RATE_HZ)).overall
