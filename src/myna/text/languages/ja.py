"""Japanese."""

import re
from collections.abc import Iterator

from myna.text.languages.unspaced import Unspaced
from myna.text.numerals import japanese
from myna.text.rules import Rule


class Japanese(Unspaced):
    """See `Language`."""

    counters = japanese.COUNTERS
    numerals = japanese.DIGITS

    def cardinal(self, number: int) -> str:
        return japanese.spell_cardinal(number) if number <= japanese.MAX_CARDINAL else self.digits(str(number))

    def ordinal(self, number: int, *, is_feminine: bool = False) -> str:  # noqa: ARG002
        return self.cardinal(number)

    def counted(self, number: int, counter: str) -> str:
        return japanese.spell_counted(number, counter)

    def date_year(self, year: int) -> str:
        return japanese.spell_counted(year, "年")

    def day(self, day: int) -> str:
        return japanese.spell_day(day)

    def say_time(self, hour: int, minute: int, *, is_half_known: bool) -> str:  # noqa: ARG002
        return self.counted(hour, "時") + (self.counted(minute, "分") if minute else "")

    def own_rules(self) -> Iterator[Rule]:
        """Dates and postcodes."""
        yield from super().own_rules()
        postcode = re.compile(r"〒\s?(?P<area>\d{3})-?(?P<place>\d{4})(?!\d)")
        yield postcode, lambda match: "郵便番号" + self.say_groups(match.groups())

    def lone_roman(self, value: int, word: str, match: re.Match[str]) -> str | None:  # noqa: ARG002
        return self.counted(value, "世") if match[0].endswith("世") else None


LANGUAGE = Japanese
