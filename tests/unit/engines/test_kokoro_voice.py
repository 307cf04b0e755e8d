"""The embedded engine's voice as bytes. That clones are their person's is tested through the API (tests/quality)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from myna.domain.errors import InvalidRequest, VoiceIncompatible
from myna.domain.language import LangCode
from myna.domain.waveform import ReferenceAudio, Samples, Waveform
from myna.engines.kokoro.graphs import KokoroGraphs
from myna.engines.kokoro.phonemes.symbols import Vocabulary
from myna.engines.kokoro.style_map import VoiceSound, load_style_map
from myna.engines.kokoro.voice_artifact import STYLE_DIM, FloatArray, KokoroVoice, pack_voice, unpack_voice
from myna.engines.kokoro.voice_correct import SENTENCES_A_ROUND, correct_voice, take_clear, walk
from myna.engines.kokoro.voice_encoder import Listening, VoiceEncoder
from myna.engines.kokoro.voice_practice import PracticeSentence
from myna.engines.kokoro.voice_refine import refine_voice
from myna.engines.kokoro.voice_stock import stock_voices
from myna.weights.store import WeightStore

SHARES = (0.4, 0.6, 0.8, 1.0)
SPEAKERS = Path(__file__).parents[2] / "data/speakers"


def test_artifact_survives_a_round_trip_and_refuses_damage() -> None:
    """Unpacking and packing gives the same bytes; cut, foreign or poisoned bytes are refused."""
    artifact = stock_voices()[0].artifact
    assert artifact == pack_voice(unpack_voice(artifact))
    poisoned = artifact[:-4] + np.array([np.nan], dtype="<f4").tobytes()
    for damaged in (artifact[:-1], b"RIFF" + artifact[4:], b"", poisoned):
        with pytest.raises(VoiceIncompatible):
            unpack_voice(damaged)


def test_a_voice_from_before_the_styles_were_parted_still_speaks() -> None:
    """Its one decoder style serves for both stages, as it did."""
    artifact = stock_voices()[0].artifact
    voice = unpack_voice(artifact)
    rows, timbre = artifact.index(voice.timbre_style.tobytes()), 4 * STYLE_DIM
    former = artifact[:12] + (1).to_bytes(2, "little") + artifact[14:rows] + artifact[rows + timbre :]
    read = unpack_voice(former)
    np.testing.assert_array_equal(read.articulation_style, read.timbre_style)
    np.testing.assert_array_equal(read.timbre_style, voice.timbre_style)
    np.testing.assert_array_equal(read.prosody_style, voice.prosody_style)
    assert (read.target_log_f0, read.duration_scale) == (voice.target_log_f0, voice.duration_scale)


@pytest.fixture(scope="module")
def encoder(weights: WeightStore) -> VoiceEncoder:
    return VoiceEncoder(KokoroGraphs(weights, 1), Vocabulary(weights.path("kokoro/vocab.json")), weights)


def test_silence_is_refused(encoder: VoiceEncoder) -> None:
    """There is no voice in silence."""
    silence = Waveform(np.zeros(32_000, dtype=np.float32), 16_000)
    with pytest.raises(InvalidRequest):
        encoder.encode(ReferenceAudio(silence, "", LangCode.EN_US))


@dataclass(frozen=True)
class Corrected:
    reference: ReferenceAudio
    heard: Listening
    found: KokoroVoice
    """As it was looked up."""
    sentences: list[PracticeSentence]
    rounds: list[KokoroVoice]
    """After each round of corrections, whether clear or not."""

    @property
    def voice(self) -> KokoroVoice:
        return self.rounds[-1]


@pytest.fixture(scope="module")
def corrected(encoder: VoiceEncoder) -> Corrected:
    samples, rate_hz = soundfile.read(SPEAKERS / "ls-2609-reference.flac", dtype="float32")
    reference = ReferenceAudio(Waveform(samples, rate_hz), "", LangCode.EN_US)
    heard = encoder.listen(reference.waveform)
    found, sentences = encoder.look_up(heard, None)
    rounds, _ = walk(found, sentences[:SENTENCES_A_ROUND], heard, encoder)
    return Corrected(reference, heard, found, sentences, [voice for voice, _ in rounds])


class CertaintyByList:
    """A `ClarityListener` that says these, one after the other."""

    def __init__(self, certainties: Sequence[float]) -> None:
        self.left = list(certainties)

    def certainty(self, _: list[Samples]) -> float:
        return self.left.pop(0)

    def release(self) -> None:
        pass


class DirectedEncoder:
    """The encoder, but what it thinks of voices is given, one after the other, and where it would pull them."""

    def __init__(
        self,
        encoder: VoiceEncoder,
        opinions: Sequence[float],
        certainties: Sequence[float],
        goal: FloatArray | None = None,
    ) -> None:
        self._encoder = encoder
        self._goal = goal
        self.opinions = list(opinions)
        self.clarity = CertaintyByList(certainties)

    def __getattr__(self, name: str) -> object:
        return getattr(self._encoder, name)

    def practise_lines(self, voice: KokoroVoice) -> list[PracticeSentence]:
        """One instead of eight: what is heard is not asked."""
        return self._encoder.practise_lines(voice)[:1]

    def opinion_of(self, _: list[Samples]) -> float:
        return self.opinions.pop(0)

    def pull(self, *_: object) -> Iterator[FloatArray | None]:
        """What corrections found serves as the goal: gradients take long."""
        return iter([self._goal])


def test_corrections_bring_a_voice_nearer_until_the_sound_suffers(encoder: VoiceEncoder, corrected: Corrected) -> None:
    """By a sentence not practised. If the third round sounds bad, and the mean of the second, the first is left."""

    def likeness(voice: KokoroVoice) -> float:
        spoken = encoder.render(voice, corrected.sentences[-1])
        return encoder.likeness(encoder.measure(spoken, None), corrected.heard)

    assert likeness(corrected.voice) > likeness(corrected.found) + 0.1
    directed = DirectedEncoder(encoder, [3.3, 3.3, 1.8, 1.8, 3.2], [-0.05, -0.05])
    stopped = correct_voice(corrected.found, corrected.sentences, corrected.heard, directed).voice
    assert not directed.opinions
    start = corrected.found.timbre_style
    whole_way = float(np.linalg.norm(corrected.voice.timbre_style - start))
    assert 0.0 < float(np.linalg.norm(stopped.timbre_style - start)) < 0.5 * whole_way


@pytest.mark.parametrize(("certainties", "chosen"), [([-0.05], 0), ([-0.5, -0.05], 1), ([-0.5, -0.3, -0.4, -0.6], 1)])
def test_of_the_voices_on_the_way_the_last_that_is_clear_is_taken(
    encoder: VoiceEncoder, corrected: Corrected, certainties: list[float], chosen: int
) -> None:
    """Heard from the last backwards; if none is clear, the clearest. All other styles stay as they were looked up."""
    directed = DirectedEncoder(encoder, [3.3] * len(certainties), certainties)
    four = [(replace(corrected.voice, timbre_style=corrected.voice.timbre_style * share), []) for share in SHARES]
    taken = take_clear(corrected.found, four, 2.9, directed)
    assert not directed.clarity.left
    assert taken.certainty == certainties[chosen]
    assert taken.voice is four[-1 - chosen][0]
    np.testing.assert_array_equal(taken.voice.articulation_style, encoder.style_map.prior_mean.astype(np.float32))
    np.testing.assert_array_equal(taken.voice.prosody_style, corrected.found.prosody_style)


def test_refinement_does_not_go_where_words_are_lost(encoder: VoiceEncoder, corrected: Corrected) -> None:
    """Four fifths of the way is not understood, three fifths is as unclear as the voice was before, and so is taken."""
    start, goal = corrected.found.timbre_style, corrected.voice.timbre_style
    directed = DirectedEncoder(encoder, [3.3] * 4, [-0.3, -0.5, -0.31, -0.3], goal)
    refined = unpack_voice(refine_voice(pack_voice(corrected.found), corrected.reference, directed))
    assert not directed.clarity.left
    np.testing.assert_allclose(refined.timbre_style, 0.4 * start + 0.6 * goal, atol=1e-5)


@pytest.mark.parametrize(
    ("opinions", "share"), [([3.3, 3.1, 3.19, 3.2], 0.6), ([2.9, 2.9], 1.0), ([2.9, 2.8, 2.8, 2.8, 2.8, 2.8], 0.0)]
)
def test_refinement_goes_as_far_as_the_sound_stays_good(
    encoder: VoiceEncoder, corrected: Corrected, opinions: list[float], share: float
) -> None:
    """Down to 3.2, and from below it not at all."""
    start, goal = corrected.found.timbre_style, corrected.voice.timbre_style
    directed = DirectedEncoder(encoder, opinions, [-0.05] * len(opinions), goal)
    refined = unpack_voice(refine_voice(pack_voice(corrected.found), corrected.reference, directed))
    assert not directed.opinions
    assert refined.refined
    np.testing.assert_allclose(refined.timbre_style, (1.0 - share) * start + share * goal, atol=1e-5)


def test_a_step_for_embeddings_is_the_step_for_a_sound_that_differs_in_nothing_else() -> None:
    """By the shipped map."""
    style_map = load_style_map()
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 256)), rng.standard_normal((2, 192))
    wanted, heard = (
        style_map.features(VoiceSound(a[i].astype("f"), b[i].astype("f"), style_map.timbre_mean, 5.0)) for i in (0, 1)
    )
    np.testing.assert_allclose(
        style_map.embedding_step(a[0] - a[1], b[0] - b[1]), style_map.step(wanted, heard), atol=1e-5
    )
