"""From a recording to a voice, at once: a look-up in the style space, then corrections by ear.

Deterministic: no random numbers, one fixed list of practice sentences.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from myna.analysis.dnsmos import OpinionModel
from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder
from myna.audio.resample import resample
from myna.domain.errors import InvalidRequest
from myna.domain.waveform import ReferenceAudio, Samples, Waveform
from myna.engines.kokoro.graphs import KokoroGraphs, ProsodyCurves, TextEncoding, round_frames
from myna.engines.kokoro.heap_trim import trim_heap
from myna.engines.kokoro.phonemes.symbols import Vocabulary
from myna.engines.kokoro.pitch_track import PitchStatistics, measure_pitch
from myna.engines.kokoro.recording_map import RecordingMap, load_recording_map
from myna.engines.kokoro.style_descent import BOTH, GAIN_A, GAIN_B, Pull, descend
from myna.engines.kokoro.style_gradient import StyleGradient
from myna.engines.kokoro.style_map import StyleMap, VoiceSound, load_style_map
from myna.engines.kokoro.timbre_spectrum import missing_eq_db, timbre_features
from myna.engines.kokoro.voice_artifact import NUM_EQ_BANDS, FloatArray, KokoroVoice, pack_voice
from myna.engines.kokoro.voice_clarity import ClarityListener, clarity_symbols
from myna.engines.kokoro.voice_correct import correct_voice
from myna.engines.kokoro.voice_pace import duration_scale
from myna.engines.kokoro.voice_practice import (
    PracticeSentence,
    cut_stretches,
    practice_symbols,
    shorten_silence,
    voiced_log_f0,
)
from myna.weights.store import WeightStore

LISTENING_RATE_HZ = 16_000
DECODER_RATE_HZ = 24_000
_MIN_SECONDS = 0.5

NUM_PRACTICE = 12
"""Sentences whose reading is foretold: for the pitch, and for the gradient."""


@dataclass(frozen=True, slots=True, eq=False)
class Listening:
    """What the encoder heard in the reference."""

    samples: Samples
    """[num_samples] at 16 kHz."""
    sound: VoiceSound
    """As it would have been in a clean recording."""
    pitch: PitchStatistics
    clean_share: float
    """How likely the recording is a clean one, 0 to 1."""


class VoiceEncoder:
    """Makes voices. Holds the judges and the style map; shares the engine's graphs.

    The gradient graph (0.3 GB, 0.7 while it computes) and the recogniser (0.15) are opened when needed and kept
    until `release`.
    """

    def __init__(
        self,
        graphs: KokoroGraphs,
        vocabulary: Vocabulary,
        weights: WeightStore,
        num_threads: int = 1,
        style_map: StyleMap | None = None,
    ) -> None:
        """style_map: another than the shipped one, for experiments. Raises: WeightsMissing, WeightsCorrupt."""
        self._graphs = graphs
        self._vocabulary = vocabulary
        self._judge_a = Ge2eEmbedder(weights, num_threads)
        self._judge_b = CampplusEmbedder(weights, num_threads)
        self._opinion = OpinionModel(weights.path("dnsmos/sig_bak_ovr.onnx"))
        self.clarity = ClarityListener(weights, num_threads)
        self._style_map = style_map or load_style_map()
        self._recording_map: RecordingMap = load_recording_map()
        self._texts: list[TextEncoding] = []
        self._lines: list[TextEncoding] = []
        self._weights = weights
        self._gradient: StyleGradient | None = None

    @property
    def style_map(self) -> StyleMap:
        return self._style_map

    def encode(self, reference: ReferenceAudio, transcript_symbols: str | None = None) -> bytes:
        """Derive a voice from a recording: pitch, timbre and pace of the person. Same audio, same bytes.

        transcript_symbols: what is said, in the model's symbols, if its language is one that the engine can spell; the
        pace is then measured against the model's own reading of the same words.
        Raises: InvalidRequest for less than half a second of sound.
        """
        heard = self.listen(reference.waveform)
        voice, sentences = self.look_up(heard, transcript_symbols)
        corrected = correct_voice(voice, sentences, heard, self)
        artifact = pack_voice(self.tune(corrected.voice, corrected.spoken, heard))
        self.release()
        return artifact

    def look_up(self, heard: Listening, transcript_symbols: str | None) -> tuple[KokoroVoice, list[PracticeSentence]]:
        """The voice before it has been heard, and what it can practise on."""
        decoder_style, prosody_style = self._style_map.locate(self._style_map.features(heard.sound))
        voice = KokoroVoice(
            timbre_style=decoder_style.astype(np.float32),
            articulation_style=self._style_map.prior_mean.astype(np.float32),
            prosody_style=prosody_style.astype(np.float32),
            predicted_log_f0=0.0,
            target_log_f0=0.0,
            pitch_spread=1.0,
            duration_scale=1.0,
            eq_db=np.zeros(NUM_EQ_BANDS, dtype=np.float32),
        )
        if transcript_symbols:
            voice = replace(voice, duration_scale=self._pace(voice, heard, transcript_symbols))
        sentences = self.practise(voice, NUM_PRACTICE)
        return _set_pitch(voice, sentences, heard.pitch), sentences

    def opinion_of(self, spoken: list[Samples]) -> float:
        """DNSMOS P.835 overall, 1 to 5, of some sentences: [num_samples] at 16 kHz each."""
        return self._opinion.score(Waveform(np.concatenate(spoken), LISTENING_RATE_HZ)).overall

    def pull(
        self,
        voice: KokoroVoice,
        sentences: list[PracticeSentence],
        heard: Listening,
        num_steps: int,
        first_step: float,
        *,
        judges: Pull = BOTH,
    ) -> Iterator[FloatArray]:
        """Yield the decoder style, [128], after each of some steps towards the person."""
        if self._gradient is None:
            self._gradient = StyleGradient(self._weights)
        targets = (heard.sound.embedding_a, heard.sound.embedding_b)
        stretches = cut_stretches(voice, sentences)
        return descend(
            voice,
            stretches,
            targets,
            self._gradient,
            self._style_map,
            pull=judges,
            num_steps=num_steps,
            first_step=first_step,
        )

    def release(self) -> None:
        """Give the memory of the gradient graph and the recogniser back; the next use opens them again."""
        self._gradient = None
        self.clarity.release()
        trim_heap()

    def tune(self, voice: KokoroVoice, spoken: list[Samples], heard: Listening) -> KokoroVoice:
        """Bring the colour half-way to the recording's; not to that of a telephone, a room or noise.

        spoken: sentences in this voice, as `render` gives them.
        """
        curve = heard.clean_share * missing_eq_db(heard.samples, np.concatenate(spoken))
        return replace(voice, eq_db=curve.astype(np.float32))

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
        sound = replace(sound, timbre=self._style_map.lift_treble(sound.timbre))
        if clean_share < 0.5:
            pitch = measure_pitch(samples, is_clean=False) or pitch
            sound = replace(sound, log_f0=pitch.log_f0_mean)
        return Listening(samples, sound, pitch, clean_share)

    def measure(self, samples: Samples, pitch: PitchStatistics | None) -> VoiceSound:
        """samples: [num_samples] at 16 kHz."""
        waveform = Waveform(samples, LISTENING_RATE_HZ)
        return VoiceSound(
            embedding_a=self._judge_a.embed(waveform),
            embedding_b=self._judge_b.embed(waveform),
            timbre=timbre_features(samples),
            log_f0=pitch.log_f0_mean if pitch is not None else float(np.log(150.0)),
        )

    def practise(self, voice: KokoroVoice, count: int) -> list[PracticeSentence]:
        """The first practice sentences in a voice's own manner."""
        for symbols in practice_symbols()[len(self._texts) : count]:
            self._texts.append(self._graphs.encode_text(self._vocabulary.encode(symbols)))
        return [self._rehearse(voice, text) for text in self._texts[:count]]

    def practise_lines(self, voice: KokoroVoice) -> list[PracticeSentence]:
        """The lines by which a voice's clarity is judged, in its own manner."""
        if not self._lines:
            self._lines = [self._graphs.encode_text(self._vocabulary.encode(symbols)) for symbols in clarity_symbols()]
        return [self._rehearse(voice, text) for text in self._lines]

    def _rehearse(self, voice: KokoroVoice, text: TextEncoding) -> PracticeSentence:
        predicted = self._graphs.predict_durations(text, voice.prosody_style)
        frames = round_frames(predicted.frames, voice.duration_scale)
        curves = self._graphs.predict_prosody(predicted.hidden, frames, voice.prosody_style)
        return shorten_silence(PracticeSentence(text, frames, curves))

    def render(self, voice: KokoroVoice, sentence: PracticeSentence) -> Samples:
        """Speak a practice sentence. Returns [num_samples] at 16 kHz, within -1 and 1, without the equaliser.

        Styles far from all public ones can be forty times as loud: embeddings do not mind, but the speech is cut off.
        """
        curves = ProsodyCurves(voice.move_pitch(sentence.curves.f0_hz), sentence.curves.energy)
        samples = self._graphs.decode(sentence.text.features, sentence.frames, curves, voice.decoder_styles)
        return np.clip(resample(Waveform(samples, DECODER_RATE_HZ), LISTENING_RATE_HZ).samples, -1.0, 1.0)

    def likeness(self, sound: VoiceSound, heard: Listening) -> float:
        """Both judges' cosines in units of "stranger to same person", added."""
        return GAIN_A * float(sound.embedding_a @ heard.sound.embedding_a) + GAIN_B * float(
            sound.embedding_b @ heard.sound.embedding_b
        )

    def _pace(self, voice: KokoroVoice, heard: Listening, symbols: str) -> float:
        text = self._graphs.encode_text(self._vocabulary.encode(symbols[:500]))
        predicted = self._graphs.predict_durations(text, voice.prosody_style)
        return duration_scale(heard.samples, symbols[:500], predicted.frames)


def _set_pitch(voice: KokoroVoice, sentences: list[PracticeSentence], wanted: PitchStatistics) -> KokoroVoice:
    """Move the predicted pitch to the person's mean, and half-way to their spread."""
    predicted = np.concatenate([voiced_log_f0(sentence.curves) for sentence in sentences])
    ratio = float(np.clip(wanted.log_f0_sd / max(float(predicted.std()), 0.02), 0.7, 1.5))
    return replace(
        voice,
        predicted_log_f0=float(predicted.mean()),
        target_log_f0=wanted.log_f0_mean,
        pitch_spread=0.5 * (1.0 + ratio),
    )
