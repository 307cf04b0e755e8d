"""Tune the look-up through the frozen decoder: real speakers, the gradient of both judges, no torch.

    python training/tune_style_map.py --real WORK/real --out WORK/tuned

The fitted map has never heard a person, only the decoder; this step moves it to where the decoder, speaking an unseen
sentence, is judged nearest to *another* recording of the same person. Stochastic descent with steps of a set length in
the mean over speakers (as `style_descent` does for one voice), on a linear correction over the leading directions of
what real recordings differ in. Every speaker is new when it is met, so the printed likeness is that of strangers.
Resumable after every batch; about 2.6 CPU-seconds a speaker. Writes `style_map.npz` and `results/tuned_map.json`.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
from myna.engines.kokoro.graphs import KokoroGraphs, round_frames
from myna.engines.kokoro.phonemes.symbols import Vocabulary
from myna.engines.kokoro.style_descent import GAIN_A, GAIN_B
from myna.engines.kokoro.style_gradient import StyleGradient
from myna.engines.kokoro.style_map import StyleMap, VoiceSound, load_style_map
from myna.engines.kokoro.voice_artifact import NUM_EQ_BANDS, STYLE_DIM, KokoroVoice
from myna.engines.kokoro.voice_practice import PracticeSentence, Stretch, cut_stretches, practice_symbols, voiced_log_f0
from myna.weights.store import WeightStore

ROOT = Path(__file__).parent.parent
ARTEFACTS = ROOT / "src/myna/engines/kokoro/artefacts"
SEED = 20261123
NUM_DIRECTIONS = 80
"""Of the features of real recordings; the rest is left to the fitted map."""
BATCH = 12
FIRST_LENGTH, LAST_LENGTH = 1.0, 0.1
"""Root mean square over speakers of how far one update moves a voice, in standard deviations of the public styles."""
MOMENTUM = 0.8
PRIOR_COST = 0.1
SHIFT_SHARE = 0.7
AVERAGED_SHARE = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Speakers:
    sounds: list[VoiceSound]
    pitch: np.ndarray
    """[num_speakers, 2] mean and spread of ln(F0)."""
    target_a: np.ndarray
    target_b: np.ndarray


def read_real(folder: Path) -> Speakers:
    chunks = [dict(np.load(path)) for path in sorted(folder.glob("[0-9]*.npz")) if ".tmp." not in path.name]
    joined = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}
    sounds = [
        VoiceSound(*row) for row in zip(joined["a"], joined["b"], joined["timbre"], joined["pitch"][:, 0], strict=True)
    ]
    return Speakers(sounds, joined["pitch"], joined["other_a"], joined["other_b"])


class PracticeRoom:
    """Sentences in a voice's own manner, cut to the length that the gradient graph takes."""

    def __init__(self, weights: WeightStore) -> None:
        self._graphs = KokoroGraphs(weights, num_threads=1)
        vocabulary = Vocabulary(weights.path("kokoro/vocab.json"))
        self._texts = [self._graphs.encode_text(vocabulary.encode(symbols)) for symbols in practice_symbols()]

    def stretch(self, prosody_style: np.ndarray, pitch: np.ndarray, rng: np.random.Generator) -> Stretch:
        """Two seconds of a random pair of sentences at the person's pitch."""
        sentences = []
        for index in rng.choice(len(self._texts), 2, replace=False):
            text = self._texts[index]
            predicted = self._graphs.predict_durations(text, prosody_style)
            frames = round_frames(predicted.frames)
            curves = self._graphs.predict_prosody(predicted.hidden, frames, prosody_style)
            sentences.append(PracticeSentence(text, frames, curves))
        log_f0 = np.concatenate([voiced_log_f0(sentence.curves) for sentence in sentences])
        ratio = float(np.clip(pitch[1] / max(float(log_f0.std()), 0.02), 0.7, 1.5))
        voice = KokoroVoice(
            decoder_style=np.zeros(STYLE_DIM, np.float32),
            prosody_style=prosody_style,
            predicted_log_f0=float(log_f0.mean()),
            target_log_f0=float(pitch[0]),
            pitch_spread=0.5 * (1.0 + ratio),
            duration_scale=1.0,
            eq_db=np.zeros(NUM_EQ_BANDS, np.float32),
        )
        stretches = cut_stretches(voice, sentences)
        return stretches[int(rng.integers(len(stretches)))]


def directions(features: np.ndarray) -> np.ndarray:
    """[530, NUM_DIRECTIONS]: leading principal directions, scaled so that rare ones do not count in full."""
    centred = features - features.mean(axis=0)
    _, scale, axes = np.linalg.svd(centred / np.sqrt(len(features)), full_matrices=False)
    kept = scale[:NUM_DIRECTIONS]
    return axes[:NUM_DIRECTIONS].T / np.sqrt(kept**2 + np.median(kept) ** 2)


@dataclass(slots=True, eq=False)
class Progress:
    """All that a run needs to go on."""

    weights: np.ndarray
    """[NUM_DIRECTIONS + 1, 128] onto whitened styles; the last row is the constant."""
    momentum: np.ndarray
    average: np.ndarray
    num_averaged: int
    batch: int
    likeness: list[tuple[float, float]]

    @classmethod
    def load(cls, path: Path) -> "Progress":
        if not path.exists():
            empty = np.zeros((NUM_DIRECTIONS + 1, STYLE_DIM))
            return cls(empty, empty.copy(), empty.copy(), 0, 0, [])
        with np.load(path) as saved:
            return cls(
                saved["weights"],
                saved["momentum"],
                saved["average"],
                int(saved["num_averaged"]),
                int(saved["batch"]),
                [tuple(row) for row in saved["likeness"].tolist()],
            )

    def save(self, path: Path) -> None:
        unfinished = path.with_suffix(".tmp.npz")
        np.savez(unfinished, **{name: getattr(self, name) for name in self.__slots__})
        unfinished.rename(path)


