"""Mandarin."""

import re
from collections.abc import Iterable

from myna.text.languages.unspaced import Unspaced
from myna.text.languages.words import Forms
from myna.text.numerals import chinese
from myna.text.rules import words_before

_LAST_YEAR = 2200


class Chinese(Unspaced):
    """See `Language`."""

    numerals = tuple(chinese.DIGITS)

    def cardinal(self, number: int) -> str:
        return chinese.spell_cardinal(number) if number <= chinese.MAX_CARDINAL else self.digits(str(number))

    def say_chapter(self, book: str, chapter: str) -> str:
        """See `Language`: 诗篇二十三篇."""
        spoken = super().say_chapter(book, chapter)
        return spoken.removesuffix("章") + "篇" if book == "诗篇" else spoken

    def ordinal(self, number: int, *, is_feminine: bool = False) -> str:  # noqa: ARG002
        return f"第{self.cardinal(number)}"

    def year(self, year: int) -> str:
        return self.digits(str(year))

    def day(self, day: int) -> str:
        return self.cardinal(day) + "日"

    def counted(self, number: int, counter: str) -> str:
        return (self.say_two(counter) if number == 2 else self.cardinal(number)) + counter

    def say_count(self, number: int, forms: Forms) -> str:
        noun = self.choose_form(forms, number)
        return self.counted(number, noun)

    def say_two(self, counter: str) -> str:
        return "二" if self.kind_of("counters", counter) else "两"

    def say_time(self, hour: int, minute: int, *, is_half_known: bool) -> str:  # noqa: ARG002
        """See `Language`: 两点零五分."""
        minutes = f"{'零' if minute < 10 else ''}{self.cardinal(minute)}分" if minute else ""
        return self.counted(hour, "点") + minutes

    def _read_mobile(self, match: re.Match[str]) -> str:
        return self.say_phone(list(match.groups()))

    def _read_year_span(self, match: re.Match[str]) -> str | None:
        if match["first"] >= match["second"]:
            return None
        return f"{self.digits(match['first'])}{self.to}{self.digits(match['second'])}"

    def _read_score_alone(self, match: re.Match[str]) -> str | None:
        """Of a game, if it is named before, or one of the pairs beside it has the larger number first."""
        before = words_before(match)
        if self.finds("sets", before):
            return self._read_score(match)
        beside = re.search(r"(?:\d{1,3}-\d{1,3}[、，/ ]{1,2})*$", before)
        row = self.compiled_cues["row"].match(match.string, match.start() - len(beside[0] if beside else ""))
        pairs = re.findall(r"(\d+)-(\d+)", row[0]) if row else []
        descends = any(int(first) >= int(second) for first, second in pairs)
        return self._read_score(match) if descends and "=" not in match.string[match.end() :][:3] else None

    def _read_score(self, match: re.Match[str]) -> str:
        return self.ratio.join(self.say(number) for number in match.groups())

    def date_year(self, year: int) -> str:
        """See `Language`. 3000年 lasts so long."""
        return f"{self.cardinal(year) if year > _LAST_YEAR or year == 1000 else self.digits(str(year))}年"

    def say_pairs(self, digits: str) -> str:
        return self.digits(digits)

    def say_code(self, digits: str) -> str:
        """See `Language`. As on the telephone."""
        return self.say_digits(digits).replace("一", "幺")

    def join_phone(self, spoken: Iterable[str]) -> str:
        """On the telephone one is yāo, which cannot be taken for seven."""
        return super().join_phone(spoken).replace("一", "幺")

    def say_king(self, value: int, name: str) -> str:  # noqa: ARG002
        return self.cardinal(value) + "世"

    def lone_roman(self, value: int, word: str, match: re.Match[str]) -> str | None:
        is_ruler = word.endswith(self.kings) and not match.string.startswith("世", match.end())
        return self.cardinal(value) + ("世" if is_ruler else "")


LANGUAGE = Chinese
