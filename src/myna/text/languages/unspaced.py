"""What Chinese and Japanese share: nothing between words, their own numerals, counters, dates with 年月日."""

import re
import unicodedata

from myna.text.languages.language import Language
from myna.text.numerals.roman import roman_value


class Unspaced(Language):
    """Its classes say how numbers are read with counters."""

    _MONTHS = frozenset(map(str, range(1, 13)))
    numerals: tuple[str, ...]
    """The digits from zero to nine."""

    def digits(self, digits: str) -> str:
        return "".join(self.numerals[int(digit)] for digit in digits)

    def counted(self, number: int, counter: str) -> str:
        """A number with the counter behind it."""
        raise NotImplementedError

    def say_second(self, second: int) -> str:
        return self.counted(second, "秒")

    def _read_span(self, match: re.Match[str]) -> str:
        """28'36" """
        return self.counted(int(match["min"]), "分") + self.say_second(int(match["s"]))

    def _read_counted(self, match: re.Match[str]) -> str:
        """ "2个", but "045号" names one."""
        number, counter = match["number"].replace(",", ""), match["counter"]
        is_name = len(number) > 1 and number[0] == "0" and counter not in "时時分秒月日点年"
        return self.say_code(number) + counter if is_name else self.counted(int(number), counter)

    def _read_roman(self, match: re.Match[str]) -> str:
        """ "第II部" """
        return self.counted(roman_value(unicodedata.normalize("NFKC", match["roman"])), match["counter"])

    def date_year(self, year: int) -> str:
        """With 年."""
        return self.year(year) + "年"

    def _read_half(self, match: re.Match[str]) -> str:
        """ "3:45pm" """
        minute = int(match["min"] or 0)
        return self.pm[match["half"]] + self.say_time(int(match["h"]), minute, is_half_known=False)

    def _read_amounts(self, match: re.Match[str]) -> str | None:
        first, counter = match["first"], match["counter"]
        if counter == "年" and (len(first), len(match["second"])) == (4, 2):
            return self.year(int(first)) + self.to + self.date_year(int(match["second"]))
        if counter in "年月届级" and len(first) == 4:
            return None
        said = self.say_two(counter) if first == "2" else self.say(first)
        if counter == "月" and first in self._MONTHS:
            said = self.months[int(first) - 1].removesuffix("月").removesuffix("がつ")
        return f"{said}{self.to}{self.counted(int(match['second']), counter)}"

    def say_two(self, counter: str) -> str:  # noqa: ARG002  (of Mandarin)
        """Two of something that is named behind another number."""
        return self.cardinal(2)

    def _read_date(self, match: re.Match[str]) -> str | None:
        year, month = int(match["y"]) if match["y"] else None, int(match["month"])
        if match["day"]:
            spoken = self.say_date(year, month, int(match["day"]))
            return spoken.removesuffix("日") + "号" if spoken and match[0].endswith("号") else spoken
        if not 1 <= month <= 12:
            return None
        return ("" if year is None else self.date_year(year)) + self.months[month - 1]
