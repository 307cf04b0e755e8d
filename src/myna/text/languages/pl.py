"""Polish."""

import re

from myna.text.languages.language import Language

_FEMININE = re.compile(r"(?:minut|sekund|godzin|ton|koron|lir|mil|stop|rupi|hrywn|kilokalori|uncj|koru)[aye]\b|rupie\b")


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

    def date_year(self, year: int) -> str:
        return re.sub(r"y\b", "ego", re.sub(r"i\b", "iego", self.ordinal(year)))


LANGUAGE = Polish
