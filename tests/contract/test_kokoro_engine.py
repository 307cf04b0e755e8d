"""The embedded engine keeps the engine's laws, and speaks as it says it does."""

import threading
import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import soundfile
from tests.conftest import Recording

from myna.audio.resample import resample
from myna.domain.errors import InvalidRequest, LanguageUnsupported
from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment, SpeechToken, SpokenChunk, SynthesisOptions, TokenTiming
from myna.domain.waveform import ReferenceAudio, Samples, Waveform
from myna.engines.base import Engine, EngineSettings, EngineSpec, Interruptible
from myna.engines.kokoro.engine import KokoroEngine, LoadedVoice
from myna.engines.kokoro.graphs import ProsodyCurves
from myna.engines.kokoro.making.pitch_track import measure_pitch
from myna.engines.kokoro.silence_trim import find_speech
from myna.engines.kokoro.voice_artifact import NUM_EQ_BANDS, pack_voice
from myna.engines.registry import load_spec
from myna.testing.engine_contract import EngineContract, join_samples, plain_segment

RATE_HZ = 24_000
NEEDS_CUDA = pytest.mark.skipif(
    "CUDAExecutionProvider" not in ort.get_available_providers(),
    reason="the installed ONNX Runtime was built without CUDA: onnxruntime-gpu and a card are needed",
)


def read_reference(recording: Recording) -> ReferenceAudio:
    samples, rate_hz = soundfile.read(recording.path, dtype="float32")
    return ReferenceAudio(resample(Waveform(samples, rate_hz), RATE_HZ), recording.transcript, LangCode.EN_US)


def timings_of(chunks: Iterable[SpokenChunk]) -> list[TokenTiming]:
    return [timing for chunk in chunks for timing in chunk.timings]


