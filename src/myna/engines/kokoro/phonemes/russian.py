"""Russian: sounds by rule, the place of the stress from a lexicon.

The model has never heard Russian: its sounds are written with those that the model says clearly (soft consonants
with j, ы as ɪ, ч as ʧ).
Source of the rules: Avanesov, Russkoe literaturnoe proiznošenie (1984), chapters 2 and 3.
"""

import re
from collections.abc import Sequence

from myna.engines.kokoro.phonemes.russian_stress import RussianStress
from myna.engines.kokoro.phonemes.spaced import Word
from myna.engines.kokoro.phonemes.tables import read_table

_VOWELS = "аеёиоуыэюя"
_TABLE = read_table("russian")
_CONSONANTS = _TABLE["consonants"]
_ALWAYS_HARD, _ALWAYS_SOFT = "жшц", "чщй"
_SOFTENING = "еёиюяь"
_SOFT = "ʲ"
_IOTATED = _TABLE["iotated"]
_VOICED, _VOICELESS = "бгджз", "пфктшсхцчщ"
"""Those that make their left neighbours alike; в does not."""
_RESPELLINGS = tuple(
    (re.compile(pattern), spelling)
    for pattern, spelling in (
        (r"(?<!^мн)(?<!^немн)(?<!^стр)(?<!^дор)(?<!^недор)ого$", "ово"),
        (r"его$", "ево"),
        (r"^(сегодня|итого)", lambda match: match[1].replace("г", "в")),
        (r"^что", "што"),
        (r"^(коне|ску|наро|яи)чн", r"\1шн"),
        (r"тьс[яа]$|тс[яа]$", "цца"),
        (r"[сз]ч", "щ"),
        (r"стн", "сн"),
        (r"здн", "зн"),
        (r"лнц", "нц"),
        (r"вств", "ств"),
        (r"гк", "хк"),
        (r"([бвгджзклмнпрстфхцчшщ])\1", r"\1"),
    )
)
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
    letters = _settle_voices(_respell(word), follower)
    places = [index for index, letter in enumerate(letters) if letter in _VOWELS]
    stressed = places[min(stress, len(places) - 1)] if stress is not None and places else -1
    sounds = []
    for index, letter in enumerate(letters):
        if letter in _VOWELS:
            sounds.append(_say_vowel(letters, index, is_stressed=index == stressed))
        elif letter in _CONSONANTS:
            sounds.append(_say_consonant(letters, index))
    spoken = "".join(sounds).replace("n" + _SOFT, "ɲ")
    # before i nothing else can be meant; before other vowels the model says j more clearly than the sign for softness
    return re.sub(f"{_SOFT}(?=ˈ?[aɛou])", "j", re.sub(f"{_SOFT}(?=ˈ?i)", "", spoken))


def _respell(word: str) -> str:
    for pattern, spelling in _RESPELLINGS:
        word = pattern.sub(spelling, word)
    return word


def _settle_voices(word: str, follower: str) -> str:
    """Consonants side by side are voiced or voiceless as the last is; at the end of a word voiceless."""
    settled = list(word)
    following = follower[:1] or " "
    for index in range(len(settled) - 1, -1, -1):
        letter = settled[index]
        if letter in "ьъ":
            continue
        if following in _VOICED:
            settled[index] = _TABLE["voiced_of"].get(letter, letter)
        elif following in _VOICELESS or following == " ":
            settled[index] = _TABLE["voiceless_of"].get(letter, letter)
        following = settled[index]
    return "".join(settled)


def _say_consonant(letters: str, index: int) -> str:
    letter = letters[index]
    is_soft = letters[index + 1 : index + 2] in tuple(_SOFTENING)
    return _CONSONANTS[letter] + (_SOFT if is_soft and letter not in _ALWAYS_HARD + _ALWAYS_SOFT else "")


def _say_vowel(letters: str, index: int, *, is_stressed: bool) -> str:
    letter, before = letters[index], letters[index - 1 : index]
    is_iotated = letter in _IOTATED and (before == "" or before in tuple(_VOWELS + "ьъ"))
    onset = "j" if is_iotated or (letter in "ио" and before == "ь") else ""
    is_behind_hard = before != "" and before in _ALWAYS_HARD
    plain = _IOTATED.get(letter, letter)
    if letter == "и" and is_behind_hard:
        plain = "ы"
    if is_stressed:
        return onset + "ˈ" + _TABLE["plain"][plain]
    if letter in "ея" and not (letter == "я" and index == len(letters) - 1):
        return onset + ("ɪ" if is_behind_hard else "i")
    if plain in "ао":
        return onset + "a"  # people say ə away from the stress, but from this model that is heard as и
    return onset + ("i" if plain == "э" else _TABLE["plain"][plain])
