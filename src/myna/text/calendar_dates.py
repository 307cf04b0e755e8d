"""Dates and days of the week."""

import re
from collections.abc import Iterator

from myna.text.patterns import Rules
from myna.text.rules import Rule, any_of, words_before


class CalendarDates(Rules):
    """One language's rules."""

    def rules(self) -> Iterator[Rule]:
        language = self._language
        yield from self._table("dates", separators=re.escape(language.date_separators))
        if language.weekdays:
            days = any_of(dict.fromkeys([*language.weekdays, *map(str.lower, language.weekdays.values())]))
            yield from self._table("weekdays" if language.is_spaced else "unspaced_weekdays", either=days)
        if not language.is_glued:
            yield from self._table("months", suffixes=any_of(language.ordinal_suffixes) or "º")
            if language.short_month_names:
                yield from self._table("short_months")

    def _read_weekdays(self, match: re.Match[str]) -> str:
        days = self._language.weekdays
        first, second = (days.get(match[end].lower(), match[end]) for end in ("first", "second"))
        return self._language.join(first, self._language.to, second)

    def _read_weekday(self, match: re.Match[str]) -> str | None:
        written = match["day"] or match["bare"]
        if not re.fullmatch(self._language.weekday_shape, written):
            return None
        return self._language.weekdays[written.lower()]

    def _read_months(self, match: re.Match[str]) -> str | None:
        if self._language.capital_months and not (match["first"][0].isupper() and match["second"][0].isupper()):
            return None
        first, second = map(self._language.name_month, match.group("first", "second"))
        return self._language.join(first, self._language.to, second)

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
