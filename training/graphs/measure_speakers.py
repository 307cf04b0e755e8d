"""Measure how well the speaker encoders tell people apart, and from when on a clip counts as two people.

    python training/graphs/measure_speakers.py FOLDER

FOLDER holds recordings and `pairs.csv` with the columns reference, target (the same person, other words), impostor
(another person of the same sex) and speaker, impostor_speaker. Prints equal error rates over the pairs and over all
pairs of files, compute seconds per audio second, and hit and false-alarm rates of `measure_speaker_change` on clips made
of one and of two people.
"""

import csv
import sys
import time
from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path

import numpy as np
import soundfile
import soxr

from myna.analysis.speaker_change import SpeakerChange, measure_speaker_change
from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder, audible_span
from myna.audio.mel import SAMPLE_RATE_HZ
from myna.config import Settings
from myna.domain.waveform import Waveform
from myna.weights.store import WeightStore


def main(folder: Path) -> int:
    store = WeightStore(Settings().weights_dir)
    encoders = {"A, GE2E": Ge2eEmbedder(store), "B, CAM++": CampplusEmbedder(store)}
    with (folder / "pairs.csv").open() as table:
        rows = list(csv.DictReader(table))
    speakers = {row[key]: row["speaker"] for row in rows for key in ("reference", "target")}
    speakers |= {row["impostor"]: row["impostor_speaker"] for row in rows}
    waveforms = {path: read(folder / path) for path in sorted(speakers)}
    audio_s = sum(waveform.duration_s for waveform in waveforms.values())
    for name, encoder in encoders.items():
        started = time.process_time()
        points = {path: encoder.embed(waveform) for path, waveform in waveforms.items()}
        cost = (time.process_time() - started) / audio_s
        same = [points[row["reference"]] @ points[row["target"]] for row in rows]
        different = [points[row["reference"]] @ points[row["impostor"]] for row in rows]
        report(f"{name}, the pairs", same, different)
        every = [(speakers[a] == speakers[b], points[a] @ points[b]) for a, b in combinations(points, 2)]
        report(f"{name}, all files", [c for is_same, c in every if is_same], [c for is_same, c in every if not is_same])
        print(f"{name}: {cost:.4f} compute seconds per audio second")
    measure_changes(rows, waveforms, encoders["A, GE2E"], encoders["B, CAM++"])
    return 0


def read(path: Path) -> Waveform:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return Waveform(soxr.resample(samples.mean(axis=1), rate, SAMPLE_RATE_HZ), SAMPLE_RATE_HZ)


def report(name: str, same: Iterable[float], different: Iterable[float]) -> None:
    rate, threshold = equal_error_rate(np.sort(list(same)), np.sort(list(different)))
    print(
        f"{name}: EER {rate:.2%} at {threshold:.3f}; mean cosine same {np.mean(same):.3f}, other {np.mean(different):.3f}"
    )


def equal_error_rate(same: np.ndarray, different: np.ndarray) -> tuple[float, float]:
    thresholds = np.union1d(same, different)
    missed = np.searchsorted(same, thresholds) / len(same)
    accepted = 1 - np.searchsorted(different, thresholds) / len(different)
    nearest = np.argmin(np.abs(missed - accepted))
    return float(missed[nearest] + accepted[nearest]) / 2, float(thresholds[nearest])


def measure_changes(
    rows: list[dict[str, str]], waveforms: dict[str, Waveform], ge2e: Ge2eEmbedder, campplus: CampplusEmbedder
) -> None:
    def stretch(path: str, seconds: float) -> np.ndarray:
        samples = waveforms[path].samples[audible_span(waveforms[path])][: round(seconds * SAMPLE_RATE_HZ)]
        return samples * np.float32(0.05 / np.sqrt(np.mean(samples**2) + 1e-9))

    def change_in(*parts: np.ndarray) -> SpeakerChange | None:
        return measure_speaker_change(Waveform(np.concatenate(parts), SAMPLE_RATE_HZ), ge2e, campplus)

    kinds: dict[str, Callable[[str, str, str], SpeakerChange | None]] = {
        "one person, one recording, 12 s": lambda own, _more, _other: change_in(stretch(own, 12)),
        "one person, two recordings, 6 + 6 s": lambda own, more, _other: change_in(stretch(own, 6), stretch(more, 6)),
        "two people, 5 + 5 s": lambda own, _more, other: change_in(stretch(own, 5), stretch(other, 5)),
        "two people, 8 + 2.7 s": lambda own, _more, other: change_in(stretch(own, 8), stretch(other, 2.7)),
        "two people, 3 + 4 + 3 s": lambda own, more, other: change_in(
            stretch(own, 3), stretch(other, 4), stretch(more, 3)
        ),
    }
    for name, change_of in kinds.items():
        found = [change_of(row["reference"], row["target"], row["impostor"]) for row in rows]
        measured = [change for change in found if change is not None]
        likeness = np.array([(change.likeness_a, change.likeness_b) for change in measured])
        flagged = np.mean([change.is_second_speaker for change in measured])
        spread = np.percentile(likeness, [1, 50, 99], axis=0).T.round(2).tolist()
        print(f"{name}: {len(measured)} clips, {flagged:.1%} flagged; 1, 50, 99 % of A {spread[0]}, B {spread[1]}")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
