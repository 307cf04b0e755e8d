"""Where the stress lies in Russian words, by their endings: made and described by `training/russian_stress.py`."""

import lzma

from myna.engines.kokoro.shipped_file import read_shipped

_BEGINNING = "^"
_VOWELS = "аеёиоуыэюя"
_YO_LABELS = "abcdefghij"
"""Of words whose stressed vowel is ё though most people write е, by the number of vowels behind it."""


class RussianStress:
    """Half a million word forms, and a guess for others. Thread-safe."""

    def __init__(self) -> None:
        lines = lzma.decompress(read_shipped("russian_stress.txt.xz")).decode("utf-8").split("\n")
        self._labels = {line[:-1]: line[-1] for line in lines}

    def find(self, word: str) -> tuple[str, int]:
        """A word in lower case with the ё that it is read with, and which of its vowels is stressed, from 0."""
        places = [index for index, letter in enumerate(word) if letter in _VOWELS]
        if not places:
            return word, 0
        if "ё" in word:
            return word, places.index(word.rindex("ё"))
        label = self._label(word)
        is_yo = label in _YO_LABELS
        stressed = max(0, len(places) - 1 - (_YO_LABELS.index(label) if is_yo else int(label)))
        place = places[stressed]
        if is_yo and word[place] == "е":
            word = word[:place] + "ё" + word[place + 1 :]
        return word, stressed

    def _label(self, word: str) -> str:
        marked = _BEGINNING + word
        return next((self._labels[marked[at:]] for at in range(len(marked) + 1) if marked[at:] in self._labels), "0")
