"""Languages whose spelling says how words sound: syllables out of letters, sounds out of letters by a table."""

import re
from collections.abc import Callable, Collection, Mapping

Nuclei = list[tuple[int, int]]
"""Of a word's syllables: from where to where each vowel goes, with the glides that belong to it."""


def find_nuclei(word: str, vowels: str, silent: Collection[int], joins: Callable[[str, int, int], bool]) -> Nuclei:
    """silent: places of vowels that are only written. joins: whether what begins at one place goes on at another."""
    nuclei = []
    position = 0
    while position < len(word):
        end = position + 1
        if word[position] in vowels and position not in silent:
            while end < len(word) and word[end] in vowels and joins(word, position, end):
                end += 1
            nuclei.append((position, end))
        position = end
    return nuclei


def spell_out(
    word: str,
    nuclei: Nuclei,
    say_nucleus: Callable[[int], tuple[str, int]],
    say_consonant: Callable[[int, list[str]], tuple[str, int]],
) -> str:
    """A word's sounds. say_nucleus: of an index. say_consonant: of a place, after the sounds so far."""
    starts = {start: index for index, (start, _) in enumerate(nuclei)}
    sounds: list[str] = []
    position = 0
    while position < len(word):
        index = starts.get(position)
        sound, position = say_consonant(position, sounds) if index is None else say_nucleus(index)
        sounds.append(sound)
    return "".join(sounds)


class LetterRules:
    """Patterns of letters -> their sound. The first that fits is taken."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._rules = [(re.compile(pattern), sound) for pattern, sound in table.items()]

    def read(self, text: str, position: int) -> tuple[str, int] | None:
        """What stands at a place, and where it ends; patterns may look at what is before."""
        for pattern, sound in self._rules:
            if match := pattern.match(text, position):
                return sound, match.end()
        return None

    def spell(self, word: str) -> str:
        """The sounds of a whole word; letters without a rule are left out."""
        return spell_out(word, [], lambda _: ("", 0), lambda place, _: self.read(word, place) or ("", place + 1))


class Changes:
    """Patterns -> what stands for them then, one after the other."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._changes = [(re.compile(pattern), changed) for pattern, changed in table.items()]

    def make(self, text: str) -> str:
        for pattern, changed in self._changes:
            text = pattern.sub(changed, text)
        return text
