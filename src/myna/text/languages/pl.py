"""Polish."""

import re
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.rules import Rule

_FEMININE = re.compile(
    r"(?:minut|sekund|godzin|ton|koron|lir|mil|stop|rupi|hrywn|kilokalori|uncj|koru|osob|kobiet|książk|godz|noc|szkoł|rodzin|"
    r"stron|częśc|kaw|herbat|butelk|szklank|łyżk|łyżeczk|róż|córk|siostr|ulic|rzek|gwiazd|piosenk|gr|zmian|rzecz)(?:[aeyi]|ie|y)?\b|rupie\b|"
    r"(?:drug|trzeci|czwart|piąt)[ae]\b"
)


class Polish(Language):
    """See `Language`."""

    def agree(self, numeral: str, noun: str) -> str:
        """See `Language`. Endings do not tell the genders of units and currencies apart; the feminine ones are few."""
        if not _FEMININE.match(noun):
            return numeral
        return re.sub(r"\bdwa$", "dwie", re.sub(r"^jeden$", "jedna", numeral))

    def day_ordinal(self, day: int, before: str) -> str:  # noqa: ARG002
        """See `Language`: "on the fifth", which is how the month stands, too."""
        return self.date_year(day)

    def own_rules(self) -> Iterator[Rule]:
        """Years: "w 2024 r.", "2024 r."; times: "o 8:30"."""
        yield re.compile(r"(?<=\b[Ww] )(?P<y>[12]\d{3})\s?(?:r\.|roku\b)"), self._read_in_year
        yield (
            re.compile(r"(?<![\w.,-])(?P<y>[12]\d{3})\s?(?:r\.|roku\b)"),
            lambda match: self.date_year(int(match["y"])) + " roku",
        )

        cue = r"(?:(?<=\b[Oo] )|(?<=\b[Oo]d )|(?<=\b[DdPp]o ))"
        clock = r"(?P<h>[01]?\d|2[0-3])[:.](?P<m>[0-5]\d)(?![\w:]|[.,]\d)"
        yield re.compile(cue + clock), self._read_at

    def _read_at(self, match: re.Match[str]) -> str:
        """ "o ósmej trzydzieści" """
        hour = re.sub(r"y\b", "ej", re.sub(r"i\b", "iej", self.ordinal(int(match["h"]))))
        minute = (
            "" if match["m"] == "00" else self.say_digits(match["m"]) if match["m"][0] == "0" else self.say(match["m"])
        )
        return self.join(hour, minute)

    def _read_in_year(self, match: re.Match[str]) -> str:
        return re.sub(r"y\b", "ym", re.sub(r"i\b", "im", self.ordinal(int(match["y"])))) + " roku"

    def ordinal_before(self, number: int, noun: str) -> str:
        """See `Language`: "druga wojna", "dwudziestego wieku"."""
        if noun.endswith("ieku"):
            return self.date_year(number)
        return self.ordinal(number, is_feminine=noun.endswith("a"))

    def ordinal(self, number: int, *, is_feminine: bool = False) -> str:
        spoken = super().ordinal(number)
        return re.sub(r"(?<=[kg])i\b|y\b", "a", re.sub(r"ci\b", "cia", spoken)) if is_feminine else spoken

    def date_year(self, year: int) -> str:
        return re.sub(r"y\b", "ego", re.sub(r"i\b", "iego", self.ordinal(year)))


LANGUAGE = Polish
