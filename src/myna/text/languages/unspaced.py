"""What Chinese and Japanese share: nothing between words, their own numerals, counters, dates with 年月日."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from myna.text.languages.language import Language
from myna.text.roman import roman_value
from myna.text.rules import DASH, Rule, any_of


class Unspaced(Language):
    """Its classes say how numbers are read with counters."""

    _MONTHS = frozenset(map(str, range(1, 13)))
    counters: Iterable[str]
    day_parts: tuple[str, ...]
    """Before a time: 下午."""
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
        """Times in halves of the day, amounts from and to, dates."""
        half = any_of(self.pm)
        clock = r"(?P<h>[01]?\d|2[0-3])(?:[:：](?P<min>[0-5]\d))?"
        if half:
            # "PM10" is dust
            yield re.compile(rf"(?<![A-Za-z])(?P<half>{half})(?:\s|(?=\d+[:：])){clock}(?![\d:]|\.\d)"), self._read_half
            yield re.compile(rf"(?<!\d)(?<!\d[.,:]){clock}\s?(?P<half>{half})(?![A-Za-z])"), self._read_half
        # 28'36"
        span = r"(?<![\d.])(?P<min>\d{1,2})[′’'](?P<s>\d\d)(?:[″”\"]|’’)"
        yield re.compile(span), lambda match: self.counted(int(match["min"]), "分") + self.say_second(int(match["s"]))
        ends = r"(?<![\d.,/-])(?P<first>\d{1,8}(?:\.\d{1,3})?)\s?[〜～~–—-]\s?(?P<second>\d{1,8})"
        yield re.compile(rf"{ends}(?P<counter>{any_of(self.counters)})(?<!日(?=本))"), self._read_amounts
        # 5月3日～5日, 1月-3月, 50万-100万, 8/11(日)〜15(木), -10℃~-2℃, 9:00am-下午5:00
        ends = "[年月日号点時时万亿億千‰]"
        yield re.compile(rf"(?<=\d{ends})\s?[-－]\s?(?=\d{{1,4}}(?:[.]\d{{1,4}})?{ends})"), lambda _: self.to
        wide = "[〜～~–—－]"
        behind = "(?<=[日月時时年円元人点分号%％℃°C万亿億])|(?<=[月火水木金土日祝休][)）])"
        yield re.compile(rf"(?:{behind})\s?{wide}\s?(?=[-−]?\d)"), lambda _: self.to
        yield (
            re.compile(rf"(?:(?<=\d)|(?<=[ap]m))\s?(?:{wide}|-)\s?(?=(?:{any_of(self.day_parts)})\d)"),
            lambda _: self.to,
        )
        yield re.compile(rf"(?<=[ap]m)\s?(?:{wide}|-)\s?(?=\d)"), lambda _: self.to
        yield re.compile(rf"(?<!\d)(?P<first>\d{{4}})年?{DASH}(?P<second>\d{{4}})年"), self._read_years
        yield (
            re.compile(r"(?<!\d)(?:(?P<y>\d{4})年)?(?P<month>\d{1,2})月(?:(?P<day>\d{1,2})[日号])?"),
            self._read_date,
        )
        yield re.compile(r"(?<!\d)(?P<y>\d{4})年"), lambda match: self.date_year(int(match["y"]))

    def counting_rules(self) -> Iterator[Rule]:
        counted = r"(?<!\d)(?<!\d\.)(?<!\d,(?=\d{3}))(?P<number>\d{1,3}(?:,\d{3}){1,4}|\d{1,16})"
        counted += f"(?P<counter>{any_of(self.counters)})"
        roman = rf"(?P<roman>[Ⅰ-Ⅻ]|(?<=第)[IVX]{{1,5}})(?P<counter>{any_of(self.counters)})"
        yield re.compile(roman), self._read_roman
        yield re.compile(counted), self._read_counted

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

    def _read_years(self, match: re.Match[str]) -> str:
        return f"{self.date_year(int(match['first']))}{self.to}{self.date_year(int(match['second']))}"

    def _read_date(self, match: re.Match[str]) -> str | None:
        year, month = int(match["y"]) if match["y"] else None, int(match["month"])
        if match["day"]:
            spoken = self.say_date(year, month, int(match["day"]))
            return spoken.removesuffix("日") + "号" if spoken and match[0].endswith("号") else spoken
        if not 1 <= month <= 12:
            return None
        return ("" if year is None else self.date_year(year)) + self.months[month - 1]
