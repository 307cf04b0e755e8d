"""The embedded engine's voice as bytes. That clones are their person's is tested through the API (tests/quality)."""

from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from myna.analysis.dnsmos import OpinionScores
from myna.domain.errors import InvalidRequest, VoiceIncompatible
from myna.domain.waveform import Samples, Waveform
from myna.engines.kokoro.graphs import KokoroGraphs
from myna.engines.kokoro.making.style_map import VoiceSound, load_style_map
from myna.engines.kokoro.making.voice_clone import clone_at_once, clone_voice, foretell_corrected, look_up, reach
from myna.engines.kokoro.making.voice_exam import Hearing, VoiceExam, listen_in_parts
from myna.engines.kokoro.making.voice_finish import VoiceFinish
from myna.engines.kokoro.making.voice_refine import take_better
from myna.engines.kokoro.making.voice_workshop import Listening, VoiceWorkshop
from myna.engines.kokoro.norm_statistics import NUM_CHANNELS, NormStatistics
from myna.engines.kokoro.phonemes.symbols import Vocabulary
from myna.engines.kokoro.streaming_decoder import StreamingDecoder
from myna.engines.kokoro.timbre_eq import BAND_HZ
from myna.engines.kokoro.voice_artifact import (
    NUM_EQ_BANDS,
    NUM_PHONE_KINDS,
    OFFSET_DIM,
    STYLE_DIM,
    KokoroVoice,
    pack_voice,
    unpack_norms,
    unpack_voice,
)
from myna.engines.kokoro.voice_stock import stock_voices
from myna.weights.store import WeightStore

SPEAKERS = Path(__file__).parents[2] / "data/speakers"


def test_artifact_survives_a_round_trip_and_refuses_damage() -> None:
    """Unpacking and packing gives the same bytes; cut, foreign or poisoned bytes are refused."""
    artifact = pack_voice(unpack_voice(stock_voices()[0].artifact))
    assert artifact == pack_voice(unpack_voice(artifact))
    poisoned = artifact[:-4] + np.array([np.nan], dtype="<f4").tobytes()
    for damaged in (artifact[:-1], b"RIFF" + artifact[4:], b"", poisoned):
        with pytest.raises(VoiceIncompatible):
            unpack_voice(damaged)


def test_what_a_voice_has_practised_stays_with_it() -> None:
    """It reads as the same voice, with or without; damaged statistics are refused."""
    rng = np.random.default_rng(1)
    norms = NormStatistics(*rng.uniform(0.1, 2.0, (2, NUM_CHANNELS)).astype(np.float16))
    plain = pack_voice(unpack_voice(stock_voices()[0].artifact))
    artifact = pack_voice(unpack_voice(plain), norms)
    assert len(artifact) < 64 * 1024
    assert pack_voice(unpack_voice(artifact)) == plain
    assert unpack_norms(plain) is None
    read = unpack_norms(artifact)
    assert read is not None
    assert read.to_bytes() == norms.to_bytes()
    with pytest.raises(VoiceIncompatible):
        unpack_voice(artifact[:-2])
    with pytest.raises(VoiceIncompatible):
        unpack_norms(artifact[:-2] + np.array([np.nan], dtype="<f2").tobytes())


def test_voices_of_former_layouts_still_speak() -> None:
    """Those of the third colour no phones, those of the second have no offset, those of the first may have one decoder
    style, which serves for both."""
    rng = np.random.default_rng(0)
    voice = replace(unpack_voice(stock_voices()[0].artifact), timbre_offset=rng.normal(size=OFFSET_DIM).astype("f"))
    colour = rng.normal(size=(NUM_PHONE_KINDS, NUM_EQ_BANDS)).astype("f")
    newest = pack_voice(replace(voice, phone_colour_db=colour))
    np.testing.assert_array_equal(unpack_voice(newest).phone_colour_db, colour)
    artifact = newest[:8] + (3).to_bytes(2, "little") + newest[10 : -colour.nbytes]
    assert not unpack_voice(artifact).phone_colour_db.any()
    np.testing.assert_array_equal(unpack_voice(artifact).timbre_offset, voice.timbre_offset)
    second = artifact[:8] + (2).to_bytes(2, "little") + artifact[10 : -4 * OFFSET_DIM]
    rows, timbre = second.index(voice.timbre_style.tobytes()), 4 * STYLE_DIM
    undivided = second[:12] + (1).to_bytes(2, "little") + second[14:rows] + second[rows + timbre :]
    for former in (second, undivided):
        read = unpack_voice(former)
        assert not read.timbre_offset.any()
        np.testing.assert_array_equal(read.articulation_style, read.timbre_style)
        np.testing.assert_array_equal(read.timbre_style, voice.timbre_style)
        np.testing.assert_array_equal(read.prosody_style, voice.prosody_style)
        assert (read.target_log_f0, read.duration_scale) == (voice.target_log_f0, voice.duration_scale)


