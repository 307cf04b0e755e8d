"""Russian: sounds by rule, the place of the stress from a lexicon.

The model has never heard Russian: its sounds are written with those that the model says clearly (soft consonants
with j, ы as ɪ, ч as ʧ).
Source of the rules: Avanesov, Russkoe literaturnoe proiznošenie (1984), chapters 2 and 3.
"""

import re
from collections.abc import Sequence

from myna.engines.kokoro.phonemes.russian_stress import RussianStress
from myna.engines.kokoro.phonemes.spaced import Word
from myna.engines.kokoro.phonemes.spelling import Changes
from myna.engines.kokoro.phonemes.tables import read_table

_TABLE = read_table("russian")
_RESPELLINGS, _REDUCTIONS, _SOFTNESS = (Changes(_TABLE[name]) for name in ("respellings", "reductions", "softness"))
_LETTERS = str.maketrans(_TABLE["letters"])
_VOICED_OF, _VOICELESS_OF = str.maketrans("пктшс", "бгджз"), str.maketrans("бвгджз", "пфктшс")
_VOICED = re.compile("[пктшс](?=[пктшсьъ]*[бгджз])")
_VOICELESS = re.compile("[бвгджз](?=[бвгджзьъ]*[пфктшсхцчщ ])")
_CLITICS = frozenset("в с к".split())


class RussianPronunciation:
    """Implements `Pronunciation`."""

    def __init__(self) -> None:
        self._stress = RussianStress()

    def pronounce(self, words: Sequence[Word]) -> list[str]:
        spoken = []
        for index, word in enumerate(words):
            leans_on = words[index + 1].text if word.text in _CLITICS and not word.is_last else ""
            if word.text in _TABLE["unstressed"]:
                spoken.append(pronounce_word(word.text, None, leans_on))
            else:
                spoken.append(pronounce_word(*self._stress.find(word.text.replace("\u0301", ""))))
        return spoken


def pronounce_word(word: str, stress: int | None, follower: str = "") -> str:
    """One word, in lower case.

    stress: which of its vowels is stressed, from 0; None for a word without stress. follower: the word that it leans
    on, for prepositions of one consonant.
    """
    letters = _settle_voices(re.sub("[^а-яё]", "·", _RESPELLINGS.make(word)), follower)
    places = [match.start() for match in re.finditer("[аеёиоуыэюя]", letters)]
    if stress is not None and places:
        place = places[min(stress, len(places) - 1)]
        letters = f"{letters[:place]}ˈ{letters[place:]}"
    return _SOFTNESS.make(_REDUCTIONS.make(letters).translate(_LETTERS))


def _settle_voices(word: str, follower: str) -> str:
    """Consonants side by side are voiced as the last is, at the end not; в does not voice its left neighbour."""
    voiced = _VOICED.sub(lambda match: match[0].translate(_VOICED_OF), word + (follower[:1] or " "))
    return _VOICELESS.sub(lambda match: match[0].translate(_VOICELESS_OF), voiced)[: len(word)]
