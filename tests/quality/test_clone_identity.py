"""The clone is a real clone: ten people, cloned and heard through the API of a real server, are told apart. Their
recordings, two of each, are good ones, and what is said of them is.

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

from myna.analysis.similarity import calibrate_similarity
from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder
from myna.client import Client, Encoding, Sample, SampleReport, SpeechOptions
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
    """What the ten clones sound like, and what was said of the recordings."""

    references: list[Waveform]
    """What was cloned."""
    clones: list[Waveform]
    """A sentence that is in no recording, by each clone."""
    likeness: dict[str, Table]
    """By embedding: [clone, person] cosine of a clone's speech and a person's other recording."""
    reports: dict[tuple[str, str], SampleReport]
    """Of each speaker's recording in either role."""


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
    clones, reports = [], {}
    with Client(prompt_server.url, prompt_server.key) as client:
        for reference in references:
            report = client.clone([Sample(reference.path, reference.transcript)], reference.speaker, lang="EN_US")
            assert report.voice is not None
            reports[reference.speaker, reference.role] = report.samples[0]
            speech = client.say(report.voice.voice_id, SENTENCE, SpeechOptions(Encoding.WAV, RATE_HZ))
            clones.append(read_16_khz(io.BytesIO(speech)))
            # Else it would be listened to in the background, while the next is made.
            client.delete_voice(report.voice.voice_id)
        for target in targets:
            sample = Sample(target.path, target.transcript)
            report = client.clone([sample], target.speaker, lang="EN_US", validate_only=True)
            reports[target.speaker, target.role] = report.samples[0]
    people = [read_16_khz(target.path) for target in targets]
    likeness = {}
    for embedder in (Ge2eEmbedder(weights), CampplusEmbedder(weights)):
        spoken, real = (np.stack([embedder.embed(w) for w in waveforms]) for waveforms in (clones, people))
        likeness[type(embedder).__name__] = spoken @ real.T
    return Heard([read_16_khz(r.path) for r in references], clones, likeness, reports)


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


def test_good_recordings_are_left_in_peace(heard: Heard) -> None:
    """Of twenty clean clips at most one has any remark at all."""
    warned = {
        name: [remark.code for remark in remarks]
        for name, report in heard.reports.items()
        if (remarks := (*report.warnings, *report.errors, *report.notes))
    }
    assert len(heard.reports) == 20
    assert len(warned) <= 1, warned


def test_similarity_tells_one_person_from_another(heard: Heard, weights: WeightStore) -> None:
    """Two recordings of one person, as they were cleaned, score above 0.7, of two people below 0.5, on ten speakers."""
    embedders = Ge2eEmbedder(weights), CampplusEmbedder(weights)
    embedded = {
        name: [embedder.embed(read_16_khz(io.BytesIO(report.wav))) for embedder in embedders]
        for name, report in heard.reports.items()
    }
    speakers = sorted({speaker for speaker, _ in embedded})
    for speaker, stranger in zip(speakers, [*speakers[1:], speakers[0]], strict=True):
        own, other = (
            calibrate_similarity(*(float(a @ b) for a, b in zip(embedded[speaker, "reference"], voice, strict=True)))
            for voice in (embedded[speaker, "target"], embedded[stranger, "target"])
        )
        assert own > 0.7, speaker
        assert other < 0.5, (speaker, stranger)
