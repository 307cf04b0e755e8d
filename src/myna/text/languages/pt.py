"""Portuguese."""

import re
from functools import cached_property

from myna.text.languages.romance import Romance
from myna.text.languages.words import Currency, Forms


class Portuguese(Romance):
    """As read in Brazil."""

    @cached_property
    def currency(self) -> dict[str, Currency]:
        """See `Language`. The CLDR begins their names with capitals."""
        found = super().currency
        return {sign: Currency(_lower(money.whole), money.hundredth) for sign, money in found.items()}

    def part(self, number: int) -> str:
        """See `Romance`: "dezesseis avos"."""
        return self.ordinal(number) if number in (100, 1000) else f"{self.cardinal(number)} avos"

    def parts(self, one: str) -> str:
        return one if one.endswith("avos") else super().parts(one)

    def agree_with(self, numeral: str, noun: str, *, is_feminine: bool) -> str:  # noqa: ARG002
        if not is_feminine:
            return numeral
        numeral = re.sub(r"(?<=\w)entos\b", "entas", numeral)
        return re.sub(r"\bum(?=$| mil\b)", "uma", re.sub(r"\bdois(?=$| mil\b)", "duas", numeral))


def _lower(forms: Forms) -> Forms:
    return {category: words.lower() for category, words in forms.items()}


LANGUAGE = Portuguese
