"""Polish."""

import re

from myna.text.languages.language import Language


class Polish(Language):
    """See `Language`."""

    def agree(self, numeral: str, noun: str) -> str:
        """See `Language`. Endings do not tell the genders of units and currencies apart; the feminine ones are few."""
        if not self.finds("feminine", noun):
            return numeral
        return re.sub(r"\bdwa$", "dwie", re.sub(r"^jeden$", "jedna", numeral))

    def day_ordinal(self, day: int, before: str) -> str:  # noqa: ARG002
        """See `Language`: "on the fifth", which is how the month stands, too."""
        return self.date_year(day)

    def _read_at(self, match: re.Match[str]) -> str:
        """ "o ósmej trzydzieści" """
        hour = re.sub(r"y\b", "ej", re.sub(r"i\b", "iej", self.ordinal(int(match["h"]))))
        return self.join(hour, "" if match["m"] == "00" else self.say(match["m"]))

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
