"""English, American and British."""

import re
from collections.abc import Iterator

from myna.text.languages.english_forms import EnglishForms, is_attributive
from myna.text.languages.english_names import name_rules
from myna.text.languages.scripture import scripture_rules
from myna.text.rules import DASH, Rule, any_of, words_before

_MAX_NAMED_PART = 1000
"""Fractions are said with ordinals down to thousandths."""


class English(EnglishForms):
    """See `Language`."""

    def own_rules(self) -> Iterator[Rule]:
        """More dates, verses, and what `EnglishForms` has."""
        months = any_of(self.month_names)
        until = rf"(?<!\w)(?P<first>{months})\.?{DASH}(?P<second>{months})(?:\.(?!\s*$)|(?!\w))"
        yield re.compile(until, re.IGNORECASE), self._read_months
        named = r"(?:(?<=day )|(?<=day, )|(?<=\b[Oo]n )(?=\d{1,2}/(?:1[1-9]|[23]\d)))"
        yield re.compile(rf"{named}(?P<a>\d{{1,2}})/(?P<b>\d{{1,2}}){self.after}(?!/)"), self._read_day
        yield from scripture_rules(self)
        yield from name_rules(self)
        yield from self.form_rules()

    def _read_months(self, match: re.Match[str]) -> str | None:
        if not (match["first"][0].isupper() and match["second"][0].isupper()):
            return None
        first, second = (self.months[self.month_names[match[end].lower()] - 1] for end in ("first", "second"))
        return self.join(first, self.to, second)

    def _read_day(self, match: re.Match[str]) -> str | None:
        """ "Monday, 3/14" """
        first, second = int(match["a"]), int(match["b"])
        month, day = (first, second) if self.date_order == "mdy" and first <= 12 else (second, first)
        return self.say_date(None, month, day, words_before(match, 8))

    def say_date(self, year: int | None, month: int, day: int, before: str = "", *, is_of: bool = False) -> str | None:
        spoken = super().say_date(year, month, day, before, is_of=is_of)
        return spoken.removeprefix("the ") if spoken and re.search(r"\bthe\s+$", before, re.IGNORECASE) else spoken

    def say_time(self, hour: int, minute: int, *, is_half_known: bool) -> str:
        """See `Language`: "fourteen hundred" of a clock that counts to 24."""
        if minute or is_half_known or 0 < hour < 13:
            return super().say_time(hour, minute, is_half_known=is_half_known)
        return f"{self.cardinal(hour)} hundred" if hour % 24 else "midnight"

    def say_second(self, second: int) -> str:
        return self.say_pair(f"{second:02}")

    def say_short_year(self, match: re.Match[str]) -> str | None:
        """See `Language`; what a quotation mark follows is its end."""
        return None if match.string.startswith('"', match.end()) else self.say_pair(match["year"])

    def is_attributive(self, match: re.Match[str]) -> bool:
        return match.groupdict().get("joint") == "-" or is_attributive(match)

    def is_fraction(self, above: int, below: int) -> bool:
        """See `Language`; "365/365" is none."""
        return super().is_fraction(above, below) and not above == below > 10

    def say_fraction(self, above: int, below: int) -> str:
        if str(below) in self.fractions or not max(2, above) < below <= _MAX_NAMED_PART:
            return super().say_fraction(above, below)
        return f"{self.cardinal(above)} {self.ordinal(below)}{'s' if above > 1 else ''}"

    def say_mixed(self, whole: int, fraction: str) -> str:
        return super().say_mixed(whole, re.sub(r"^one (?=\w+$)", "a ", fraction))

    def say_side(self, written: str) -> str:
        """See `Language`: "nineteen twenty"."""
        is_pair = len(written) == 4 and written.isdigit() and written[2:] != "00"
        if not is_pair or "0" in (written[0], written[2]):
            return self.say(written)
        return f"{self.cardinal(int(written[:2]))} {self.cardinal(int(written[2:]))}"

    def say_phone_group(self, group: str) -> str:
        """See `Language`: "eight hundred"."""
        is_hundreds = len(group) == 3 and group.endswith("00") and group[0] != "0"
        return self.cardinal(int(group)) if is_hundreds else self.say_digits(group)


LANGUAGE = English