class TestKokoroEngine(EngineContract):
    @pytest.fixture(scope="class")
    @classmethod
    def spec(cls) -> EngineSpec:
        return load_spec("kokoro")

    @pytest.fixture(scope="class", params=["cpu", pytest.param("cuda", marks=NEEDS_CUDA)])
    @classmethod
    def settings(cls, weights_dir: Path, request: pytest.FixtureRequest) -> EngineSettings:
        return EngineSettings(weights_dir, num_threads=1, device=request.param)

    @pytest.fixture(scope="class")
    @classmethod
    def references(cls, speaker_recordings: list[Recording]) -> tuple[ReferenceAudio, ReferenceAudio]:
        """A woman and a man whose voices are good at once: others take three times as long."""
        chosen = {recording.speaker: recording for recording in speaker_recordings if recording.role == "reference"}
        return read_reference(chosen["ls-1998"]), read_reference(chosen["ls-2609"])

    @pytest.fixture(scope="class")
    @classmethod
    def dennis(cls, engine: Engine, spec: EngineSpec) -> LoadedVoice:
        artifact = next(voice.artifact for voice in spec.stock_voices() if voice.name == "Dennis")
        voice: LoadedVoice = engine.load_voice(artifact)
        return voice

    @pytest.fixture(scope="class")
    @classmethod
    def usual(cls, engine: Engine, dennis: LoadedVoice) -> Samples:
        """The sentence by Dennis."""
        return join_samples(engine.synthesize(dennis, plain_segment(cls.sentence), SynthesisOptions(cls.lang)))

    def test_speaking_rate_changes_length(self, engine: Engine, dennis: LoadedVoice, usual: Samples) -> None:
        """The law, and more: at either end of the range the speech is as much longer or shorter, and the pitch within
        half a semitone."""
        takes = [usual] + [
            join_samples(engine.synthesize(dennis, plain_segment(self.sentence), SynthesisOptions(self.lang, rate)))
            for rate in (0.5, 1.5)
        ]
        once, slow, fast = (np.diff(find_speech(take))[0] for take in takes)
        assert (once / slow, once / fast) == pytest.approx((0.5, 1.5), rel=0.08)
        pitches = [measure_pitch(resample(Waveform(take, RATE_HZ), 16_000).samples) for take in takes]
        means = [pitch.log_f0_mean for pitch in pitches if pitch is not None]
        assert means == pytest.approx([means[0]] * 3, abs=np.log(2.0) / 24)

    def test_words_are_heard_where_the_timings_say(self, engine: Engine, dennis: LoadedVoice) -> None:
        """After a pause the sound rises within 60 ms of the word's reported start."""
        segment = plain_segment("When the rain stopped, we opened all the windows.")
        chunks = list(engine.synthesize(dennis, segment, SynthesisOptions(self.lang)))
        samples, timings = join_samples(chunks), timings_of(chunks)
        step = RATE_HZ // 200
        level = np.sqrt(np.mean(samples[: len(samples) // step * step].reshape(-1, step) ** 2, axis=1))
        after_comma = timings[4].start_s
        window = level[round((after_comma - 0.1) * 200) : round((after_comma + 0.15) * 200)]
        onset_s = after_comma - 0.1 + int(np.argmax(window > 0.1 * level.max())) / 200
        assert onset_s == pytest.approx(after_comma, abs=0.06)

    def test_a_sentence_in_pieces_sounds_like_the_whole(self, engine: Engine, dennis: LoadedVoice) -> None:
        """The second piece of a sentence goes on as low as in one go; by itself it would begin 1.5 semitones higher."""
        text = "She wanted to tell him everything, but the train was leaving and there was no time for it."
        options = SynthesisOptions(self.lang)
        whole = plain_segment(text)
        cut = next(k for k, token in enumerate(whole.tokens) if token.spoken.endswith(",")) + 1
        tokens = whole.tokens
        pieces = [SpeechSegment(tokens[:cut], after=tokens[cut:]), SpeechSegment(tokens[cut:], before=tokens[:cut])]
        chunks = [list(engine.synthesize(dennis, segment, options)) for segment in (whole, *pieces)]
        timings = timings_of(chunks[0])
        split = round((timings[cut - 1].end_s + timings[cut].start_s) / 2 * RATE_HZ)
        in_one, in_two = join_samples(chunks[0]), [join_samples(chunks[1]), join_samples(chunks[2])]
        assert len(in_two[0]) + len(in_two[1]) == pytest.approx(len(in_one), rel=0.08)
        assert [timing.token_index for timing in timings_of(chunks[2])] == list(range(len(tokens) - cut))
        steps = []
        for before, after in ((in_one[:split], in_one[split:]), in_two):
            low, high = (measure_pitch(resample(Waveform(take, RATE_HZ), 16_000).samples) for take in (before, after))
            assert low is not None
            assert high is not None
            steps.append(high.log_f0_mean - low.log_f0_mean)
        assert steps[1] == pytest.approx(steps[0], abs=np.log(2.0) / 12)

    def test_a_stretch_sounds_as_it_does_in_the_whole(self, engine: KokoroEngine, dennis: LoadedVoice) -> None:
        """However a segment is cut, its samples are the same: nothing in the generator looks at all of it."""
        random = np.random.default_rng(3)
        f0_hz = (140 + 40 * np.sin(np.arange(160) / 20)).astype(np.float32)
        curves = ProsodyCurves(f0_hz, np.full(160, 2.0, np.float32))
        features = random.normal(size=(1, 512, 80)).astype(np.float32)
        decoder = engine.decoder
        styles = engine.workshop.timbre_space.styles(dennis.voice)
        shape = decoder.shape(features, curves, styles, dennis.norms)
        cuts = [0, 3_000, 10_800, 31_230, shape.num_samples]
        pieces = [decoder.sound(shape, first, end) for first, end in pairwise(cuts)]
        np.testing.assert_allclose(np.concatenate(pieces), decoder.sound(shape, 0, cuts[-1]), atol=1e-3)

    def test_a_loaded_voice_is_as_small_as_the_engine_says(
        self, engine: Engine, spec: EngineSpec, dennis: LoadedVoice
    ) -> None:
        """A thousand voices that have practised, each with an equaliser, are kept in 50 MB."""
        voice = replace(dennis.voice, eq_db=np.ones(NUM_EQ_BANDS, np.float32))
        artifact = pack_voice(voice, dennis.norms)
        tracemalloc.start()
        kept = [engine.load_voice(artifact) for _ in range(20)]
        taken_bytes, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert taken_bytes / len(kept) < spec.capabilities.voice_bytes <= 50_000

    def test_phones_fill_their_word(self, engine: Engine, dennis: LoadedVoice) -> None:
        """A word's phones follow one another from its start to its end, and are the word's."""
        chunks = list(engine.synthesize(dennis, plain_segment("read it"), SynthesisOptions(self.lang)))
        word = timings_of(chunks)[0]
        assert "".join(phone.phone for phone in word.phones) == "ɹid"
        position_s = word.start_s
        for phone in word.phones:
            assert phone.start_s == pytest.approx(position_s)
            position_s = phone.start_s + phone.duration_s
        assert position_s == pytest.approx(word.end_s)

    def test_nothing_to_say_is_no_sound(self, engine: Engine, dennis: LoadedVoice) -> None:
        """A segment that is only a pause, or of signs that nobody reads, gives no samples and no error."""
        for tokens in ((), (SpeechToken("", 0, 3),), (SpeechToken("★", 0, 1),)):
            assert len(join_samples(engine.synthesize(dennis, SpeechSegment(tokens), SynthesisOptions(self.lang)))) == 0

    def test_a_long_segment_is_interrupted_in_its_middle(
        self, engine: KokoroEngine, dennis: LoadedVoice, usual: Samples
    ) -> None:
        """From another thread: no other chunk comes; the next words are what they would have been."""
        options = SynthesisOptions(self.lang)
        segment = plain_segment(" ".join([self.sentence.rstrip(".")] * 4))
        whole = join_samples(engine.synthesize(dennis, segment, options))
        speaking = engine.synthesize(dennis, segment, options)
        assert isinstance(speaking, Interruptible)
        assert 0 < len(next(speaking).samples) < 0.5 * len(whole)
        other = threading.Thread(target=speaking.interrupt)
        other.start()
        other.join()
        assert list(speaking) == []
        np.testing.assert_array_equal(
            join_samples(engine.synthesize(dennis, plain_segment(self.sentence), options)), usual
        )

    def test_refusals_come_from_the_call(self, engine: Engine, spec: EngineSpec, dennis: LoadedVoice) -> None:
        """A language that is not spoken and a rate out of range are refused before anything is pulled."""
        segment = plain_segment(self.sentence)
        with pytest.raises(InvalidRequest):
            engine.synthesize(dennis, segment, SynthesisOptions(self.lang, speaking_rate=1.6))
        for lang in set(LangCode) - spec.capabilities.languages:
            with pytest.raises(LanguageUnsupported, match="en-US"):
                engine.synthesize(dennis, segment, SynthesisOptions(lang))

    def test_ipa_is_spoken_as_written(self, engine: Engine, dennis: LoadedVoice) -> None:
        """Phonemes between slashes are spoken in place of the word."""
        segment = SpeechSegment((SpeechToken("krit", 0, 7, ipa="kriːt"),))
        (timing,) = timings_of(engine.synthesize(dennis, segment, SynthesisOptions(self.lang)))
        assert "".join(phone.phone for phone in timing.phones) == "kɹit"
