"""Make judge D, which tells people apart by what Whisper's encoder hears, and has no part in the making of voices.

    python training/judge_d.py --speech DATA/train --work WORK/judge_d

First everybody is listened to: two recordings, and one of them again through noise, a telephone or a room. Resumable, 50
speakers a file, about 0.4 CPU-seconds a speaker; stopped early, `--fit-only` takes what is there. Then, in seconds, the
head is fitted: linear discriminant analysis of the statistics of the encoder's layers. The errors that are printed and
kept (`results/judge_d.json`) are of every eighth speaker, with a head fitted to the others, among those of the same corpus and language. The head itself (`bench/fourth_judge.npz`)
is fitted to all; its digest belongs into `bench/fourth_judge.py`. No evaluation speaker is in DATA/train.
"""

import argparse
import hashlib
import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import platformdirs
from real_voices import LONGEST_S, RATE_HZ, SHORTEST_OTHER_S, cut, read_speakers
from recording_pairs import CONDITIONS, SEED, record
from result_files import finished, keep
from scipy import linalg

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).parent.parent / "bench"))
from equal_error import equal_error_rate
from fourth_judge import HEAD, Head
from whisper_layers import WhisperLayers

from myna.domain.waveform import Waveform
from myna.weights.store import WeightStore

SPEAKERS_PER_FILE = 50
HEARD_S = 5.0
NUM_LAYERS = 3
"""Later layers forget who speaks: of 82 held-out speakers, by a head of one layer, 3.7 % are mistaken after the second, 6,
10 and 13 % after the third, fourth and fifth."""
LAYERS = (1, 2)
NUM_COMPONENTS, DIMENSION, SHRINKAGE = 450, 100, 1.0
SMALL_GROUP = 3
HELD_OUT = 8
RESULTS = Path(__file__).parent / "results/judge_d.json"

Statistics = npt.NDArray[np.float32]
"""[speakers, 3 recordings, layers, 1024]"""
Rows = npt.NDArray[np.float32]
Names = npt.NDArray[np.str_]


def listen(speech: Path, work: Path, weights: WeightStore, count: int) -> None:
    """Statistics of every layer, [speakers, 3, layers, 1024], 50 speakers a file."""
    layers = WhisperLayers(weights.path("whisper-base/model.bin"), NUM_LAYERS)
    speakers = read_speakers(speech)[:count]
    others = [cut(clips)[0] for _, clips in speakers[-40:]]
    work.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(speakers), SPEAKERS_PER_FILE):
        path = work / f"{start // SPEAKERS_PER_FILE:05d}.npz"
        rows = defaultdict(list)
        for place, (speaker, clips) in enumerate(speakers[start : start + SPEAKERS_PER_FILE], start=start):
            if path.exists():
                break
            recordings = [samples[: int(LONGEST_S * RATE_HZ)] for samples in cut(clips)]
            is_one = recordings[0] is recordings[1] or np.array_equal(*recordings)
            if is_one or min(map(len, recordings)) < SHORTEST_OTHER_S * RATE_HZ:
                continue
            recordings = [samples[: int(HEARD_S * RATE_HZ)] for samples in recordings]
            rng = np.random.default_rng((SEED, place))
            changed = record(recordings[place % 2], others, rng)[CONDITIONS[1 + place % 3]]
            rows["speaker"].append(speaker)
            heard = [layers.statistics(Waveform(samples, RATE_HZ)) for samples in (*recordings, changed)]
            rows["heard"].append(np.array(heard, np.float16))
            _show_progress(place + 1, len(speakers))
        if rows:
            keep(path, rows)
    print(file=sys.stderr)


def _show_progress(done: int, total: int) -> None:
    print(f"\r{'#' * (40 * done // total):40} {done}/{total} speakers", end="", file=sys.stderr, flush=True)


def fit(statistics: Statistics, groups: Names) -> Head:
    """Whiten what differs between recordings of one person and between groups, keep what then differs most between people.

    groups: [speakers], corpus and language: else the head would tell languages apart, and all who read one book were alike.
    """
    rows = statistics[:, :, list(LAYERS)].reshape(*statistics.shape[:2], -1)
    num_speakers, num_recordings, size = rows.shape
    flat = rows.reshape(-1, size)
    mean, deviation = flat.mean(axis=0), flat.std(axis=0) + 1e-6
    normal = (flat - mean) / deviation
    _, components = linalg.eigh(normal.T @ normal, subset_by_index=[size - NUM_COMPONENTS, size - 1])
    reduced = (normal @ components).reshape(num_speakers, num_recordings, -1)
    centres = reduced.mean(axis=1)
    of_groups = _group_means(centres, groups)
    errors = (reduced - centres[:, np.newaxis]).reshape(-1, NUM_COMPONENTS)
    within = errors.T @ errors / (num_speakers * (num_recordings - 1))
    apart = centres - of_groups
    between = apart.T @ apart / num_speakers - within / num_recordings
    within += of_groups.T @ of_groups / num_speakers
    within += SHRINKAGE * np.trace(within) / NUM_COMPONENTS * np.eye(NUM_COMPONENTS)
    _, directions = linalg.eigh(between, within, subset_by_index=[NUM_COMPONENTS - DIMENSION, NUM_COMPONENTS - 1])
    projection = (components @ directions) / deviation[:, np.newaxis]
    return Head(LAYERS, mean, projection.astype(np.float32))


def _group_means(centres: Rows, groups: Names) -> Rows:
    """[speakers, n]: of everybody's group, nearer to zero for small groups."""
    means = np.zeros_like(centres)
    for group in np.unique(groups):
        members = groups == group
        means[members] = centres[members].sum(axis=0) / (members.sum() + SMALL_GROUP)
    return means


def errors_of(head: Head, statistics: Statistics, groups: Names) -> dict[str, float]:
    """Equal error rates of every recording against every other person's of the same group."""
    placed = [head.place(statistics[:, recording]) for recording in range(statistics.shape[1])]
    is_same = np.eye(len(statistics), dtype=bool)
    is_other = (groups[:, np.newaxis] == groups) & ~is_same
    rates = {}
    for name, first, second in (
        ("two recordings", 0, 1),
        ("another channel", 0, 2),
        ("another channel, second recording", 1, 2),
    ):
        cosines = placed[first] @ placed[second].T
        rates[name] = round(equal_error_rate(cosines[is_same], cosines[is_other]), 4)
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1600)
    parser.add_argument("--fit-only", action="store_true", help="with those who have been listened to")
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    arguments = parser.parse_args()
    if not arguments.fit_only:
        listen(arguments.speech, arguments.work, WeightStore(arguments.weights), arguments.count)
    heard = [np.load(path)["heard"][:, :, : NUM_LAYERS + 1] for path in finished(arguments.work)]
    statistics = np.concatenate(heard).astype(np.float32)
    speakers = np.concatenate([np.load(path)["speaker"] for path in finished(arguments.work)])
    groups = np.array([speaker.rpartition("-")[0] for speaker in speakers])
    is_held = np.arange(len(statistics)) % HELD_OUT == 0
    rates = errors_of(fit(statistics[~is_held], groups[~is_held]), statistics[is_held], groups[is_held])
    head = fit(statistics, groups)
    np.savez(HEAD, layers=head.layers, mean=head.mean, projection=head.projection.astype(np.float16))
    digest = hashlib.sha256(HEAD.read_bytes()).hexdigest()
    report = {"speakers": len(statistics), "held_out": int(is_held.sum()), "equal_error_rate": rates, "sha256": digest}
    RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
