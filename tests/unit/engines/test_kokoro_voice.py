"""The embedded engine's voice as bytes. That clones are their person's is tested through the API (tests/quality)."""

from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from myna.analysis.dnsmos import OpinionScores
from myna.domain.errors import InvalidRequest, VoiceIncompatible
from myna.domain.language import LangCode
from myna.domain.waveform import ReferenceAudio, Samples, Waveform
from myna.engines.kokoro.graphs import KokoroGraphs
from myna.engines.kokoro.phonemes.symbols import Vocabulary
from myna.engines.kokoro.style_map import VoiceSound, load_style_map
from myna.engines.kokoro.voice_artifact import STYLE_DIM, KokoroVoice, pack_voice, unpack_voice
from myna.engines.kokoro.voice_clone import clone_voice, look_up
from myna.engines.kokoro.voice_correct import SENTENCES_A_ROUND, correct_voice, take_clear, walk
from myna.engines.kokoro.voice_practice import PracticeSentence
from myna.engines.kokoro.voice_refine import take_better
from myna.engines.kokoro.voice_stock import stock_voices
from myna.engines.kokoro.voice_workshop import Listening, VoiceWorkshop
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
def workshop(weights: WeightStore) -> VoiceWorkshop:
    return VoiceWorkshop(KokoroGraphs(weights, 1), Vocabulary(weights.path("kokoro/vocab.json")), weights)


def test_silence_is_refused(workshop: VoiceWorkshop) -> None:
    """There is no voice in silence."""
    silence = Waveform(np.zeros(32_000, dtype=np.float32), 16_000)
    with pytest.raises(InvalidRequest):
        clone_voice(ReferenceAudio(silence, "", LangCode.EN_US), None, workshop)


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
def corrected(workshop: VoiceWorkshop) -> Corrected:
    samples, rate_hz = soundfile.read(SPEAKERS / "ls-2609-reference.flac", dtype="float32")
    reference = ReferenceAudio(Waveform(samples, rate_hz), "", LangCode.EN_US)
    heard = workshop.listen(reference.waveform)
    found, sentences = look_up(heard, None, workshop)
    rounds, _ = walk(found, sentences[:SENTENCES_A_ROUND], heard, workshop)
    return Corrected(reference, heard, found, sentences, [voice for voice, _ in rounds])


class CertaintyByList:
    """A `ClarityListener` that says these, one after the other."""

    def __init__(self, certainties: list[float]) -> None:
        self.left = certainties

    def certainty(self, _: list[Samples]) -> float:
        return self.left.pop(0)

    def release(self) -> None:
        pass


class OpinionByList:
    """An `OpinionModel` that says these, one after the other."""

    def __init__(self, opinions: list[float]) -> None:
        self.left = opinions

    def score(self, _: Waveform) -> OpinionScores:
        return OpinionScores(self.left.pop(0), 4.0, 4.0)


def with_judges(workshop: VoiceWorkshop, certainties: list[float], opinions: list[float]) -> VoiceWorkshop:
    """The same workshop with judges whose answers are known, and one line in place of six: nobody hears it."""
    told = copy(workshop)
    told.clarity, told.opinion = CertaintyByList(list(certainties)), OpinionByList(list(opinions))
    told.line_symbols = workshop.line_symbols[:1]
    return told


def all_were_asked_for(workshop: VoiceWorkshop) -> bool:
    return not workshop.clarity.left and not workshop.opinion.left


def test_corrections_bring_a_voice_nearer_until_the_sound_suffers(
    workshop: VoiceWorkshop, corrected: Corrected
) -> None:
    """By a sentence not practised. If the third round sounds bad, and the mean of the second, the first is left."""

    def likeness(voice: KokoroVoice) -> float:
        spoken = workshop.render(voice, corrected.sentences[-1])
        return workshop.likeness(workshop.measure(spoken, None), corrected.heard)

    assert likeness(corrected.voice) > likeness(corrected.found) + 0.1
    told = with_judges(workshop, [-0.05], [3.3, 3.3, 1.8, 1.8, 3.2])
    stopped = correct_voice(corrected.found, corrected.sentences, corrected.heard, told).voice
    assert all_were_asked_for(told)
    start = corrected.found.timbre_style
    whole_way = float(np.linalg.norm(corrected.voice.timbre_style - start))
    assert 0.0 < float(np.linalg.norm(stopped.timbre_style - start)) < 0.5 * whole_way


@pytest.mark.parametrize(("certainties", "chosen"), [([-0.05], 0), ([-0.5, -0.05], 1), ([-0.5, -0.3, -0.4, -0.6], 1)])
def test_of_the_voices_on_the_way_the_last_that_is_clear_is_taken(
    workshop: VoiceWorkshop, corrected: Corrected, certainties: list[float], chosen: int
) -> None:
    """Heard from the last backwards; if none is clear, the clearest. All other styles stay as they were looked up."""
    told = with_judges(workshop, certainties, [3.3] * len(certainties))
    four = [(replace(corrected.voice, timbre_style=corrected.voice.timbre_style * share), []) for share in SHARES]
    taken = take_clear(corrected.found, four, 2.9, told)
    assert all_were_asked_for(told)
    assert taken.certainty == certainties[chosen]
    assert taken.voice is four[-1 - chosen][0]
    np.testing.assert_array_equal(taken.voice.articulation_style, workshop.style_map.prior_mean.astype(np.float32))
    np.testing.assert_array_equal(taken.voice.prosody_style, corrected.found.prosody_style)


@pytest.mark.parametrize(
    ("opinions", "certainties", "share"),
    [
        # down to 3.2 ...
        ([3.3, 3.1, 3.19, 3.2], [-0.05] * 4, 0.6),
        # ... and from below it not at all
        ([2.9, 2.9], [-0.05] * 2, 1.0),
        ([2.9, 2.8, 2.8, 2.8, 2.8, 2.8], [-0.05] * 6, 0.0),
        # four fifths of the way is not understood, three fifths is as unclear as the voice was before
        ([3.3] * 4, [-0.3, -0.5, -0.31, -0.3], 0.6),
    ],
)
def test_refinement_goes_as_far_as_the_voice_stays_good_and_clear(
    workshop: VoiceWorkshop, corrected: Corrected, opinions: list[float], certainties: list[float], share: float
) -> None:
    """Where it would go is what corrections found: gradients take long."""
    told = with_judges(workshop, certainties, opinions)
    start, goal = corrected.found.timbre_style, corrected.voice.timbre_style
    taken = take_better(corrected.found, goal, corrected.heard, corrected.sentences[:4], told)
    assert all_were_asked_for(told)
    np.testing.assert_allclose(taken.timbre_style, (1.0 - share) * start + share * goal, atol=1e-5)


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