@pytest.fixture(scope="module")
def workshop(weights: WeightStore) -> VoiceWorkshop:
    return VoiceWorkshop(KokoroGraphs(weights, 1), Vocabulary(weights.path("kokoro/vocab.json")), weights)


def test_silence_is_refused(workshop: VoiceWorkshop) -> None:
    """There is no voice in silence."""
    with pytest.raises(InvalidRequest):
        clone_voice(Waveform(np.zeros(32_000, dtype=np.float32), 16_000), None, workshop)


@dataclass(frozen=True)
class Found:
    heard: Listening
    voice: KokoroVoice
    """As it was looked up."""
    goal: KokoroVoice
    """To whose timbre corrections would lead it."""


@pytest.fixture(scope="module")
def found(workshop: VoiceWorkshop) -> Found:
    samples, rate_hz = soundfile.read(SPEAKERS / "ls-2609-reference.flac", dtype="float32")
    heard = workshop.listen(Waveform(samples, rate_hz))
    voice = look_up(heard, None, workshop)
    return Found(heard, voice, foretell_corrected(voice, heard, workshop))


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


def test_where_corrections_lead_is_nearer_to_the_person(workshop: VoiceWorkshop, found: Found) -> None:
    """By a sentence that no part of the making says."""
    sentence = workshop.practise(found.voice, 12)[-1]

    def likeness(voice: KokoroVoice) -> float:
        sound = workshop.measure(workshop.render(voice, sentence), None)
        return float(workshop.likeness(sound, found.heard.sound).sum())

    assert likeness(found.goal) > likeness(found.voice) + 0.1


@pytest.mark.parametrize(
    ("opinions", "certainties", "share"),
    [
        # good and clear: nothing else is heard
        ([3.3], [-0.05], 1.0),
        # the voice as it was looked up is nearly as noisy
        ([3.0, 3.1], [-0.05] * 2, 1.0),
        # the whole way is not understood, seven tenths are
        ([3.3] * 3, [-0.5, -0.05, -0.05], 0.7),
        # nothing is understood: the clearest
        ([3.3] * 4, [-0.5, -0.6, -0.3, -0.4], 0.7),
        # noise may cost 0.15 beside the voice as it was looked up, never more
        ([2.7, 2.9, 2.8], [-0.05] * 3, 0.7),
        ([1.8, 2.4, 1.8, 2.0], [-0.05, -0.3, -0.05, -0.05], 0.0),
    ],
)
def test_a_voice_goes_as_far_as_it_stays_good_and_clear(
    workshop: VoiceWorkshop, found: Found, opinions: list[float], certainties: list[float], share: float
) -> None:
    """The whole way is heard first, then none of it, then what lies between. All other styles stay as they were."""
    told = with_judges(workshop, certainties, opinions)
    goal = replace(found.goal, timbre_offset=np.full(OFFSET_DIM, 2.0, np.float32))
    voice, said = reach(found.voice, goal, told.practise_lines(found.voice), told)
    assert all_were_asked_for(told)
    wanted = (1.0 - share) * found.voice.timbre_style + share * goal.timbre_style
    np.testing.assert_allclose(voice.timbre_style, wanted, atol=1e-5)
    np.testing.assert_allclose(voice.timbre_offset, 2.0 * share, atol=1e-5)
    np.testing.assert_array_equal(voice.articulation_style, workshop.style_map.prior_mean.astype(np.float32))
    np.testing.assert_array_equal(voice.prosody_style, found.voice.prosody_style)
    assert len(said) == 1


def test_a_voice_at_once_goes_a_safe_part_of_the_way_unheard(workshop: VoiceWorkshop, found: Found) -> None:
    """No judge of sound or words is asked; everything else is as in the voice that is heard."""
    told = with_judges(workshop, [], [])
    told.line_symbols = workshop.line_symbols
    voice = clone_at_once(Waveform(found.heard.samples, 16_000), None, told)
    wanted = found.voice.towards(found.goal, 0.7)
    np.testing.assert_allclose(voice.timbre_style, wanted.timbre_style, atol=1e-2)
    np.testing.assert_allclose(voice.timbre_offset, wanted.timbre_offset, atol=1e-2)
    assert (voice.target_log_f0, voice.duration_scale) == (found.voice.target_log_f0, found.voice.duration_scale)
    assert np.abs(voice.eq_db).max() > 0.1


