"""Russian."""

import re

from num2words import num2words

from myna.text.languages.language import Language


class Russian(Language):
    """See `Language`."""

    def agree(self, numeral: str, noun: str) -> str:
        """See `Language`. What stands behind one and behind two shows the gender: "две минуты", "два рубля"."""
        if re.match(r"[^\W\d_]*[ая]\b", noun):
            numeral = re.sub(r"\bодин$", "одна", numeral)
        return re.sub(r"\bдва$", "две", numeral) if re.match(r"[^\W\d_]*(?:[иы]|[иы]е)\b", noun) else numeral

    def day_ordinal(self, day: int, before: str) -> str:  # noqa: ARG002
        """See `Language`: "on the fifth", which is how the month stands, too."""
        return self.date_year(day)

    def date_year(self, year: int) -> str:
        return str(num2words(year, lang="ru", to="ordinal", case="g", gender="m"))


LANGUAGE = Russian
