"""Judge D hears what the recogniser's own runtime hears, and tells people apart by it."""

import itertools
import sys
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
import soundfile

from myna.analysis.log_mel import measure_log_mel
from myna.domain.waveform import Waveform
from myna.weights.store import WeightStore

sys.path.insert(0, str(Path(__file__).parents[3] / "bench"))
from equal_error import equal_error_rate
from fourth_judge import FourthJudge
from whisper_layers import WhisperLayers


def test_the_last_layer_is_that_of_the_recognisers_runtime(weights: WeightStore) -> None:
    path = weights.path("whisper-base/model.bin")
    layers = WhisperLayers(path, 6)
    mel = measure_log_mel(0.1 * np.random.default_rng(5).standard_normal(16_000).astype(np.float32))
    *_, last = layers.states(mel)
    model = ctranslate2.models.Whisper(str(path.parent), device="cpu", compute_type="float32", intra_threads=1)
    wanted = model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(mel[np.newaxis])))
    np.testing.assert_allclose(layers.norm(last, "layer_norm"), np.array(wanted)[0], atol=5e-3)


def test_recordings_of_one_person_are_nearer_than_any_of_two(weights: WeightStore, speaker_recordings: list) -> None:
    """Ten people, five seconds of each recording."""
    judge = FourthJudge(weights)
    placed = [
        (recording.speaker, judge.embed(Waveform(*soundfile.read(recording.path, 5 * 16_000, dtype="float32"))))
        for recording in speaker_recordings
    ]
    cosines: dict[bool, list[float]] = {True: [], False: []}
    for (first, left), (second, right) in itertools.combinations(placed, 2):
        cosines[first == second].append(float(left @ right))
    assert min(cosines[True]) > max(cosines[False])


@pytest.mark.parametrize(
    ("same", "different", "rate"),
    [([0.9, 0.8], [0.1, 0.2], 0.0), ([0.9, 0.8, 0.7, 0.1], [0.75, 0.0, 0.05, 0.01], 0.25), ([0.1], [0.9], 1.0)],
)
def test_the_equal_error_rate(same: list[float], different: list[float], rate: float) -> None:
    assert equal_error_rate(same, different) == rate
