"""The clone is a real clone: ten people, cloned and heard through the API of a real server, are told apart.

Each clone must be nearer to its own person, in another recording than the one cloned, than to any other person, by
speaker embeddings that differ in training data and architecture. What is heard is the voice that the clone call
answers, before it was listened to.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import soxr
from tests.conftest import Recording
from tests.live_server import LiveServer, run_server

from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder
from myna.client import Client, Encoding, Sample, SpeechOptions
from myna.domain.waveform import Waveform
from myna.engines.tone.engine import measure_pitch_hz
from myna.weights.store import WeightStore

SENTENCE = "The boy waited by the gate until the rain had stopped, and then he walked home along the river."
RATE_HZ = 16000
"""Of both embeddings."""

Table = npt.NDArray[np.float64]


def read_16_khz(source: io.BytesIO | Path) -> Waveform:
    samples, rate_hz = soundfile.read(source, dtype="float32")
    return Waveform(np.asarray(soxr.resample(samples, rate_hz, RATE_HZ), dtype=np.float32), RATE_HZ)


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What the ten clones sound like."""

    references: list[Waveform]
    """What was cloned."""
    clones: list[Waveform]
    """A sentence that is in no recording, by each clone."""
    likeness: dict[str, Table]
    """By embedding: [clone, person] cosine of a clone's speech and a person's other recording."""


def confused_pairs(table: Table) -> list[list[int]]:
    """Ordered pairs (clone, person) in which the clone is at least as near to the person as to its own."""
    own = np.diag(table)[:, None]
    pairs: list[list[int]] = np.argwhere((table >= own) & ~np.eye(len(table), dtype=bool)).tolist()
    return pairs


@pytest.fixture(scope="module")
def prompt_server(weights_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Answers a clone before it has listened to it."""
    settings = {"MYNA_REFINE_VOICES": "false", "MYNA_MEASURE_SIMILARITY": "false"}
    with run_server(tmp_path_factory.mktemp("prompt") / "data", "kokoro", settings=settings) as server:
        yield server


@pytest.fixture(scope="module")
def heard(prompt_server: LiveServer, weights: WeightStore, speaker_recordings: list[Recording]) -> Heard:
    references = [r for r in speaker_recordings if r.role == "reference"]
    targets = [r for r in speaker_recordings if r.role == "target"]
    assert [r.speaker for r in references] == [r.speaker for r in targets]
    clones = []
    with Client(prompt_server.url, prompt_server.key) as client:
        for reference in references:
            report = client.clone([Sample(reference.path, reference.transcript)], reference.speaker, lang="EN_US")
            assert report.voice is not None
            speech = client.say(report.voice.voice_id, SENTENCE, SpeechOptions(Encoding.WAV, RATE_HZ))
            clones.append(read_16_khz(io.BytesIO(speech)))
            # Else it would be listened to in the background, while the next is made.
            client.delete_voice(report.voice.voice_id)
    people = [read_16_khz(target.path) for target in targets]
    likeness = {}
    for embedder in (Ge2eEmbedder(weights), CampplusEmbedder(weights)):
        spoken, real = (np.stack([embedder.embed(w) for w in waveforms]) for waveforms in (clones, people))
        likeness[type(embedder).__name__] = spoken @ real.T
    return Heard([read_16_khz(r.path) for r in references], clones, likeness)


def test_each_clone_is_nearest_its_own_person(heard: Heard) -> None:
    """For none of the 90 ordered pairs of people is a clone nearer to the other person, by both embeddings together."""
    table = sum(heard.likeness.values()) / len(heard.likeness)
    assert confused_pairs(table) == []


def test_pitch_follows_the_person(heard: Heard) -> None:
    """Every clone speaks another text within two semitones of the recording that it was cloned from.

    The measure is the tone engine's, which the embedded engine does not use. Another recording is no yardstick here:
    people's own recordings differ by up to one semitone in this set.
    """
    for reference, clone in zip(heard.references, heard.clones, strict=True):
        expected, actual = (measure_pitch_hz(w.samples, w.sample_rate_hz) for w in (reference, clone))
        assert abs(12 * np.log2(actual / expected)) < 2.0
