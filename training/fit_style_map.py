"""Fit the map from sound to style on synthetic pairs.

    python training/fit_style_map.py --pairs WORK/pairs --out WORK/first_map.npz
    python training/fit_style_map.py --pairs WORK/pairs WORK/near
    python training/fit_style_map.py --pairs WORK/pairs WORK/near --without a --out WORK/style_map_without_a.npz

Without `--out`, writes `style_map.npz` into the engine's shipped files and the cross-validated fit to `training/results/style_map.json`.
With `--without`, the map is deaf to one judge, for the bench that asks that judge as a witness (`bench/likeness.py`).
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from record_digests import SHIPPED, record_digests
from result_files import finished

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
from myna.engines.kokoro.making.pitch_track import measure_pitch
from myna.engines.kokoro.making.style_map import VoiceSound, join_features
from myna.engines.kokoro.making.timbre_spectrum import timbre_features
from myna.engines.kokoro.voice_artifact import STYLE_DIM

ROOT = Path(__file__).parent.parent
RIDGE = 0.8
JUDGES = {"a": slice(0, 256), "b": slice(256, 448)}
"""Where their embeddings lie among the features."""
NEUTRAL_LOG_F0 = float(np.log(150.0))


def read_pairs(folders: list[Path]) -> tuple[list[VoiceSound], np.ndarray]:
    sounds, styles = [], []
    for path in (path for folder in folders for path in finished(folder)):
        with np.load(path) as chunk:
            ends = np.cumsum(chunk["len"])
            for i, end in enumerate(ends):
                if not chunk["ok"][i]:
                    continue
                samples = chunk["x"][end - chunk["len"][i] : end].astype(np.float32) / 32768
                pitch = measure_pitch(samples)
                log_f0 = pitch.log_f0_mean if pitch else NEUTRAL_LOG_F0
                sounds.append(VoiceSound(chunk["A"][i], chunk["B"][i], timbre_features(samples), log_f0))
                styles.append(np.concatenate([chunk["sd"][i], chunk["sp"][i]]))
    return sounds, np.array(styles, dtype=np.float64)


def solve(features: np.ndarray, styles: np.ndarray) -> np.ndarray:
    """Ridge regression. features: [num_pairs, 530], centred; styles: [num_pairs, 256], centred."""
    return np.linalg.solve(features.T @ features + RIDGE * np.eye(features.shape[1]), features.T @ styles)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, nargs="+", required=True)
    parser.add_argument("--without", choices=tuple(JUDGES), help="the judge that is left out")
    parser.add_argument("--out", type=Path, help="where the map goes, if not into the package")
    arguments = parser.parse_args()
    if arguments.without and not arguments.out:
        parser.error("--without needs --out: a map that is deaf is not shipped")
    sounds, styles = read_pairs(arguments.pairs)
    timbre = np.array([sound.timbre for sound in sounds])
    timbre_mean, timbre_sd = timbre.mean(axis=0), timbre.std(axis=0)
    features = np.array([join_features(sound, timbre_mean, timbre_sd) for sound in sounds])
    if arguments.without:
        features[:, JUDGES[arguments.without]] = 0.0
    feature_mean, style_mean = features.mean(axis=0), styles.mean(axis=0)

    folds = np.arange(len(features)) % 5
    predicted = np.zeros_like(styles)
    for fold in range(5):
        kept, left = folds != fold, folds == fold
        centre = features[kept].mean(axis=0)
        matrix = solve(features[kept] - centre, styles[kept] - styles[kept].mean(axis=0))
        predicted[left] = styles[kept].mean(axis=0) + (features[left] - centre) @ matrix
    explained = 1 - ((styles - predicted) ** 2).sum(axis=0) / ((styles - style_mean) ** 2).sum(axis=0)

    np.savez(
        arguments.out or SHIPPED / "style_map.npz",
        matrix=solve(features - feature_mean, styles - style_mean).astype(np.float16),
        feature_mean=feature_mean.astype(np.float32),
        style_mean=style_mean.astype(np.float32),
        timbre_mean=timbre_mean.astype(np.float32),
        timbre_sd=timbre_sd.astype(np.float32),
    )
    figures = {
        "pairs": len(sounds),
        "explained_decoder_style": round(float(explained[:STYLE_DIM].mean()), 3),
        "explained_prosody_style": round(float(explained[STYLE_DIM:].mean()), 3),
    }
    print(figures)
    if arguments.out:
        return
    (ROOT / "training/results").mkdir(exist_ok=True)
    (ROOT / "training/results/style_map.json").write_text(json.dumps(figures, indent=1) + "\n")
    record_digests()


if __name__ == "__main__":
    main()
