"""Italian: the words of a lexicon, which knows where the stress lies."""

from collections.abc import Sequence

from myna.engines.kokoro.phonemes.lexicon import GruutLexicon
from myna.engines.kokoro.phonemes.spaced import Word
from myna.engines.kokoro.phonemes.symbols import strip_stress
from myna.engines.kokoro.phonemes.tables import read_table

_TABLE = read_table("italian")
_VOWELS = frozenset("aeiouɛɔɪʊAIWOY")
_ACCENTED = frozenset("àèéìòóù")


class ItalianPronunciation:
    """Implements `Pronunciation`."""

    def __init__(self) -> None:
        self._lexicon = GruutLexicon("gruut_lang_it")

    def pronounce(self, words: Sequence[Word]) -> list[str]:
        return [self._pronounce(word.text) for word in words]

    def _pronounce(self, word: str) -> str:
        if "'" in word:
            head, _, rest = word.partition("'")
            spoken = _TABLE["elided"].get(head) or strip_stress(self._lexicon.pronounce(head))
            return spoken + self._pronounce(rest) if rest else spoken
        spoken = self._lexicon.pronounce(word)
        if word in _TABLE["unstressed"]:
            return strip_stress(spoken)
        if word[-1] in _ACCENTED:
            return _stress(strip_stress(spoken), from_end=1)
        if "ˈ" in spoken:
            return spoken
        # "mia": the lexicon has a weak stress alone
        return spoken.replace("ˌ", "ˈ", 1) if "ˌ" in spoken else _stress(spoken, from_end=2)


def _stress(spoken: str, from_end: int) -> str:
    """Mark a vowel, counted from the end. Where the model has guessed none, the last but one is the usual place."""
    vowels = [index for index, sound in enumerate(spoken) if sound in _VOWELS]
    if not vowels:
        return spoken
    place = vowels[-from_end] if len(vowels) >= from_end else vowels[0]
    return spoken[:place] + "ˈ" + spoken[place:]
