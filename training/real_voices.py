"""Listen to the training speakers: what the encoder hears in one recording, and what the judges say of another.

    python training/real_voices.py --speech DATA/train --out WORK/real --count 1300

The pair teaches the map what stays the same from one recording of a person to the next. Speakers with two clips give
one for either side; a single clip of seven seconds or more is cut in two; a shorter one stands on both sides.
Resumable: 50 speakers a file. About 0.6 CPU-seconds a speaker.
"""

import argparse
import csv
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import platformdirs
import soundfile
from result_files import keep

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder
from myna.audio.resample import resample
from myna.domain.waveform import Samples, Waveform
from myna.engines.kokoro.making.pitch_track import measure_pitch
from myna.engines.kokoro.making.timbre_spectrum import timbre_features
from myna.weights.store import WeightStore

RATE_HZ = 16_000
SPEAKERS_PER_FILE = 50
SHORTEST_S, SHORTEST_OTHER_S, SHORTEST_CUT_S = 3.5, 2.5, 7.0
LONGEST_S = 15.0
SEED = 20261123


def read_speakers(folder: Path) -> list[tuple[str, list[Path]]]:
    """Every speaker with a clip that is long enough, and one or two clips; those with two recordings come first."""
    rows = defaultdict(list)
    for row in csv.DictReader((folder / "manifest.csv").open()):
        rows[row["speaker"]].append((float(row["seconds"]), folder / row["path"]))
    alone, paired = [], []
    for speaker, clips in sorted(rows.items()):
        (longest_s, first), *others = sorted(clips, reverse=True)
        if longest_s < SHORTEST_S:
            continue
        if others and others[0][0] >= SHORTEST_OTHER_S:
            paired.append((speaker, [first, others[0][1]]))
        else:
            (paired if longest_s >= SHORTEST_CUT_S else alone).append((speaker, [first]))
    order = np.random.default_rng(SEED)
    order.shuffle(paired)
    order.shuffle(alone)
    return paired + alone


def load(path: Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return resample(Waveform(np.ascontiguousarray(samples.mean(axis=1)), rate), RATE_HZ).samples


def cut(clips: list[Path]) -> tuple[Samples, Samples]:
    """What the encoder hears, and what the target is taken from."""
    first = load(clips[0])
    if len(clips) == 2:
        return first[: int(LONGEST_S * RATE_HZ)], load(clips[1])
    if len(first) >= SHORTEST_CUT_S * RATE_HZ:
        middle = int(0.6 * len(first))
        return first[:middle], first[middle:]
    return first, first


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1300)
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    arguments = parser.parse_args()
    weights = WeightStore(arguments.weights)
    judges = (Ge2eEmbedder(weights), CampplusEmbedder(weights))
    speakers = read_speakers(arguments.speech)[: arguments.count]
    arguments.out.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(speakers), SPEAKERS_PER_FILE):
        path = arguments.out / f"{start // SPEAKERS_PER_FILE:05d}.npz"
        if path.exists():
            continue
        rows = defaultdict(list)
        for speaker, clips in speakers[start : start + SPEAKERS_PER_FILE]:
            heard, other = cut(clips)
            pitch = measure_pitch(heard)
            if pitch is None or not np.abs(other).max() > 1e-3:
                continue
            rows["speaker"].append(speaker)
            rows["timbre"].append(timbre_features(heard))
            rows["pitch"].append((pitch.log_f0_mean, pitch.log_f0_sd))
            for name, judge in zip("ab", judges, strict=True):
                rows[name].append(judge.embed(Waveform(heard, RATE_HZ)))
                rows[f"other_{name}"].append(judge.embed(Waveform(other, RATE_HZ)))
        keep(path, rows)
        print(f"\r{min(start + SPEAKERS_PER_FILE, len(speakers))}/{len(speakers)} speakers", end="", file=sys.stderr)
    print(file=sys.stderr)


if __name__ == "__main__":
    main()
