"""Learn what noise, telephones and rooms take away from an embedding, so that the encoder can give it back.

    python training/fit_recording_map.py --recordings WORK/recordings

Writes `recording_map.npz` into the engine's shipped files, and to `training/results/recording_map.json` how well it works on
speakers that were left out: for groups of six people in four recordings each, how many of the recordings are nearer to
all three of their own person's than to any of another's.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from record_digests import SHIPPED, record_digests
from recording_pairs import CONDITIONS
from result_files import finished

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
from myna.engines.kokoro.making.recording_map import RecordingMap, join, split
from myna.engines.kokoro.making.style_map import VoiceSound

ROOT = Path(__file__).parent.parent
RIDGE = 1.0
"""Per recording, in units of the standardised features' variance. 0.3 and 3 did no better on speakers left out."""
SHRINKAGE = 0.1
"""Of the within-kind covariance towards a sphere."""
TIMBRE_SCALE = 2.0
"""The 80 numbers of the spectrum weigh half of what those of the embeddings do."""
FOLDS = 5
GROUP, NUM_GROUPS, SEED = 6, 100, 20261123


@dataclass(frozen=True, slots=True, eq=False)
class Recordings:
    features: np.ndarray
    """[num_speakers, 4, 528]"""

    def pick(self, rows: np.ndarray) -> "Recordings":
        return Recordings(self.features[rows])


def read_recordings(folder: Path) -> Recordings:
    rows = []
    for path in finished(folder):
        with np.load(path) as chunk:
            for speaker in zip(chunk["a"], chunk["b"], chunk["timbre"], strict=True):
                sounds = [VoiceSound(*sound, log_f0=0.0) for sound in zip(*speaker, strict=True)]
                rows.append([join(sound) for sound in sounds])
    return Recordings(np.array(rows))


def fit(recordings: Recordings) -> RecordingMap:
    features = recordings.features
    mean = features.mean(axis=(0, 1))
    scale = np.concatenate(
        [
            np.full(256, features[..., :256].std()),
            np.full(192, features[..., 256:448].std()),
            np.full(80, TIMBRE_SCALE * features[..., 448:].std()),
        ]
    )
    heard = (features - mean) / scale
    kind_mean = heard.mean(axis=0)
    within = (heard - kind_mean).reshape(-1, heard.shape[-1])
    covariance = within.T @ within / len(within)
    size = len(covariance)
    covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * np.trace(covariance) / size * np.eye(size)
    kind_slope = np.linalg.solve(covariance, kind_mean.T)
    loss = heard[:, :1] - heard
    slopes = np.zeros((heard.shape[1], size, size))
    for kind in range(1, heard.shape[1]):
        centred, lost = heard[:, kind] - kind_mean[kind], loss[:, kind] - loss[:, kind].mean(axis=0)
        slopes[kind] = np.linalg.solve(centred.T @ centred + RIDGE * len(centred) * np.eye(size), centred.T @ lost)
    return RecordingMap(
        mean=mean,
        scale=scale,
        kind_slope=kind_slope,
        kind_offset=-0.5 * np.einsum("kf,fk->k", kind_mean, kind_slope),
        loss_mean=loss.mean(axis=0),
        loss_slope=slopes,
        kind_mean=kind_mean,
    )


def told_apart(embeddings: np.ndarray) -> float:
    """embeddings: [num_speakers, num_kinds, size] of unit length. The share nearer to all of their own, 0 to 1."""
    rng = np.random.default_rng(SEED)
    shares = []
    for _ in range(NUM_GROUPS):
        group = embeddings[rng.choice(len(embeddings), GROUP, replace=False)]
        num_kinds = group.shape[1]
        cosine = np.tensordot(group, group, axes=(2, 2)).reshape(GROUP * num_kinds, -1)
        person = np.repeat(np.arange(GROUP), num_kinds)
        is_same = person[:, np.newaxis] == person
        own = np.where(is_same, cosine, np.inf).min(axis=1)
        other = np.where(is_same, -np.inf, cosine).max(axis=1)
        shares.append(np.mean(own > other))
    return round(float(np.mean(shares)), 3)


def judge(recordings: Recordings) -> dict[str, object]:
    """Every speaker by a map that was fitted without them."""
    features = recordings.features
    fold_of = np.arange(len(features)) % FOLDS
    cleaned = np.zeros_like(features)
    right = np.zeros(features.shape[:2])
    for fold in range(FOLDS):
        learnt = fit(recordings.pick(fold_of != fold))
        for row in np.flatnonzero(fold_of == fold):
            for kind in range(features.shape[1]):
                sound = split(features[row, kind], 0.0)
                right[row, kind] = learnt.kinds(sound).argmax() == kind
                cleaned[row, kind] = join(learnt.clean(sound))
    figures: dict[str, object] = {"speakers": len(features)}
    for name, where in (("a", slice(0, 256)), ("b", slice(256, 448))):
        before, after = features[..., where], cleaned[..., where]
        clean = before[:, :1]
        figures[f"told_apart_{name}"] = {"as_heard": told_apart(before), "cleaned": told_apart(after)}
        figures[f"cosine_to_clean_{name}"] = {
            kind: {
                "as_heard": round(float((before[:, place] * clean[:, 0]).sum(-1).mean()), 3),
                "cleaned": round(float((after[:, place] * clean[:, 0]).sum(-1).mean()), 3),
            }
            for place, kind in enumerate(CONDITIONS)
        }
    figures["kind_recognised"] = dict(zip(CONDITIONS, right.mean(axis=0).round(3).tolist(), strict=True))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=Path, required=True, help="folder that `recording_pairs.py` wrote")
    arguments = parser.parse_args()
    recordings = read_recordings(arguments.recordings)
    learnt = fit(recordings)
    np.savez_compressed(
        SHIPPED / "recording_map.npz",
        **{
            name: getattr(learnt, name).astype(np.float16 if name.endswith("slope") else np.float32)
            for name in RecordingMap.__dataclass_fields__
        },
    )
    figures = judge(recordings)
    (ROOT / "training/results/recording_map.json").write_text(json.dumps(figures, indent=1) + "\n")
    record_digests()
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
