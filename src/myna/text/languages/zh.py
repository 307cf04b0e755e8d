"""Mandarin."""

import re
from collections.abc import Iterable, Iterator

from myna.text.languages.unspaced import Unspaced
from myna.text.numerals import chinese
from myna.text.rules import Rule, any_of

_COUNTERS = "时分月日年个位只次人天本张条件种块岁台家倍间辆层名号元级届代份篇首支项点遍句杯瓶克米秒"


class Chinese(Unspaced):
    """See `Language`."""

    counters = _COUNTERS
    numerals = tuple(chinese.DIGITS)

    def cardinal(self, number: int) -> str:
        return chinese.spell_cardinal(number) if number <= chinese.MAX_CARDINAL else self.digits(str(number))

    def ordinal(self, number: int, *, is_feminine: bool = False) -> str:  # noqa: ARG002
        return f"第{self.cardinal(number)}"

    def year(self, year: int) -> str:
        return self.digits(str(year))

    def day(self, day: int) -> str:
        return self.cardinal(day) + "日"

    def counted(self, number: int, counter: str) -> str:
        return ("两" if number == 2 and counter not in "月日" else self.cardinal(number)) + counter

    def own_rules(self) -> Iterator[Rule]:
        """Dates, and mobile numbers, which are written without gaps."""
        yield from super().own_rules()
        mobile = r"(?<!\d)(?P<a>1[3-9]\d)(?P<b>\d{4})(?P<c>\d{4})(?!\d)"
        yield re.compile(mobile), lambda match: self.say_phone(list(match.groups()))

    def counting_rules(self) -> Iterator[Rule]:
        ordinal = re.compile(rf"第(?P<number>\d{{1,16}})(?P<counter>{any_of(self.counters)})")
        yield ordinal, lambda match: self.ordinal(int(match["number"])) + match["counter"]
        yield from super().counting_rules()

    def join_phone(self, spoken: Iterable[str]) -> str:
        """On the telephone one is yāo, which cannot be taken for seven."""
        return super().join_phone(spoken).replace("一", "幺")

    def lone_roman(self, value: int, word: str, match: re.Match[str]) -> str | None:
        is_ruler = bool(word) and not word.isascii() and not match.string.startswith("世", match.end())
        return self.cardinal(value) + ("世" if is_ruler else "")


LANGUAGE = Chinese
