"""What Chinese and Japanese share: nothing between words, their own numerals, counters, dates with 年月日."""

import re
from collections.abc import Iterable, Iterator

from myna.text.languages.language import Language
from myna.text.rules import DASH, Rule, any_of


class Unspaced(Language):
    """Its classes say how numbers are read with counters."""

    counters: Iterable[str]
    numerals: tuple[str, ...]
    """The digits from zero to nine."""

    def digits(self, digits: str) -> str:
        return "".join(self.numerals[int(digit)] for digit in digits)

    def counted(self, number: int, counter: str) -> str:
        """A number with the counter behind it."""
        raise NotImplementedError

    def say_second(self, second: int) -> str:
        return self.counted(second, "秒")

    def own_rules(self) -> Iterator[Rule]:
        """Dates."""
        yield re.compile(rf"(?<!\d)(?P<first>\d{{4}})年?{DASH}(?P<second>\d{{4}})年"), self._read_years
        yield (
            re.compile(r"(?<!\d)(?:(?P<y>\d{4})年)?(?P<month>\d{1,2})月(?:(?P<day>\d{1,2})[日号])?"),
            self._read_date,
        )
        yield re.compile(r"(?<!\d)(?P<y>\d{4})年"), lambda match: self.date_year(int(match["y"]))

    def counting_rules(self) -> Iterator[Rule]:
        counted = rf"(?<!\d)(?<!\d[.,])(?P<number>\d{{1,16}})(?P<counter>{any_of(self.counters)})"
        yield re.compile(counted), lambda match: self.counted(int(match["number"]), match["counter"])

    def date_year(self, year: int) -> str:
        """With 年."""
        return self.year(year) + "年"

    def _read_years(self, match: re.Match[str]) -> str:
        return f"{self.date_year(int(match['first']))}{self.to}{self.date_year(int(match['second']))}"

    def _read_date(self, match: re.Match[str]) -> str | None:
        year, month = int(match["y"]) if match["y"] else None, int(match["month"])
        if match["day"]:
            return self.say_date(year, month, int(match["day"]))
        if not 1 <= month <= 12:
            return None
        return ("" if year is None else self.date_year(year)) + self.months[month - 1]
