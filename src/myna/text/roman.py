"""Roman numerals, where they are some: "Henry VIII", "Chapter IV", "siglo XXI", "XXIe siècle"."""

import re
from collections.abc import Iterator

from myna.domain.language import LangCode
from myna.text.gender import is_feminine
from myna.text.number_words import NumberWords, Rule, words_before
from myna.text.numerals import japanese
from myna.text.numerals.spelling import spell_cardinal, spell_ordinal

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN = r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_LARGEST_KING = 39
_ORDINAL_UP_TO = {LangCode.ES_ES: 10, LangCode.PT_BR: 10, LangCode.FR_FR: 1}
"""How far kings are counted with ordinals: Felipe sexto, but Alfonso trece. Elsewhere all are."""
_WOMEN = frozenset({"isabel", "elizabeth", "elisabeth", "catalina", "catarina", "caterina", "catherine", "élisabeth"})
_LATIN = re.compile(r"[^\W\d_]+")


def roman_value(numeral: str) -> int:
    """`"XIV"` -> 14."""
    values = [_VALUES[sign] for sign in numeral]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))


class RomanNumerals:
    """One language's rule. Capitals that look like a numeral are one only where the words around say so."""

    def __init__(self, numbers: NumberWords) -> None:
        self._numbers = numbers
        self._lang = numbers.lang
        self._locale = numbers.locale

    def rules(self) -> Iterator[Rule]:
        letter = self._numbers.letter
        endings = "|".join(self._locale.roman_endings)
        ending = rf"(?P<ending>{endings})?" if endings else "(?P<ending>(?!))?"
        # German writes "Ludwig XIV." with a stop that ends no sentence
        dot = r"(?:\.(?=\s+[a-zäöü(]|,))?" if self._lang is LangCode.DE_DE else ""
        dot = "世?" if self._lang is LangCode.JA_JP else dot
        pattern = (
            rf"(?<!{letter})(?<![.'’-])(?P<roman>(?=[MDCLXVI]){_ROMAN}){ending}{dot}(?!{letter})(?!['’])(?!\.\w)(?!-\w)"
        )
        yield re.compile(pattern), self._read

    def _read(self, match: re.Match[str]) -> str | None:
        numeral, value = match["roman"], roman_value(match["roman"])
        if match["ending"]:
            if len(numeral) == 1 and numeral not in "IVX":
                return None  # French "Le", "Me"
            return self._ordinal(value, is_feminine=match["ending"] in ("re", "ère"))
        before = re.search(r"(\w[^\s.,;]*)[.,]?\s*$", words_before(match))
        word = before[1] if before else ""
        following = match.string[match.end() : match.end() + 24]
        after = _LATIN.match(following.lstrip())
        if word.lower() in self._locale.roman_nouns and (len(numeral) > 1 or word[0].isupper()):
            return spell_cardinal(value, self._lang)
        if after is not None and after[0].lower() in self._locale.roman_before:
            return self._ordinal(value, is_feminine=False)
        is_small = value <= _LARGEST_KING and set(numeral) <= set("IVX")
        if not is_small or (word.isupper() and len(word) > 1):
            return None
        is_king = word.lower() in self._locale.kings
        if is_king and (len(numeral) > 1 or not following[:1].strip() or not following.strip()[:1].isalpha()):
            return self._king(value, word)
        if len(numeral) == 1:
            return None
        if self._lang is LangCode.JA_JP:
            return japanese.spell_counted(value, "世") if match[0].endswith("世") else None
        if not self._locale.is_spaced:
            is_ruler = bool(word) and not word.isascii() and not following.startswith("世")
            return spell_cardinal(value, self._lang) + ("世" if is_ruler else "")
        if self._lang.iso639 in ("en", "hi"):
            is_known = word[:1].isupper() or len(numeral) > 2 or (bool(word) and not word.isascii())
            return spell_cardinal(value, self._lang) if is_known else None
        return self._king(value, word) if word[:1].isupper() else None

    def _king(self, value: int, name: str) -> str:
        lang = self._lang
        if value > _ORDINAL_UP_TO.get(lang, _LARGEST_KING) or lang is LangCode.HI_IN:
            return spell_cardinal(value, lang)
        spoken = self._ordinal(value, is_feminine=name.lower() in _WOMEN or is_feminine(name, lang))
        if lang.iso639 == "en":
            return f"the {spoken}"
        return f"der {spoken.capitalize()}" if lang is LangCode.DE_DE else spoken

    def _ordinal(self, value: int, *, is_feminine: bool) -> str:
        spoken = spell_ordinal(value, self._lang)
        if self._lang is LangCode.FR_FR:
            return "première" if is_feminine and spoken == "premier" else spoken
        if is_feminine and self._lang in (LangCode.ES_ES, LangCode.IT_IT, LangCode.PT_BR):
            return re.sub(r"o\b", "a", spoken)
        return spoken
