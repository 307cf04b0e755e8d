"""How an English word is said that no lexicon has: a small network over letters (`training/english_spelling.py`)."""

from io import BytesIO

import numpy as np
import numpy.typing as npt

from myna.engines.kokoro.shipped_file import read_shipped

FloatArray = npt.NDArray[np.float32]

_BLANK = 0
_NUM_LAYERS = 2
_MAX_LETTERS = 40
"""Longer "words" are no words; the rest of them is left out."""


class EnglishSpelling:
    """Letters -> Kokoro symbols with stress. Thread-safe."""

    def __init__(self, *, is_british: bool) -> None:
        with np.load(BytesIO(read_shipped("english_spelling.npz"))) as stored:
            self._symbols = [str(symbol) for symbol in stored["symbols"]]
            letters = [str(letter) for letter in stored["letters"]]
            self._weights: dict[str, FloatArray] = {
                name: stored[name].astype(np.float32) for name in stored.files if name not in ("symbols", "letters")
            }
        self._letter_ids = {letter: index for index, letter in enumerate(letters, 1)}
        self._accent_id = len(letters) + (2 if is_british else 1)
        self._num_classes = len(self._symbols) + 1

    def pronounce(self, word: str) -> str:
        """Say a word; letters beyond a to z and the apostrophe are left out."""
        known = [self._letter_ids[letter] for letter in word.lower() if letter in self._letter_ids]
        if not known:
            return ""
        states = self._weights["embedding.weight"][[self._accent_id, *known[:_MAX_LETTERS]]]
        for layer in range(_NUM_LAYERS):
            forwards = self._run_lstm(states, f"l{layer}")
            backwards = self._run_lstm(states[::-1], f"l{layer}_reverse")[::-1]
            states = np.concatenate([forwards, backwards], axis=1)
        scores = states @ self._weights["output.weight"].T + self._weights["output.bias"]
        best = scores.reshape(-1, self._num_classes).argmax(axis=1)
        changes = np.flatnonzero(np.diff(best, prepend=_BLANK))
        return "".join(self._symbols[index - 1] for index in best[changes] if index != _BLANK)

    def _run_lstm(self, inputs: FloatArray, suffix: str) -> FloatArray:
        """inputs: [letters, width] -> [letters, hidden]; gates in torch's order i, f, g, o."""
        weights = self._weights
        recurrent = weights[f"lstm.weight_hh_{suffix}"].T
        projected = inputs @ weights[f"lstm.weight_ih_{suffix}"].T
        projected = projected + weights[f"lstm.bias_ih_{suffix}"] + weights[f"lstm.bias_hh_{suffix}"]
        hidden = cell = np.zeros(recurrent.shape[0], dtype=np.float32)
        outputs = []
        for step in projected:
            into, forget, fresh, out = np.split(step + hidden @ recurrent, 4)
            cell = _sigmoid(forget) * cell + _sigmoid(into) * np.tanh(fresh)
            hidden = _sigmoid(out) * np.tanh(cell)
            outputs.append(hidden)
        return np.stack(outputs)


def _sigmoid(values: FloatArray) -> FloatArray:
    return np.asarray(1.0 / (1.0 + np.exp(-values)), dtype=np.float32)