def train(speakers: Speakers, style_map: StyleMap, weights: WeightStore, path: Path, epochs: float) -> Progress:
    features = np.array([style_map.features(sound) for sound in speakers.sounds])
    features -= style_map.feature_mean + SHIFT_SHARE * style_map.real_shift
    inputs = np.hstack([features @ directions(features), np.ones((len(features), 1))])
    styles = style_map.style_mean + features @ style_map.matrix
    factor = style_map.prior_cholesky
    start = np.linalg.solve(factor, (styles[:, :STYLE_DIM] - style_map.prior_mean).T).T
    gradient = StyleGradient(
        weights.path("kokoro/decoder.onnx"), weights.path("speakers/ge2e.onnx"), weights.path("speakers/campplus.onnx")
    )
    room = PracticeRoom(weights)
    progress = Progress.load(path)
    num_batches = int(epochs * len(features) / BATCH)
    order = np.concatenate([np.random.default_rng([SEED, turn]).permutation(len(features)) for turn in range(10)])
    for batch in range(progress.batch, num_batches):
        rng = np.random.default_rng([SEED, 1, batch])
        chosen = order[batch * BATCH : (batch + 1) * BATCH]
        slope = np.zeros_like(progress.weights)
        scores = []
        for index in chosen:
            position = start[index] + inputs[index] @ progress.weights
            found = gradient(
                *_unpack(room.stretch(styles[index, STYLE_DIM:].astype(np.float32), speakers.pitch[index], rng)),
                (style_map.prior_mean + factor @ position).astype(np.float32),
                target_a=(GAIN_A * speakers.target_a[index]).astype(np.float32),
                target_b=(GAIN_B * speakers.target_b[index]).astype(np.float32),
            )
            pull = factor.T @ found.gradient.astype(np.float64) + 2 * PRIOR_COST * position / STYLE_DIM
            slope += np.outer(inputs[index], pull) / len(chosen)
            scores.append(
                (
                    float(found.embedding_a @ speakers.target_a[index]),
                    float(found.embedding_b @ speakers.target_b[index]),
                )
            )
        progress.momentum = MOMENTUM * progress.momentum + slope
        moved = float(np.sqrt(((inputs @ progress.momentum) ** 2).sum(axis=1).mean()))
        share = batch / num_batches
        length = LAST_LENGTH + (FIRST_LENGTH - LAST_LENGTH) * 0.5 * (1 + np.cos(np.pi * share))
        progress.weights = progress.weights - length * progress.momentum / moved
        if share >= 1 - AVERAGED_SHARE:
            progress.num_averaged += 1
            progress.average += (progress.weights - progress.average) / progress.num_averaged
        progress.batch = batch + 1
        progress.likeness.append(tuple(np.mean(scores, axis=0)))
        progress.save(path)
        recent = np.mean(progress.likeness[-10:], axis=0)
        print(
            f"\r{batch + 1}/{num_batches} batches, cosines A {recent[0]:.3f} B {recent[1]:.3f}", end="", file=sys.stderr
        )
    print(file=sys.stderr)
    return progress


def _unpack(stretch: Stretch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return stretch.features, stretch.f0_hz, stretch.energy


def write(progress: Progress, speakers: Speakers, style_map: StyleMap) -> None:
    """Put the correction into the shipped map, and the course of the likeness beside it."""
    features = np.array([style_map.features(sound) for sound in speakers.sounds])
    features -= style_map.feature_mean + SHIFT_SHARE * style_map.real_shift
    correction = progress.average @ style_map.prior_cholesky.T
    with np.load(ARTEFACTS / "style_map.npz") as tables:
        arrays = dict(tables)
    matrix = style_map.matrix[:, :STYLE_DIM] + directions(features) @ correction[:-1]
    arrays["tuned_matrix"] = matrix.astype(np.float16)
    arrays["tuned_mean"] = (style_map.style_mean[:STYLE_DIM] + correction[-1]).astype(np.float32)
    np.savez(ARTEFACTS / "style_map.npz", **arrays)
    course = np.array(progress.likeness)
    window = min(10, len(course) // 2)
    figures = {
        "speakers": len(speakers.sounds),
        "batches": progress.batch,
        "cosine_a_first": round(float(course[:window, 0].mean()), 3),
        "cosine_a_last": round(float(course[-window:, 0].mean()), 3),
        "cosine_b_first": round(float(course[:window, 1].mean()), 3),
        "cosine_b_last": round(float(course[-window:, 1].mean()), 3),
    }
    (ROOT / "training/results").mkdir(exist_ok=True)
    (ROOT / "training/results/tuned_map.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    speakers, style_map = read_real(arguments.real), load_style_map()
    path = arguments.out / "progress.npz"
    progress = train(speakers, style_map, WeightStore(arguments.weights), path, arguments.epochs)
    write(progress, speakers, style_map)


if __name__ == "__main__":
    main()
