"""Where the stress lies in Russian words, by their endings.

Made by `training/russian_stress.py`; its docstring says what the file holds and how well it guesses.
"""

import lzma

from myna.engines.kokoro.artefact_file import read_artefact

_BEGINNING = "^"
_VOWELS = "аеёиоуыэюя"


class RussianStress:
    """Half a million word forms, and a guess for others. Thread-safe."""

    def __init__(self) -> None:
        lines = lzma.decompress(read_artefact("russian_stress.txt.xz")).decode("utf-8").split("\n")
        self._num_vowels_behind = {line[:-1]: int(line[-1]) for line in lines}

    def find(self, word: str) -> int:
        """Which vowel of a word in lower case is stressed, from 0."""
        marked = _BEGINNING + word
        num_vowels = sum(letter in _VOWELS for letter in word)
        for start in range(len(marked) + 1):
            behind = self._num_vowels_behind.get(marked[start:])
            if behind is not None:
                return max(0, num_vowels - 1 - behind)
        return 0
