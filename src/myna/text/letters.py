"""What is written in capitals: initialisms that are spelled, acronyms that are words, and shouting."""

import re
import unicodedata
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.patterns import Rules
from myna.text.rules import Rule, ends_sentence, words_before

_LIGATURES = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
)
_SHOUTING_REACH = 40
_MAX_SHOUTED_ACRONYMS = 2
_MAX_ACRONYM = 6
_NAMES = frozenset({"it", "us", "who"})
"""Small words that are initialisms, too: behind a determiner nothing else."""
_DETERMINER = re.compile(r"\b(?:THE|OUR|YOUR|MY|AN)\s$")
_CLUSTER = re.compile(
    r"[^AEIOUY]{2}[^AEIOUYRLS]|[^AEIOUYRLS][^AEIOUY]S(?=[^AEIOUY])|^(?!S[CPTMN])[^AEIOUY][^AEIOUYLRHSN]"
    r"|[^AEIOUYLRNSM][BDFGKP]$|([A-Z])\1$"
)
"""Consonants that nobody says in one word: three in a row without r, l or s at the end, two that begin none, a doubled
last letter."""


class CapitalLetters(Rules):
    """One language's rules. English leaves initialisms to its lexicon, which knows more of them."""

    def rules(self) -> Iterator[Rule]:
        language = self._language
        yield from self._table("formulas")
        if language.letters:
            if language.script:
                yield from self._table("lone_letters")
            letter, unspelled = ("[0-9A-Za-z_]", "[A-Za-z_]") if language.is_glued else (r"\w", r"[^\W\d]")
            yield from self._table("capitals", letter=letter, unspelled=unspelled)
        elif language.is_spaced:
            yield from self._table("shouts")

    def _read_formula(self, match: re.Match[str]) -> str:
        """ "CaCO3" """
        parts = re.findall(r"[A-Za-z]|\d+", match[0])
        return " ".join(
            self._language.say(part) if part.isdigit() else self._language.spell(part.upper()) for part in parts
        )

    def _read_capitals(self, match: re.Match[str]) -> str | None:
        """ "OUI" is a word, "SNCF" is none; "SA" is one only where everything is in capitals."""
        letters = match["letters"]
        if letters in self._language.acronyms:
            return letters.lower() if len(letters) < 4 else None
        if letters in self._language.spelled and not is_shouted(match, self._language):
            return self._language.spell(letters)
        if (
            any(letter not in self._language.alphabet for letter in letters)
            or letters.lower() in self._language.known_words
        ):
            return None
        is_word = len(letters) > 3 and has_vowel(letters.lower())
        is_word &= self._language.has_clusters or _CLUSTER.search(re.sub(self._language.digraphs, "S", letters)) is None
        return None if is_word and letters not in self._language.spelled else self._language.spell(letters)

    def _read_dotted(self, match: re.Match[str]) -> str:
        """ "S.A."; not before a name: "J.R.R. Tolkien"."""
        stop = "." if ends_sentence(match) and match.end() < len(match.string) else ""
        return self._language.spell(match[0]) + stop

    def _read_shouted(self, match: re.Match[str]) -> str | None:
        word = match[0]
        if len(word) < 2 or not has_vowel(word.lower()) or word in self._language.spelled:
            return None
        if word.lower() in _NAMES and _DETERMINER.search(words_before(match)) is not None:
            return None
        return word.lower() if is_shouted(match, self._language) else None


def is_shouted(match: re.Match[str], language: Language) -> bool:
    """Whether most of the words around are in capitals, too, and make a sentence: "DO NOT GO IN" holds no initialisms,
    "DNA, RNA and ATP" nothing else."""
    text = match.string
    around = text[max(0, match.start() - _SHOUTING_REACH) : match.end() + _SHOUTING_REACH]
    words = re.findall(r"[^\W\d_]+", around)
    shouted = [word for word in words if word.isupper() and len(word) > 1]
    small = language.common_words - _NAMES
    is_sentence = any(len(word) > _MAX_ACRONYM or word.lower() in small for word in shouted)
    return is_sentence and len(shouted) > _MAX_SHOUTED_ACRONYMS and len(shouted) > 0.75 * len(words)


def drop_accents(word: str) -> str:
    """ "Müller" -> "Muller": English has no letters with accents, and its lexicon none of such words."""
    if word.isascii():
        return word
    plain = word.translate(_LIGATURES)
    parted = "".join(unicodedata.normalize("NFD", sign) if sign.isalpha() else sign for sign in plain)
    return "".join(sign for sign in parted if unicodedata.category(sign) != "Mn")


def has_vowel(letters: str) -> bool:
    return any(letter in "aeiouyаеёиоуыэюя" for letter in letters)
