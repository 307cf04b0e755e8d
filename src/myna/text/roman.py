"""Roman numerals, where they are some: "Henry VIII", "Chapter IV", "siglo XXI", "XXIe siècle"."""

import re
from collections.abc import Callable, Iterator

from myna.text.numerals.roman import roman_value
from myna.text.patterns import Rules
from myna.text.rules import Rule, words_before

_LARGEST_KING = 39
_LATIN = re.compile(r"[^\W\d_]+")


class RomanNumerals(Rules):
    """One language's rule. Capitals that look like a numeral are one only where the words around say so."""

    def rules(self) -> Iterator[Rule]:
        endings = "|".join(self._language.roman_endings) or "(?!)"
        return self._table("roman_numerals", endings=endings, ending=f"(?P<ending>{endings})?")

    def _with_end(self, first: str, match: re.Match[str], say: Callable[[int], str]) -> str:
        """ "XV-XVI" """
        return (
            self._language.join(first, self._language.to, say(roman_value(match["until"]))) if match["until"] else first
        )

    def _read_numeral(self, match: re.Match[str]) -> str | None:
        numeral, value = match["roman"], roman_value(match["roman"])
        if match["ending"]:
            if len(numeral) == 1 and numeral not in "IVX":
                return None  # French "Le", "Me"
            first = self._language.ordinal(value, is_feminine=match["ending"] in ("re", "ère"))
            return self._with_end(first, match, self._language.ordinal)
        joint = rf"(?:{self._language.symbols.get('&', ',')}|{self._language.to})"
        # "siglos XIX y XX", "XIX e XX secolo"
        before = re.search(r"(\w[^\s.,;]*)[.,]?\s*$", re.sub(rf"[IVXLC]+,?\s{joint}\s$", "", words_before(match)))
        word = before[1] if before else ""
        following = match.string[match.end() : match.end() + 24]
        after = _LATIN.match(re.sub(rf"^\s{joint}\s[IVXLC]+\s", "", following).lstrip())
        nouns, noun = self._language.roman_nouns, word.lower()
        is_sure = len(numeral) > 1 or word[:1].isupper() or (numeral in self._language.lone_romans)
        is_sure &= not word.isupper() or set(numeral) <= set("IVX")  # "VIA DI QUI"
        if is_sure and (noun in nouns or noun.removesuffix("s") in nouns):
            return self._with_end(self._language.cardinal(value), match, self._language.cardinal)
        if after is not None and after[0].lower() in self._language.roman_before:
            first = self._language.ordinal_before(value, after[0])
            return self._with_end(first, match, lambda last: self._language.ordinal_before(last, after[0]))
        if match["until"]:
            return None
        is_small = value <= _LARGEST_KING and set(numeral) <= set("IVX")
        if not is_small or numeral == "XXX" or (word.isupper() and word.isalpha() and len(word) > 1):
            return None
        is_king = word.lower() in self._language.kings
        if is_king and (len(numeral) > 1 or not following[:1].strip() or not following.strip()[:1].isalpha()):
            return self._language.say_king(value, word)
        return None if len(numeral) == 1 else self._language.lone_roman(value, word, match)
