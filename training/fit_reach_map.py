"""Fit the map from a timbre style as it is looked up to where corrections by ear lead it from there.

    python training/fit_reach_map.py --corrected WORK/corrected

Writes `reach_map.npz` into the engine's shipped files and the cross-validated fit to `training/results/reach_map.json`.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from record_digests import SHIPPED, record_digests
from result_files import finished

ROOT = Path(__file__).parent.parent
GAIN = 1.3
"""What the map says of a direction that it has learnt nothing of; a little less than the mean gain."""
RIDGES = (3.0, 10.0, 30.0, 100.0)
"""On deviations in standard deviations of the public styles; the one that foretells unseen people best is taken."""
_FOLDS = 5


def read(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Looked up, and after the last round that sounded good: [people, 128] each."""
    files = [np.load(path) for path in finished(folder)]
    looked_up = np.concatenate([file["looked_up"] for file in files]).astype(np.float64)
    return looked_up, np.concatenate([file["corrected"][:, -1] for file in files]).astype(np.float64)


def fit(found: np.ndarray, wanted: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """[people, 128] each. Returns a matrix and an offset: wanted is about found @ matrix + offset."""
    centre, rest = found.mean(axis=0), wanted - GAIN * found
    deviations = found - centre
    learnt = np.linalg.solve(
        deviations.T @ deviations + ridge * np.eye(found.shape[1]), deviations.T @ (rest - rest.mean(axis=0))
    )
    return GAIN * np.eye(found.shape[1]) + learnt, rest.mean(axis=0) - centre @ learnt


def explained(wanted: np.ndarray, foretold: np.ndarray) -> float:
    return float(1 - ((wanted - foretold) ** 2).sum() / ((wanted - wanted.mean(axis=0)) ** 2).sum())


def foretell(found: np.ndarray, wanted: np.ndarray, ridge: float) -> np.ndarray:
    """Cross-validated: of each fifth of the people by the others."""
    folds = np.random.default_rng(0).integers(0, _FOLDS, len(found))
    foretold = np.zeros_like(wanted)
    for fold in range(_FOLDS):
        matrix, offset = fit(found[folds != fold], wanted[folds != fold], ridge)
        foretold[folds == fold] = found[folds == fold] @ matrix + offset
    return foretold


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corrected", type=Path, required=True)
    arguments = parser.parse_args()
    with np.load(SHIPPED / "style_prior.npz") as prior:
        mean, factor = prior["decoder_mean"].astype(np.float64), prior["decoder_cholesky"].astype(np.float64)
    whiten = np.linalg.inv(factor).T
    found, wanted = ((styles - mean) @ whiten for styles in read(arguments.corrected))
    by_ridge = {ridge: explained(wanted, foretell(found, wanted, ridge)) for ridge in RIDGES}
    best = max(by_ridge, key=by_ridge.__getitem__)
    matrix, offset = fit(found, wanted, best)
    # back from standard deviations: style = mean + deviations @ factor.T
    matrix = whiten @ matrix @ factor.T
    np.savez(
        SHIPPED / "reach_map.npz",
        matrix=matrix.astype(np.float32),
        offset=(mean + offset @ factor.T - mean @ matrix).astype(np.float32),
    )
    gain = float((found * wanted).sum() / (found**2).sum())
    figures = {
        "people": len(found),
        "ridge": best,
        "mean_gain": round(gain, 2),
        "explained_by_the_gain_alone": round(explained(wanted, gain * found), 3),
        "explained": round(by_ridge[best], 3),
    }
    print(figures)
    (ROOT / "training/results/reach_map.json").write_text(json.dumps(figures, indent=1) + "\n")
    record_digests()


if __name__ == "__main__":
    main()
