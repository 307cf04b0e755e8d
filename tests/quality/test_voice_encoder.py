"""The embedded engine's clone is the person's, not somebody's."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
import pytest
import soundfile
from tests.conftest import Recording

from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder
from myna.domain.errors import InvalidRequest, VoiceIncompatible
from myna.domain.language import LangCode
from myna.domain.waveform import ReferenceAudio, Waveform
from myna.engines.kokoro.graphs import KokoroGraphs
from myna.engines.kokoro.phonemes.symbols import Vocabulary
from myna.engines.kokoro.pitch_track import measure_pitch
from myna.engines.kokoro.voice_artifact import KokoroVoice, pack_voice, unpack_voice
from myna.engines.kokoro.voice_encoder import PracticeSentence, VoiceEncoder
from myna.weights.store import WeightStore

pytestmark = pytest.mark.weights

WEIGHTS = Path(platformdirs.user_cache_dir("myna")) / "weights"
SPEAKERS = ("ls-1998", "ls-2033", "vctk-p225", "vctk-p226")
"""Two women and two men, of whom the shared recordings hold a reference and another recording."""


@dataclass(frozen=True, slots=True)
class Clone:
    speaker: str
    artifact: bytes
    rendition: Waveform


def load(path: Path) -> Waveform:
    samples, rate = soundfile.read(path, dtype="float32")
    return Waveform(samples, rate)


@pytest.fixture(scope="module")
def weights() -> WeightStore:
    return WeightStore(WEIGHTS)


@pytest.fixture(scope="module")
def encoder(weights: WeightStore) -> VoiceEncoder:
    return VoiceEncoder(KokoroGraphs(weights, 1), Vocabulary(weights.path("kokoro/vocab.json")), weights)


@pytest.fixture(scope="module")
def clones(encoder: VoiceEncoder, speaker_recordings: list[Recording]) -> list[Clone]:
    made = []
    for recording in speaker_recordings:
        if recording.role == "reference" and recording.speaker in SPEAKERS:
            artifact = encoder.encode(ReferenceAudio(load(recording.path), recording.transcript, LangCode.EN_US))
            voice = unpack_voice(artifact)
            spoken = np.concatenate([encoder.render(voice, sentence) for sentence in unheard(encoder, voice)])
            made.append(Clone(recording.speaker, artifact, Waveform(spoken, 16_000)))
    return made


def unheard(encoder: VoiceEncoder, voice: KokoroVoice) -> list[PracticeSentence]:
    """Two sentences that the encoder does not correct itself on."""
    return encoder.practise(voice, count=10)[8:]


def test_clone_is_nearest_to_its_own_person_by_both_judges(
    clones: list[Clone], weights: WeightStore, speaker_recordings: list[Recording]
) -> None:
    """Each clone is nearer to another recording of its person than to any other person's, by either judge."""
    targets = {r.speaker: load(r.path) for r in speaker_recordings if r.role == "target" and r.speaker in SPEAKERS}
    for judge in (Ge2eEmbedder(weights), CampplusEmbedder(weights)):
        people = {speaker: judge.embed(waveform) for speaker, waveform in targets.items()}
        nearest = {
            clone.speaker: max(people, key=lambda speaker: float(people[speaker] @ judge.embed(clone.rendition)))
            for clone in clones
        }
        assert {clone.speaker: clone.speaker for clone in clones} == nearest


def test_clone_speaks_at_the_pitch_of_the_person(clones: list[Clone], speaker_recordings: list[Recording]) -> None:
    """The mean pitch of sentences that the encoder never heard is within a semitone of the reference's."""
    references = {r.speaker: load(r.path) for r in speaker_recordings if r.role == "reference"}
    for clone in clones:
        wanted, spoken = measure_pitch(references[clone.speaker].samples), measure_pitch(clone.rendition.samples)
        assert wanted is not None
        assert spoken is not None
        assert abs(spoken.log_f0_mean - wanted.log_f0_mean) * 12 / np.log(2) < 1.0


def test_same_recording_gives_the_same_bytes(
    encoder: VoiceEncoder, clones: list[Clone], speaker_recordings: list[Recording]
) -> None:
    """Encoding is pure: a second encoding of a recording is equal, byte for byte, and small."""
    first = clones[0]
    recording = next(r for r in speaker_recordings if r.speaker == first.speaker and r.role == "reference")
    again = encoder.encode(ReferenceAudio(load(recording.path), recording.transcript, LangCode.EN_US))
    assert first.artifact == again
    assert len(again) < 4096


def test_artifact_survives_a_round_trip_and_refuses_damage(clones: list[Clone]) -> None:
    """Unpacking and packing gives the same bytes; cut, foreign or poisoned bytes are refused."""
    artifact = clones[0].artifact
    assert artifact == pack_voice(unpack_voice(artifact))
    poisoned = artifact[:-4] + np.array([np.nan], dtype="<f4").tobytes()
    for damaged in (artifact[:-1], b"RIFF" + artifact[4:], b"", poisoned):
        with pytest.raises(VoiceIncompatible):
            unpack_voice(damaged)


def test_silence_is_refused(encoder: VoiceEncoder) -> None:
    """There is no voice in silence."""
    silence = Waveform(np.zeros(32_000, dtype=np.float32), 16_000)
    with pytest.raises(InvalidRequest):
        encoder.encode(ReferenceAudio(silence, "", LangCode.EN_US))
