"""Where do one person's recordings and strangers' lie for the similarity that a clone reply states?

    python bench/similarity.py DATA/speech

Every pair of DATA/speech/pairs.csv: reference with target (the same person, other words) and with impostor (another
person of the same sex, where possible of the same language).
"""

import csv
import sys
from functools import cache
from pathlib import Path

import numpy as np
import platformdirs
import soundfile

from myna.analysis.similarity import calibrate_similarity
from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder
from myna.audio.mel import SAMPLE_RATE_HZ
from myna.audio.resample import resample
from myna.domain.waveform import Waveform
from myna.weights.store import WeightStore


def main(folder: Path) -> None:
    store = WeightStore(Path(platformdirs.user_cache_dir("myna")) / "weights")
    embedders = Ge2eEmbedder(store), CampplusEmbedder(store)

    @cache
    def embed(path: str) -> tuple[np.ndarray, ...]:
        samples, rate_hz = soundfile.read(folder / path, dtype="float32", always_2d=True)
        heard = resample(Waveform(np.ascontiguousarray(samples.mean(axis=1)), rate_hz), SAMPLE_RATE_HZ)
        return tuple(embedder.embed(heard) for embedder in embedders)

    def compare(first: str, second: str) -> tuple[float, float, float]:
        a, b = (float(one @ other) for one, other in zip(embed(first), embed(second), strict=True))
        return a, b, calibrate_similarity(a, b)

    with (folder / "pairs.csv").open() as rows:
        pairs = list(csv.DictReader(rows))
    same = np.array([compare(pair["reference"], pair["target"]) for pair in pairs])
    strangers = np.array([compare(pair["reference"], pair["impostor"]) for pair in pairs])
    for name, scores in (("same person", same), ("strangers", strangers)):
        print(f"{name}, {len(scores)} pairs: mean GE2E {scores[:, 0].mean():.3f}, CAM++ {scores[:, 1].mean():.3f}")
        print(
            "    similarity at 5, 25, 50, 75, 95 %:", np.quantile(scores[:, 2], [0.05, 0.25, 0.5, 0.75, 0.95]).round(2)
        )
    thresholds = np.linspace(0, 1, 201)
    errors = [abs((same[:, 2] < t).mean() - (strangers[:, 2] >= t).mean()) for t in thresholds]
    best = thresholds[int(np.argmin(errors))]
    print(f"equal error rate {100 * (same[:, 2] < best).mean():.1f} % at {best:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
