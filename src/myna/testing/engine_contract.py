"""The laws of `Engine`, as tests. Subclass it for your engine; every test must pass, none is skipped."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import islice, zip_longest

import numpy as np
import pytest

from myna.domain.attributes import VoiceAttributes
from myna.domain.errors import VoiceIncompatible
from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment, SpeechToken, SpokenChunk, SynthesisOptions
from myna.domain.waveform import ReferenceAudio, Samples
from myna.engines.base import Engine, EngineSettings, EngineSpec

Spoken = tuple[list[SpokenChunk], list[SpokenChunk]]


def plain_segment(text: str) -> SpeechSegment:
    """A segment of the words of `text`, one token each."""
    tokens = []
    offset = 0
    for word in text.split(" "):
        tokens.append(SpeechToken(word, offset, offset + len(word), " "))
        offset += len(word) + 1
    return SpeechSegment(tuple(tokens))


def join_samples(chunks: Iterable[SpokenChunk]) -> Samples:
    """[num_samples] of all the chunks."""
    return np.concatenate([chunk.samples for chunk in chunks])


class EngineContract:
    """Subclasses give `spec`, `settings`, `references` (two persons) and may give `lang`."""

    lang = LangCode.EN_US
    sentence = "The keeper walked along the shore."

    @pytest.fixture(scope="class")
    @classmethod
    def spec(cls) -> EngineSpec:
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def settings(cls) -> EngineSettings:
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def references(cls) -> tuple[ReferenceAudio, ReferenceAudio]:
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls, spec: EngineSpec, settings: EngineSettings) -> Iterator[Engine]:
        engine = spec.load(settings)
        yield engine
        engine.close()

    @pytest.fixture(scope="class")
    @classmethod
    def artifacts(cls, engine: Engine, references: tuple[ReferenceAudio, ReferenceAudio]) -> tuple[bytes, bytes]:
        return engine.encode_voice(references[0]), engine.encode_voice(references[1])

    @pytest.fixture(scope="class")
    @classmethod
    def spoken(cls, engine: Engine, artifacts: tuple[bytes, bytes]) -> Spoken:
        """The sentence by each of the two voices."""
        segment, options = plain_segment(cls.sentence), SynthesisOptions(cls.lang)
        first, second = (list(engine.synthesize(engine.load_voice(made), segment, options)) for made in artifacts)
        return first, second

    def speak(self, engine: Engine, artifact: bytes, text: str | None = None, rate: float = 1.0) -> Samples:
        options = SynthesisOptions(self.lang, speaking_rate=rate)
        voice = engine.load_voice(artifact)
        return join_samples(engine.synthesize(voice, plain_segment(text or self.sentence), options))

    def test_same_reference_gives_same_bytes(
        self, engine: Engine, references: tuple[ReferenceAudio, ReferenceAudio], artifacts: tuple[bytes, bytes]
    ) -> None:
        """Encoding is pure."""
        assert engine.encode_voice(references[0]) == artifacts[0]

    def test_two_persons_give_two_voices(self, artifacts: tuple[bytes, bytes], spoken: Spoken) -> None:
        """A clone is not one of a few stock voices."""
        first, second = map(join_samples, spoken)
        assert artifacts[0] != artifacts[1]
        assert len(first) != len(second) or not np.array_equal(first, second)

    def test_interleaving_voices_changes_nothing(
        self, engine: Engine, artifacts: tuple[bytes, bytes], spoken: Spoken
    ) -> None:
        """The voice is an argument: two drawn in turn sound as each alone, and one loaded once says the same twice."""
        voices = [engine.load_voice(artifact) for artifact in artifacts]
        segment, options = plain_segment(self.sentence), SynthesisOptions(self.lang)
        pairs = list(zip_longest(*(engine.synthesize(voice, segment, options) for voice in voices)))
        takes = [join_samples(pair[k] for pair in pairs if pair[k]) for k in range(2)]
        takes.append(join_samples(engine.synthesize(voices[0], segment, options)))
        for take, alone in zip(takes, (*spoken, spoken[0]), strict=True):
            np.testing.assert_array_equal(take, join_samples(alone))

    def test_chunks_have_shape_and_range(self, spec: EngineSpec, spoken: Spoken) -> None:
        """Float32, one dimension, finite, within [-1, 1], and as long as such a sentence takes."""
        num_samples = 0
        for chunk in spoken[0]:
            assert chunk.samples.dtype == np.float32
            assert chunk.samples.ndim == 1
            assert np.isfinite(chunk.samples).all()
            assert float(np.abs(chunk.samples).max(initial=0.0)) <= 1.0
            num_samples += len(chunk.samples)
        seconds = num_samples / spec.capabilities.sample_rate_hz
        assert 0.02 * len(self.sentence) < seconds < 0.25 * len(self.sentence)

    def test_speaking_rate_changes_length(self, engine: Engine, artifacts: tuple[bytes, bytes]) -> None:
        """Slow speech at 0.5 is more than 1.5 times as long as fast speech at 1.5."""
        slow, fast = (self.speak(engine, artifacts[0], "Along the shore.", rate) for rate in (0.5, 1.5))
        assert len(slow) > 1.5 * len(fast)

    def test_closing_the_iterator_ends_the_work(self, engine: Engine, artifacts: tuple[bytes, bytes]) -> None:
        """A closed iterator gives nothing more and the engine speaks on for others."""
        voice = engine.load_voice(artifacts[0])
        chunks = iter(engine.synthesize(voice, plain_segment(self.sentence), SynthesisOptions(self.lang)))
        assert len(list(islice(chunks, 1))) == 1
        chunks.close()  # type: ignore[attr-defined]
        assert list(chunks) == []
        assert len(self.speak(engine, artifacts[1], "Hello there.")) > 0

    def test_foreign_artifact_is_refused(self, engine: Engine) -> None:
        """An artifact of another engine, or a damaged one, is named as such."""
        for foreign in (b"", b"not an artifact", b"OTHERENG\x01\x00" + bytes(64)):
            with pytest.raises(VoiceIncompatible):
                engine.load_voice(foreign)

    def test_timings_lie_within_the_audio(self, spec: EngineSpec, spoken: Spoken) -> None:
        """Where timings are reported every word has one, in order, none beyond the end."""
        if not spec.capabilities.reports_timings:
            return
        timings = [timing for chunk in spoken[0] for timing in chunk.timings]
        seconds = len(join_samples(spoken[0])) / spec.capabilities.sample_rate_hz
        assert [timing.token_index for timing in timings] == list(range(len(plain_segment(self.sentence).tokens)))
        starts = [timing.start_s for timing in timings]
        assert starts == sorted(starts)
        assert all(timing.start_s <= timing.end_s <= seconds + 0.02 for timing in timings)

    def test_stock_voices_speak(self, engine: Engine, spec: EngineSpec) -> None:
        """The voices that clients use by default exist and can be loaded."""
        stock = {voice.name: voice for voice in spec.stock_voices()}
        assert {"Dennis", "Sarah", "Ashley", "Hana", "Jason", "Clive", "Craig", "Alex", "Olivia"} <= stock.keys()
        assert len(self.speak(engine, stock["Dennis"].artifact, "Hello there.")) > 0

    def test_designs_are_pure_and_differ_by_seed(self, engine: Engine) -> None:
        """A description gives the same voice for the same seed and another for another, and each speaks."""
        wanted = VoiceAttributes(gender="female", pitch=0.5)
        first, again, other = (engine.design_voice(wanted, self.lang, seed) for seed in (1, 1, 2))
        assert first == again
        assert first != other
        assert len(self.speak(engine, first, "Hello there.")) > 0

    def test_artifact_is_portable(
        self, spec: EngineSpec, settings: EngineSettings, artifacts: tuple[bytes, bytes], spoken: Spoken
    ) -> None:
        """An artifact made here speaks the same in an engine loaded anew."""
        other = spec.load(settings)
        try:
            np.testing.assert_array_equal(self.speak(other, artifacts[0]), join_samples(spoken[0]))
        finally:
            other.close()

    def test_spec_is_light(self, spec: EngineSpec) -> None:
        """Importing the spec imports no model runtime."""
        heavy = ("onnxruntime", "torch", "ctranslate2", "spacy", "scipy")
        program = (
            "import sys\n"
            "from myna.engines.registry import load_spec\n"
            f"load_spec({spec.id!r})\n"
            f"print([name for name in {heavy!r} if name in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"
