"""What is written in capitals: initialisms that are spelled, acronyms that are words, and shouting."""

import re
import unicodedata
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.rules import Rule

_CAPITALS = re.compile(r"(?<!\w)(?P<letters>[A-ZÀ-ÞŒ]{2,6})(?P<plural>s)?(?![\w'’])")
_SHOUTED = re.compile(r"(?<![\w.&])[A-Z](?:[A-Z'’]*[A-Z])?(?![\w&]|\.[A-Z])")
_LIGATURES = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
)
_SHOUTING_REACH = 40
_MAX_SHOUTED_ACRONYMS = 2
_CLUSTER = re.compile(
    r"[^AEIOUY]{2}[^AEIOUYRLS]|[^AEIOUYRLS][^AEIOUY]S(?=[^AEIOUY])|^(?!S[CPTMN])[^AEIOUY][^AEIOUYLRHSN]"
    r"|[^AEIOUYLRNSM][BDFGKP]$|([A-Z])\1$"
)
"""Consonants that nobody says in one word: three in a row without r, l or s at the end, two that begin none, a doubled
last letter."""


class CapitalLetters:
    """One language's rules. English leaves initialisms to its lexicon, which knows more of them."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def rules(self) -> Iterator[Rule]:
        if self._language.say_as:
            words = "|".join(re.escape(word) for word in sorted(self._language.say_as, key=len, reverse=True))
            yield re.compile(rf"(?<!\w)(?P<word>{words})(?!\w)"), lambda match: self._language.say_as[match["word"]]
        if self._language.letters:
            yield _CAPITALS, self._read_capitals
        elif self._language.is_spaced:
            yield _SHOUTED, self._read_shouted

    def _read_capitals(self, match: re.Match[str]) -> str | None:
        """ "OUI" is a word, "SNCF" is none; "SA" is one only where everything is in capitals."""
        letters = match["letters"]
        if letters in self._language.acronyms:
            return letters.lower() if len(letters) < 4 else None
        if letters in self._language.spelled and not is_shouted(match):
            return spell_letters(letters, self._language)
        if not letters.isascii() or letters.lower() in self._language.known_words:
            return None
        is_word = len(letters) > 3 and has_vowel(letters.lower()) and _CLUSTER.search(letters) is None
        return None if is_word and letters not in self._language.spelled else spell_letters(letters, self._language)

    def _read_shouted(self, match: re.Match[str]) -> str | None:
        word = match[0]
        if len(word) < 2 or not has_vowel(word.lower()) or not is_shouted(match) or word in self._language.spelled:
            return None
        return word.lower()


def is_shouted(match: re.Match[str]) -> bool:
    """Whether most of the words around are in capitals, too: "DO NOT GO IN" holds no initialisms."""
    text = match.string
    around = text[max(0, match.start() - _SHOUTING_REACH) : match.end() + _SHOUTING_REACH]
    words = re.findall(r"[^\W\d_]+", around)
    shouted = [word for word in words if word.isupper() and len(word) > 1]
    return len(shouted) > _MAX_SHOUTED_ACRONYMS and len(shouted) > 0.75 * len(words)


def spell_letters(letters: str, language: Language) -> str:
    """The names of capital letters."""
    names = language.letters
    if not names:
        return letters.upper()
    return language.gap.join(names[ord(letter) - ord("A")] for letter in letters if "A" <= letter <= "Z")


def drop_accents(word: str) -> str:
    """ "Müller" -> "Muller": English has no letters with accents, and its lexicon none of such words."""
    if word.isascii():
        return word
    plain = word.translate(_LIGATURES)
    parted = "".join(unicodedata.normalize("NFD", sign) if sign.isalpha() else sign for sign in plain)
    return "".join(sign for sign in parted if unicodedata.category(sign) != "Mn")


def has_vowel(letters: str) -> bool:
    return any(letter in "aeiouy" for letter in letters)
