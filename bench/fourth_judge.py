"""A fourth opinion on likeness, which has no part in the making of voices: who speaks, as Whisper's encoder hears it.

The encoder is the recogniser's (MIT), the head on it (`fourth_judge.npz`, Myna's own licence) is made by
`training/judge_d.py` from people who are in no evaluation. The recogniser does take part in the making: it keeps clones
clear. It is asked there for words, never for a person.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from whisper_layers import WhisperLayers

from myna.domain.waveform import Waveform
from myna.weights.store import WeightStore

HEAD = Path(__file__).parent / "fourth_judge.npz"
HEAD_SHA256 = "d6ee1698719298a83f034982d831472c0859dc64704125cc4556dba56d7c729f"
_LONGEST_SAMPLES = 10 * 16_000

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Head:
    """A linear map of the layers' statistics."""

    layers: tuple[int, ...]
    """Which layers' states it is laid over; 0 is what enters the first."""
    mean: Floats
    """[len(layers) * 1024]"""
    projection: Floats
    """[len(layers) * 1024, dimension]"""

    def place(self, statistics: npt.NDArray[np.floating]) -> Floats:
        """[n, dimension] of unit length. statistics: [n, num_layers, 1024], as `WhisperLayers` gives them."""
        rows = statistics[:, list(self.layers)].reshape(len(statistics), -1).astype(np.float32)
        placed = (rows - self.mean) @ self.projection
        return np.asarray(placed / np.linalg.norm(placed, axis=1, keepdims=True))


def read_head(path: Path) -> Head:
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != HEAD_SHA256:
        raise ValueError(f"{path.name} is not the head that belongs here")
    with np.load(path) as arrays:
        projection = arrays["projection"].astype(np.float32)
        return Head(tuple(arrays["layers"].tolist()), arrays["mean"].astype(np.float32), projection)


class FourthJudge:
    """Judge D."""

    def __init__(self, weights: WeightStore) -> None:
        self._head = read_head(HEAD)
        self._layers = WhisperLayers(weights.path("whisper-base/model.bin"), max(self._head.layers))

    def embed(self, waveform: Waveform) -> Floats:
        """[dimension] of unit length. waveform: at 16 kHz; the first ten seconds are heard."""
        heard = Waveform(waveform.samples[:_LONGEST_SAMPLES], waveform.sample_rate_hz)
        return np.asarray(self._head.place(self._layers.statistics(heard)[np.newaxis])[0])
