"""Dates and days of the week."""

import re
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.rules import DASH, Rule, any_of, words_before


class CalendarDates:
    """One language's rules."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def rules(self) -> Iterator[Rule]:
        language, before, after = self._language, self._language.before, self._language.after
        two, year = r"\d{1,2}", r"(?P<y>\d{4})"
        separator = rf"(?P<sep>[{re.escape(language.date_separators)}])"
        iso = rf"{before}{year}[-/.](?P<m>{two})[-/.](?P<d>{two})(?:T(?=\d\d:)|{after})"
        yield re.compile(iso), self._read_digits
        digits = rf"{before}(?P<a>{two}){separator}(?P<b>{two})(?P=sep)(?P<y>\d{{4}}|\d{{2}}){after}"
        yield re.compile(digits), self._read_digits
        if language.weekdays:
            yield from self._weekdays()
        if language.is_glued:
            return
        yield re.compile(rf"{before}{year}/(?P<next>\d{{4}}|\d{{2}}){after}(?!/)"), self._read_season
        months = any_of(language.month_names)
        until = rf"(?<!\w)(?P<first>{months})\.?{DASH}(?P<second>{months})(?:\.(?!\s*$)|(?!\w))"
        yield re.compile(until, re.IGNORECASE), self._read_months
        suffixes, ends = any_of(language.ordinal_suffixes) or "º", rf"(?!{language.letter})"
        day, month = rf"(?P<day>{two})", rf"(?P<month>{any_of(language.month_names)})"
        short_names = any_of(language.short_month_names)
        short = rf"(?P<month>{short_names})"
        for pattern in (
            rf"{month}\.?\s{day}(?:{DASH}(?P<until>{two}))?(?:{suffixes})?(?:,?\s{year})?{ends}(?![:.]\d)",
            rf"{day}(?:{suffixes}|\.)?\s(?P<of>of\s|de\s|d')?{month}(?:\.?,?\s(?:de\s|del\s)?{year})?{ends}",
            rf"{day}\.?\s(?:de\s)?{short}(?:\.?\s(?:de\s)?{year}|\.){ends}",
        ):
            yield re.compile(before + pattern, re.IGNORECASE), self._read_month
        if short_names:
            month_of_year = re.compile(rf"(?<!\w){short}\.(?=\s(?:de\s)?[12]\d{{3}}(?!\d))", re.IGNORECASE)
            yield month_of_year, lambda match: self._month(match["month"])

    def _weekdays(self) -> Iterator[Rule]:
        days, months = self._language.weekdays, any_of(self._language.month_names)
        names = any_of(days)
        if not self._language.is_spaced:
            yield re.compile(rf"(?P<first>{names})[〜～~–-](?P<second>{names})(?![\u3040-\u9fff])"), self._read_weekdays
            return
        either = any_of([*days, *{day.lower() for day in days.values()}])
        dotted = rf"(?<!\w)(?P<first>{either})\.?{DASH}(?P<second>{either})(?:\.(?!\s*$)|(?!\w))"
        yield re.compile(dotted, re.IGNORECASE), self._read_weekdays
        single = rf"(?<!\w)(?:(?P<day>{names})\.(?=[,\s]*[\d\w])|(?P<bare>{names})(?=,\s(?:{months}|\d)))"
        yield re.compile(single, re.IGNORECASE), self._read_weekday

    def _read_weekdays(self, match: re.Match[str]) -> str:
        days = self._language.weekdays
        first, second = (days.get(match[end].lower(), match[end]) for end in ("first", "second"))
        return self._language.join(first, self._language.to, second)

    def _read_weekday(self, match: re.Match[str]) -> str | None:
        written = match["day"] or match["bare"]
        if not re.fullmatch(self._language.weekday_shape, written):
            return None
        return self._language.weekdays[written.lower()]

    def _month(self, written: str) -> str:
        known = self._language.month_names
        return self._language.months[
            (known.get(written.lower()) or self._language.short_month_names[written.lower()]) - 1
        ]

    def _read_months(self, match: re.Match[str]) -> str | None:
        if self._language.capital_months and not (match["first"][0].isupper() and match["second"][0].isupper()):
            return None
        return self._language.join(self._month(match["first"]), self._language.to, self._month(match["second"]))

    def _read_season(self, match: re.Match[str]) -> str | None:
        """ "2023/24" """
        year, following = int(match["y"]), match["next"]
        if not f"{year + 1}".endswith(following):
            return None
        second = self._language.say(following) if len(following) == 4 else self._language.say_pairs(following)
        return self._language.join(self._language.say(match["y"]), second)

    def _read_digits(self, match: re.Match[str]) -> str | None:
        groups = match.groupdict()
        year = int(groups["y"])
        if "m" in groups:
            month, day = int(groups["m"]), int(groups["d"])
        else:
            first, second = int(groups["a"]), int(groups["b"])
            is_month_first = self._language.date_order == "mdy"
            month, day = (first, second) if is_month_first else (second, first)
            if month > 12 >= day:
                month, day = day, month
            if len(groups["y"]) == 2:
                if groups["sep"] == "-" and len(groups["a"]) + len(groups["b"]) < 3:
                    return None  # lines 1-4-14
                year += 1900 if year > 50 else 2000
        return self._language.say_date(year, month, day, words_before(match, 24))

    def _read_month(self, match: re.Match[str]) -> str | None:
        written = match["month"].lower()
        month = self._language.month_names.get(written) or self._language.short_month_names[written]
        if match["month"] in self._language.capital_months:
            return None  # "may 12 people ..."
        groups = match.groupdict()
        year, day = int(groups["y"]) if groups["y"] else None, int(groups["day"])
        if groups.get("until"):
            return self._say_days(year, month, day, int(groups["until"]))
        return self._language.say_date(year, month, day, words_before(match, 24), is_of=bool(groups.get("of")))

    def _say_days(self, year: int | None, month: int, first: int, last: int) -> str | None:
        """ "May 5-7" """
        if not 1 <= first < last <= 31 or not self._language.days:
            return None
        spoken = self._language.days.format(
            month=self._language.months[month - 1],
            first=self._language.ordinal(first),
            last=self._language.ordinal(last),
        )
        return f"{spoken}, {self._language.year(year)}" if year else spoken
