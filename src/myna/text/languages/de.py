"""German."""

import re
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.rules import Rule, words_before

_WEAK = re.compile(
    r"\b(?:am|den|dem|des|vom|zum|zur|im|ins|ab|seit|bis|beim|jeden|diesem|seinem|ihrem|nach|vor)\s+$", re.IGNORECASE
)
_ARTICLE = re.compile(r"\b(?:der|die|das|jede|diese)\s+$", re.IGNORECASE)


class German(Language):
    """See `Language`."""

    def own_rules(self) -> Iterator[Rule]:
        """Ordinals with a full stop, and streets."""
        yield re.compile(rf"{self.before}(?P<number>\d{{1,3}})\.(?=\s[A-ZÄÖÜ\w])"), self._read_ordinal
        street = r"(?P<name>[A-ZÄÖÜ][a-zäöüß-]*)str\.(?=\s?\d|\s[a-z]|,|$)"
        yield re.compile(street), lambda match: match["name"] + "straße"

    def _read_ordinal(self, match: re.Match[str]) -> str | None:
        """ "die 2. Etage", "im 21. Jahrhundert"; "es waren 5. Dann" is no ordinal."""
        before = words_before(match)
        if _WEAK.search(before):
            return self.ordinal(int(match["number"])) + "n"
        return self.ordinal(int(match["number"])) if _ARTICLE.search(before) else None

    def day_ordinal(self, day: int, before: str) -> str:
        if _ARTICLE.search(before):
            return self.ordinal(day)
        return self.ordinal(day) + ("n" if _WEAK.search(before) else "r")

    def suffixed(self, number: int, suffix: str) -> str:
        """ "die 90er Jahre"."""
        return self.cardinal(number) + suffix

    def agree(self, numeral: str, noun: str) -> str:
        first = noun.split(" ", maxsplit=1)[0]
        if numeral != "eins" or not first[:1].isupper():
            return numeral
        return "eine" if self.is_feminine(first) else "ein"

    def is_postcode(self, match: re.Match[str]) -> bool:
        """They stand before the town."""
        is_alone = re.search(r"(?:,|^|D-)\s?$", words_before(match)) is not None
        is_before_town = re.match(r" [A-ZÄÖÜ][a-zäöü]", match.string[match.end() :]) is not None
        return len(match["code"]) == 5 and is_alone and is_before_town


LANGUAGE = German
