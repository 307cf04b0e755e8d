"""What is written in capitals: initialisms that are spelled, acronyms that are words, and shouting."""

import re
import unicodedata
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.rules import Rule, ends_sentence

_BESIDE_DIGITS = re.compile(r"(?<![^\W\d_])(?P<letters>[A-Z]{1,3})-?(?=\d)|(?<=\d)-?(?P<unit>[A-Z]{1,3})(?![^\W\d_])")
"""H2O, PS5, 5G."""
_ELEMENT = "(?:H|He|Li|Be|B|C|N|O|F|Na|Mg|Al|Si|P|S|Cl|K|Ca|Ti|Cr|Mn|Fe|Co|Ni|Cu|Zn|As|Br|Ag|I|Ba|Hg|Pb|U)"
_FORMULA = re.compile(
    rf"(?<![^\W_])(?:(?=[A-Za-z]*\d)(?!(?:[A-Z]\d+)+(?![A-Za-z])){_ELEMENT}(?:\d{{0,2}}{_ELEMENT})+\d{{0,2}}|"
    rf"{_ELEMENT}(?=[²³]?[⁺⁻])|NaCl|KCl|HCl|NaOH|KOH|AgCl|CaO|MgO|FeO|CuO|ZnO|NaF|KBr|KI|HBr|HCN|LiCl|NaHCO|SiC|FeS|ZnS|CaS)(?![A-Za-z\d])"
)
"""Of chemistry, with digits; without only the commonest."""
_CAPITAL = "[A-ZÀ-ÞŒА-ЯЁ]"
_SHOUTED = re.compile(r"(?<![\w.&])[A-Z](?:[A-Z'’]*[A-Z])?(?![\w&]|\.[A-Z])")
_LIGATURES = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
)
_SHOUTING_REACH = 40
_MAX_SHOUTED_ACRONYMS = 2
_MAX_ACRONYM = 6
_NAMES = frozenset({"it", "us", "who"})
"""Small words that are initialisms, too."""
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
        yield _FORMULA, self._read_formula
        if self._language.letters:
            letter = "[0-9A-Za-z_]" if self._language.is_glued else r"\w"
            unspelled = "[A-Za-z_]" if self._language.is_glued else r"[^\W\d]"
            capitals = rf"(?<!{letter})(?P<letters>{_CAPITAL}{{2,6}})(?P<plural>s)?(?!{unspelled}|['’])"
            yield _BESIDE_DIGITS, lambda match: spell_letters(match["letters"] or match["unit"], self._language)
            yield re.compile(capitals), self._read_capitals
            yield re.compile(r"(?<![\w.-])(?:[A-Z]\.){2,5}(?!\w|-|\s[A-Z][a-zà-ÿ])"), self._read_dotted
        elif self._language.is_spaced:
            yield _SHOUTED, self._read_shouted

    def _read_formula(self, match: re.Match[str]) -> str:
        """ "CaCO3" """
        parts = re.findall(r"[A-Za-z]|\d+", match[0])
        return " ".join(
            self._language.say(part) if part.isdigit() else spell_letters(part.upper(), self._language)
            for part in parts
        )

    def _read_capitals(self, match: re.Match[str]) -> str | None:
        """ "OUI" is a word, "SNCF" is none; "SA" is one only where everything is in capitals."""
        letters = match["letters"]
        if letters in self._language.acronyms:
            return letters.lower() if len(letters) < 4 else None
        if letters in self._language.spelled and not is_shouted(match, self._language):
            return spell_letters(letters, self._language)
        if (
            any(letter not in self._language.alphabet for letter in letters)
            or letters.lower() in self._language.known_words
        ):
            return None
        is_word = len(letters) > 3 and has_vowel(letters.lower())
        is_word &= self._language.has_clusters or _CLUSTER.search(re.sub(self._language.digraphs, "S", letters)) is None
        return None if is_word and letters not in self._language.spelled else spell_letters(letters, self._language)

    def _read_dotted(self, match: re.Match[str]) -> str:
        """ "S.A."; not before a name: "J.R.R. Tolkien"."""
        stop = "." if ends_sentence(match) and match.end() < len(match.string) else ""
        return spell_letters(match[0], self._language) + stop

    def _read_shouted(self, match: re.Match[str]) -> str | None:
        word = match[0]
        if len(word) < 2 or not has_vowel(word.lower()) or word in self._language.spelled:
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


def spell_letters(letters: str, language: Language) -> str:
    """The names of capital letters."""
    names = language.letters
    if not names:
        return letters.upper()
    alphabet = language.alphabet
    return language.gap.join(names[alphabet.index(letter)] for letter in letters if letter in alphabet)


def drop_accents(word: str) -> str:
    """ "Müller" -> "Muller": English has no letters with accents, and its lexicon none of such words."""
    if word.isascii():
        return word
    plain = word.translate(_LIGATURES)
    parted = "".join(unicodedata.normalize("NFD", sign) if sign.isalpha() else sign for sign in plain)
    return "".join(sign for sign in parted if unicodedata.category(sign) != "Mn")


def has_vowel(letters: str) -> bool:
    return any(letter in "aeiouyаеёиоуыэюя" for letter in letters)
