"""The clone is a real clone: ten people, cloned and heard through the API of a real server, are told apart.

For each pair of people each clone must be nearer to its own person, in another recording than the one cloned, than to
the other person, by two speaker embeddings that differ in training data and architecture.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import soxr
from platformdirs import user_cache_path
from tests.conftest import Recording
from tests.live_server import LiveServer

from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder
from myna.client import Client, Encoding, Sample, SpeechOptions
from myna.domain.waveform import Waveform
from myna.engines.tone.engine import measure_pitch_hz
from myna.weights.store import WeightStore

pytestmark = pytest.mark.weights

SENTENCE = "The boy waited by the gate until the rain had stopped, and then he walked home along the river."
RATE_HZ = 16000
"""Of both embeddings."""

MAX_CONFUSED_PAIRS = 0
"""Of the 90 ordered pairs."""

Table = npt.NDArray[np.float64]


def read_16_khz(source: io.BytesIO | Path) -> Waveform:
    samples, rate_hz = soundfile.read(source, dtype="float32")
    return Waveform(np.asarray(soxr.resample(samples, rate_hz, RATE_HZ), dtype=np.float32), RATE_HZ)


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What the ten clones sound like."""

    sexes: list[str]
    people: list[Waveform]
    """The other recording of each person."""
    clones: list[Waveform]
    """A sentence that is in no recording, by each clone."""
    likeness: dict[str, Table]
    """By embedding: [clone, person] cosine of a clone's speech and a person's other recording."""


@pytest.fixture(scope="module")
def heard(kokoro_server: LiveServer, speaker_recordings: list[Recording]) -> Heard:
    references = [r for r in speaker_recordings if r.role == "reference"]
    targets = [r for r in speaker_recordings if r.role == "target"]
    assert [r.speaker for r in references] == [r.speaker for r in targets]
    clones = []
    with Client(kokoro_server.url, kokoro_server.key) as client:
        for reference in references:
            report = client.clone([Sample(reference.path, reference.transcript)], reference.speaker, lang="EN_US")
            assert report.voice is not None
            speech = client.say(report.voice.voice_id, SENTENCE, SpeechOptions(Encoding.WAV, RATE_HZ))
            clones.append(read_16_khz(io.BytesIO(speech)))
    people = [read_16_khz(target.path) for target in targets]
    store = WeightStore(user_cache_path("myna") / "weights")
    likeness = {}
    for embedder in (Ge2eEmbedder(store), CampplusEmbedder(store)):
        spoken, real = (np.stack([embedder.embed(w) for w in waveforms]) for waveforms in (clones, people))
        likeness[type(embedder).__name__] = spoken @ real.T
    return Heard([r.sex for r in references], people, clones, likeness)


def test_each_clone_is_nearest_its_own_person(heard: Heard) -> None:
    """Of all pairs of people hardly any is confused, by either embedding; across the sexes none is."""
    sexes = np.array(heard.sexes)
    across = sexes[:, None] != sexes[None, :]
    for name, table in heard.likeness.items():
        own = np.diag(table)[:, None]
        confused = (table >= own) & ~np.eye(len(table), dtype=bool)
        assert not (confused & across).any(), name
        assert confused.sum() <= MAX_CONFUSED_PAIRS, (name, np.argwhere(confused).tolist())


def test_pitch_follows_the_person(heard: Heard) -> None:
    """Every clone speaks within two semitones of its person, who read another text."""
    for person, clone in zip(heard.people, heard.clones, strict=True):
        expected, actual = (measure_pitch_hz(w.samples, w.sample_rate_hz) for w in (person, clone))
        assert abs(12 * np.log2(actual / expected)) < 2.0
