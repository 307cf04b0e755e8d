"""German."""

import re

from myna.text.languages.language import Language
from myna.text.numerals.roman import roman_value
from myna.text.rules import words_before


class German(Language):
    """See `Language`."""

    def _read_bound(self, match: re.Match[str]) -> str | None:
        """ "3-mal", "5-jährig", "100%ig", "2x" """
        groups = match.groupdict()
        tail, is_percent = (groups.get("tail") or "mal").lower(), bool(groups.get("percent"))
        if tail.startswith("ig") != is_percent:
            return None
        number = {"1": "ein", "100": "hundert"}.get(match["number"]) or self.cardinal(int(match["number"]))
        return f"{number}{'prozent' if is_percent else ''}{tail}"

    def _read_dative(self, match: re.Match[str]) -> str:
        """ "in 300 m": dreihundert Metern; "von 20-30 km/h" """
        ends = [self.say(match["first"]), self.to] if match["first"] else []
        unit = self.units[match["unit"]]["other"]
        if match["second"] == "1":
            return self.join(*ends, "einem", unit)
        return self.join(*ends, self.say(match["second"]), re.sub(r"(?<=eter)\b", "n", unit))

    def _read_one(self, match: re.Match[str], feminine: str, other: str = "") -> str:
        """ "mit 1 Hund": einem; "für 1 Monat": einen"""
        if self.is_feminine(match["noun"]):
            return feminine
        return other or ("einen" if self.finds("accusative", match["noun"]) else "ein")

    def _read_day(self, match: re.Match[str]) -> str | None:
        """ "am 24.12."; "Version 3.5." is none."""
        before = words_before(match)
        is_dated = match["month"][0] == "0" or any(self.finds(cue, before) for cue in ("weak", "article", "dated"))
        return self.say_date(None, int(match["month"]), int(match["day"]), before) if is_dated else None

    def _read_ordinal(self, match: re.Match[str]) -> str | None:
        """ "die 2. Etage", "im 21. Jahrhundert", "1. Klasse"; "es waren 5. Dann" is no ordinal."""
        groups = match.groupdict()
        number = int(groups["number"]) if groups.get("number") else roman_value(match["roman"])
        before = re.sub(r"(?:\d{1,3}\.(?:/|,?\s(?:und\s|oder\s)?))+$", "", words_before(match))
        if self.finds("weak", before) or self.finds("genitive", before):
            return self.ordinal(number) + "n"
        if self.finds("article", before):
            return self.ordinal(number)
        ending = self.kind_of("ordinal_endings", groups.get("noun") or "") if self.finds("strong", before) else None
        return None if ending is None else self.ordinal(number) + ending

    def lone_roman(self, value: int, word: str, match: re.Match[str]) -> str | None:
        """See `Language`: "Ludwigs XIV.", but "Faust II"."""
        is_ordinal = match[0].endswith(".") or match.string.startswith(".", match.end())
        return super().lone_roman(value, word, match) if is_ordinal else self.cardinal(value)

    def _read_before_noun(self, match: re.Match[str]) -> str | None:
        """See `Language`: "Art. 1 Abs. 2" counts nothing."""
        return None if self.finds("numbered", words_before(match)) else super()._read_before_noun(match)

    def say_king(self, value: int, name: str) -> str:
        spoken = super().say_king(value, name)
        if self.finds("queen", name.lower()):
            return "die" + spoken.removeprefix("der")
        is_genitive = name.lower() not in self.kings and name.lower().removesuffix("s") in self.kings
        return f"des{spoken.removeprefix('der')}n" if is_genitive else spoken

    def day_ordinal(self, day: int, before: str) -> str:
        if self.finds("article", before):
            return self.ordinal(day)
        return self.ordinal(day) + ("n" if self.finds("weak", before) else "r")

    def suffixed(self, number: int, suffix: str) -> str:
        """ "die 90er Jahre"."""
        return self.say(str(number)) + suffix

    def part(self, number: int) -> str:
        """One of so many equal parts: "Sechzehntel"."""
        return (self.ordinal(number).removesuffix("te") + "tel").removeprefix("ein").capitalize()

    def say_fraction(self, above: int, below: int) -> str:
        if str(below) in self.fractions or not above < below or 100 < below != 1000:
            return super().say_fraction(above, below)
        return f"{self.agree(self.cardinal(above), 'Teil')} {self.part(below)}"

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
