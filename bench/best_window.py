"""Is the chosen part of a long recording a better reference than its first 15 seconds?

    python bench/best_window.py DATA/speech

For every speaker with enough recordings, all but one are joined to a long recording, in the corpus's order: once as
they are, once with street noise (5 dB) under the first third. Both parts are compared with the recording that was left
out, by the mean cosine of both speaker encoders.
"""

import csv
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import platformdirs
import soundfile

from myna.analysis.reference_window import choose_reference_window
from myna.analysis.sample_models import SampleModels, load_sample_models
from myna.audio.mel import SAMPLE_RATE_HZ
from myna.audio.resample import resample
from myna.audio.silence import cut_spans
from myna.audio.window import MAX_WINDOW_S
from myna.domain.waveform import Waveform

RATE_HZ = SAMPLE_RATE_HZ
PAUSE_S = 0.4


def read(path: Path) -> np.ndarray:
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    return resample(Waveform(np.ascontiguousarray(samples.mean(axis=1)), rate_hz), RATE_HZ).samples


def iter_long_recordings(folder: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Speaker, long recording, recording left out."""
    by_speaker = defaultdict(list)
    with (folder / "manifest.csv").open() as rows:
        for row in csv.DictReader(rows):
            if row["kind"] == "speech":
                by_speaker[row["speaker"]].append(row["path"])
    pause = np.zeros(int(PAUSE_S * RATE_HZ), np.float32)
    for speaker, paths in by_speaker.items():
        *used, left_out = (read(folder / path) for path in paths)
        joined = np.concatenate([piece for samples in used for piece in (samples, pause)]) if used else pause
        if len(joined) > 1.3 * MAX_WINDOW_S * RATE_HZ:
            yield speaker, joined, left_out


def mean_cosine(first: Waveform, second: Waveform, models: SampleModels) -> float:
    pairs = [(embedder.embed(first), embedder.embed(second)) for embedder in (models.ge2e, models.campplus)]
    return float(np.mean([one @ other for one, other in pairs]))


def with_street(recording: np.ndarray, street: np.ndarray) -> np.ndarray:
    third = len(recording) // 3
    noise = np.resize(street, third)
    gain = np.sqrt(np.mean(recording[:third] ** 2) / np.mean(noise**2)) * 10 ** (-5 / 20)
    return np.concatenate([recording[:third] + np.float32(gain) * noise, recording[third:]])


def main(folder: Path) -> None:
    models = load_sample_models(Path(platformdirs.user_cache_dir("myna")) / "weights")
    street = read(folder / "noise" / "city.flac")
    rows = []
    for speaker, recording, left_out in iter_long_recordings(folder):
        target = Waveform(left_out, RATE_HZ)
        row = []
        for samples in (recording, with_street(recording, street)):
            whole = Waveform(samples.astype(np.float32), RATE_HZ)
            activity = models.speech_activity.detect(whole)
            window = choose_reference_window(whole, activity, models.opinion, models.ge2e)
            first = Waveform(whole.samples[: int(MAX_WINDOW_S * RATE_HZ)], RATE_HZ)
            row += [mean_cosine(part, target, models) for part in (first, cut_spans(whole, window.kept))]
        rows.append(row)
        figures = f"first {row[0]:.3f} chosen {row[1]:.3f}   street: first {row[2]:.3f} chosen {row[3]:.3f}"
        print(f"{speaker:12s} {len(recording) / RATE_HZ:5.1f} s  {figures}", flush=True)
    print(f"mean of {len(rows)} speakers", np.mean(rows, axis=0).round(3))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