@pytest.mark.parametrize(
    ("opinions", "certainties", "likeness_b", "to_part", "share"),
    [
        # down to 3.15 ...
        ([3.3, 3.1, 3.14, 3.15], [-0.05] * 4, 0.6, 0.5, 0.4),
        # ... and from below it not at all
        ([2.9, 2.9], [-0.05] * 2, 0.6, 0.5, 1.0),
        ([2.9, 2.8, 2.8, 2.8], [-0.05] * 4, 0.6, 0.5, 0.0),
        # the whole way is not understood, seven tenths are as unclear as the voice was before
        ([3.3] * 3, [-0.3, -0.5, -0.3], 0.6, 0.5, 0.7),
        # both hear it nearer to the recording, B further from a part of it
        ([3.3] * 4, [-0.05] * 4, 0.6, 0.39, 0.0),
        # judge A hears it much nearer, B is not sure
        ([3.3] * 4, [-0.05] * 4, 0.53, 0.5, 0.0),
        ([3.3] * 2, [-0.05] * 2, 0.55, 0.5, 1.0),
    ],
)
def test_refinement_goes_as_far_as_the_voice_stays_good_and_clear(
    found: Found,
    opinions: list[float],
    certainties: list[float],
    likeness_b: float,
    to_part: float,
    share: float,
) -> None:
    """Where it would go is where corrections lead; what is heard there is told. It counts as refined in any case."""
    part = (0.5, to_part)
    afterwards = ((0.8, likeness_b - 0.02), (0.84, likeness_b + 0.02))
    likeness = [[[(0.6, 0.5), (0.4, 0.4)]] * 2, *[[[whole, part] for whole in afterwards]] * 3]
    told = [Hearing(np.array(one), *others) for one, *others in zip(likeness, opinions, certainties, strict=False)]
    before = pack_voice(found.voice)
    refined = unpack_voice(take_better(before, found.goal, pack_voice, lambda _: told.pop(0)))
    assert not told
    assert refined.is_refined
    wanted = (1.0 - share) * found.voice.timbre_style + share * found.goal.timbre_style
    np.testing.assert_allclose(refined.timbre_style, wanted, atol=1e-5)
    np.testing.assert_allclose(refined.timbre_offset, share * found.goal.timbre_offset, atol=1e-5)


def test_a_finished_voice_is_heard_as_its_listeners_hear_it(
    weights: WeightStore, workshop: VoiceWorkshop, found: Found
) -> None:
    """The one nearer to the person is heard nearer to all parts of the recording; what is done behind the decoder is
    heard, too."""
    finish = VoiceFinish(with_judges(workshop, [-0.05] * 3, [3.3] * 3), StreamingDecoder(weights, 1))
    exam = VoiceExam(finish.workshop, finish, listen_in_parts(found.heard, workshop))
    norms = finish.practise(found.goal)
    far = exam.hear(pack_voice(found.voice, norms))
    near = exam.hear(pack_voice(found.goal, norms))
    assert near.is_better_than(far)
    assert not far.is_better_than(near)
    colour = np.tile(np.where(BAND_HZ < 800.0, -8.0, 8.0), (NUM_PHONE_KINDS, 1)).astype(np.float32)
    coloured = exam.hear(pack_voice(replace(found.goal, phone_colour_db=colour), norms))
    assert not coloured.is_better_than(near)
    assert near.likeness.sum() > coloured.likeness.sum() + 1.0


def test_a_step_for_embeddings_is_the_step_for_a_sound_that_differs_in_nothing_else() -> None:
    """By the shipped map."""
    style_map = load_style_map()
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 256)), rng.standard_normal((2, 192))
    wanted, heard = (
        style_map.features(VoiceSound(a[i].astype("f"), b[i].astype("f"), style_map.timbre_mean, 5.0)) for i in (0, 1)
    )
    step = ((wanted - heard) @ style_map.matrix)[:128]
    np.testing.assert_allclose(style_map.embedding_step(a[0] - a[1], b[0] - b[1]), step, atol=1e-5)
