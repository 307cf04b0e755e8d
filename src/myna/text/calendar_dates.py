"""Dates and days of the week."""

import re
from collections.abc import Iterator

from myna.domain.language import LangCode
from myna.text.number_words import NumberWords, Rule, any_of, words_before
from myna.text.numerals import japanese
from myna.text.numerals.spelling import spell_cardinal, spell_digits, spell_ordinal, spell_year

_DASH = r"\s?[–—~〜～-]\s?"
_GERMAN_WEAK = re.compile(
    r"\b(?:am|den|dem|des|vom|zum|zur|im|ins|ab|seit|bis|beim|jeden|diesem|seinem|ihrem|nach|vor)\s+$", re.IGNORECASE
)
_GERMAN_ARTICLE = re.compile(r"\b(?:der|die|das|jede|diese)\s+$", re.IGNORECASE)


class CalendarDates:
    """One language's rules."""

    def __init__(self, numbers: NumberWords) -> None:
        self._numbers = numbers
        self._lang = numbers.lang
        self._locale = numbers.locale

    def rules(self) -> Iterator[Rule]:
        locale, before, after = self._locale, self._numbers.before, self._numbers.after
        letter = self._numbers.letter
        separators = re.escape(locale.date_separators)
        iso = rf"{before}(?P<y>\d{{4}})[-/.](?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}})(?:T(?=\d\d:)|{after})"
        yield re.compile(iso), self._read_digits
        yield (
            re.compile(
                rf"{before}(?P<a>\d{{1,2}})(?P<sep>[{separators}])(?P<b>\d{{1,2}})(?P=sep)(?P<y>\d{{4}}|\d{{2}}){after}"
            ),
            self._read_digits,
        )
        yield from self._weekdays()
        if not locale.is_spaced:
            yield re.compile(rf"(?<!\d)(?P<first>\d{{4}})年?{_DASH}(?P<second>\d{{4}})年"), self._read_cjk_years
            yield (
                re.compile(r"(?<!\d)(?:(?P<y>\d{4})年)?(?P<month>\d{1,2})月(?:(?P<day>\d{1,2})[日号])?"),
                self._read_cjk,
            )
            yield re.compile(r"(?<!\d)(?P<y>\d{4})年"), lambda match: self._say_cjk_year(int(match["y"]))
            return
        months = any_of(locale.month_names)
        suffixes = any_of(locale.ordinal_suffixes) or "º"
        ends = rf"(?!{letter})"
        yield (
            re.compile(
                rf"{before}(?P<month>{months})\.?\s(?P<day>\d{{1,2}})(?:{_DASH}(?P<until>\d{{1,2}}))?(?:st|nd|rd|th)?"
                rf"(?:,?\s(?P<y>\d{{4}}))?{ends}(?![:.]\d)",
                re.IGNORECASE,
            ),
            self._read_month,
        )
        yield (
            re.compile(
                rf"{before}(?P<day>\d{{1,2}})(?:{suffixes}|\.)?\s(?P<of>of\s|de\s|d')?(?P<month>{months})"
                rf"(?:\.?,?\s(?:de\s|del\s)?(?P<y>\d{{4}}))?{ends}",
                re.IGNORECASE,
            ),
            self._read_month,
        )
        if self._lang.iso639 == "en":
            ends = rf"(?P<first>{months})\.?{_DASH}(?P<second>{months})(?:\.(?!\s*$)|(?!\w))"
            yield re.compile(rf"(?<!\w){ends}", re.IGNORECASE), self._read_months
            named = r"(?:(?<=day )|(?<=day, )|(?<=\b[Oo]n )(?=\d{1,2}/(?:1[1-9]|[23]\d)))"
            yield re.compile(rf"{named}(?P<a>\d{{1,2}})/(?P<b>\d{{1,2}}){after}(?!/)"), self._read_day
        if self._lang is LangCode.DE_DE:
            yield re.compile(rf"{before}(?P<number>\d{{1,3}})\.(?=\s[A-ZÄÖÜ\w])"), self._read_german_ordinal

    def _weekdays(self) -> Iterator[Rule]:
        days = self._locale.weekdays
        if not days:
            return
        names = any_of(days)
        if self._locale.is_spaced:
            either = any_of([*days, *{day.lower() for day in days.values()}])
            dotted = rf"(?P<first>{either})\.?{_DASH}(?P<second>{either})(?:\.(?!\s*$)|(?!\w))"
            yield re.compile(rf"(?<!\w){dotted}", re.IGNORECASE), self._read_weekdays
            yield (
                re.compile(
                    rf"(?<!\w)(?P<day>{names})\.(?=[,\s]*[\d\w])|(?<!\w)(?P<bare>{names})(?=,\s(?:{any_of(self._locale.month_names)}|\d))",
                    re.IGNORECASE,
                ),
                self._read_weekday,
            )
        else:
            yield re.compile(rf"(?P<first>{names})[〜～~–-](?P<second>{names})(?![\u3040-\u9fff])"), self._read_weekdays

    def _read_weekdays(self, match: re.Match[str]) -> str:
        days = self._locale.weekdays
        first, second = (days.get(match[end].lower(), match[end]) for end in ("first", "second"))
        return self._numbers.join(first, self._locale.to, second)

    def _read_weekday(self, match: re.Match[str]) -> str | None:
        written = match["day"] or match["bare"]
        if not written[0].isupper() and self._lang.iso639 in ("en", "de"):
            return None
        if written.isupper() and self._lang.iso639 == "en":
            return None
        return self._locale.weekdays[written.lower()]

    def _read_months(self, match: re.Match[str]) -> str | None:
        if not (match["first"][0].isupper() and match["second"][0].isupper()):
            return None
        first, second = (
            self._locale.months[self._locale.month_names[match[end].lower()] - 1] for end in ("first", "second")
        )
        return self._numbers.join(first, self._locale.to, second)

    def _read_day(self, match: re.Match[str]) -> str | None:
        """ "Monday, 3/14" """
        first, second = int(match["a"]), int(match["b"])
        is_month_first = self._lang is not LangCode.EN_GB and first <= 12
        month, day = (first, second) if is_month_first else (second, first)
        return self._say(None, month, day, words_before(match, 8))

    def _read_digits(self, match: re.Match[str]) -> str | None:
        groups = match.groupdict()
        year = int(groups["y"])
        if "m" in groups:
            month, day = int(groups["m"]), int(groups["d"])
        else:
            first, second = int(groups["a"]), int(groups["b"])
            is_month_first = self._locale.date_order == "mdy" and self._lang is not LangCode.EN_GB
            month, day = (first, second) if is_month_first else (second, first)
            if month > 12 >= day:
                month, day = day, month
            if len(groups["y"]) == 2:
                year += 1900 if year > 50 else 2000
        return self._say(year, month, day, words_before(match, 8))

    def _read_month(self, match: re.Match[str]) -> str | None:
        month = self._locale.month_names[match["month"].lower()]
        if month == 5 and self._lang.iso639 == "en" and match["month"][0].islower():
            return None  # "may 12 people ..."
        groups = match.groupdict()
        year, day = int(groups["y"]) if groups["y"] else None, int(groups["day"])
        if groups.get("until"):
            return self._say_days(year, month, day, int(groups["until"]))
        if self._lang is LangCode.EN_US and groups.get("of"):
            spoken = f"{spell_ordinal(day, self._lang)} of {self._locale.months[month - 1]}"
            return f"{spoken}, {spell_year(year, self._lang)}" if year else spoken
        return self._say(year, month, day, words_before(match, 8))

    def _say_days(self, year: int | None, month: int, first: int, last: int) -> str | None:
        """ "May 5-7" """
        if not 1 <= first < last <= 31 or self._lang.iso639 != "en":
            return None
        days = f"{spell_ordinal(first, self._lang)} to {spell_ordinal(last, self._lang)}"
        spoken = f"{self._locale.months[month - 1]} {days}"
        return f"{spoken}, {spell_year(year, self._lang)}" if year else spoken

    def _read_cjk(self, match: re.Match[str]) -> str | None:
        month = int(match["month"])
        if not 1 <= month <= 12:
            return None
        if match["day"]:
            return self._say(int(match["y"]) if match["y"] else None, month, int(match["day"]))
        year = self._say_cjk_year(int(match["y"])) if match["y"] else ""
        return year + self._locale.months[month - 1]

    def _read_cjk_years(self, match: re.Match[str]) -> str:
        first, second = self._say_cjk_year(int(match["first"])), self._say_cjk_year(int(match["second"]))
        return f"{first}{self._locale.to}{second}"

    def _say_cjk_year(self, year: int) -> str:
        if self._lang is LangCode.JA_JP:
            return japanese.spell_counted(year, "年")
        return spell_year(year, self._lang) + "年"

    def _say(self, year: int | None, month: int, day: int, before: str = "") -> str | None:
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return None
        lang, locale = self._lang, self._locale
        if lang is LangCode.JA_JP:
            year_part = japanese.spell_counted(year, "年") if year is not None else ""
            return year_part + locale.months[month - 1] + japanese.spell_day(day)
        pattern = locale.date_without_year if year is None else locale.date
        if lang is LangCode.EN_GB:
            pattern = "the {day_ordinal} of {month}" + ("" if year is None else " {year}")
            if re.search(r"\bthe\s+$", before, re.IGNORECASE):
                pattern = pattern.removeprefix("the ")
        is_first = day == 1 and bool(locale.first)
        return pattern.format(
            day=spell_cardinal(day, lang),
            day_ordinal=self._day_ordinal(day, before),
            day_first_ordinal=locale.first if is_first else spell_cardinal(day, lang),
            month=locale.months[month - 1],
            month_number=spell_cardinal(month, lang),
            year=spell_year(year, lang) if year is not None else "",
            year_digits=spell_digits(str(year), lang) if year is not None else "",
        )

    def _day_ordinal(self, day: int, before: str) -> str:
        ordinal = spell_ordinal(day, self._lang)
        if self._lang is not LangCode.DE_DE:
            return ordinal
        if _GERMAN_ARTICLE.search(before):
            return ordinal
        return ordinal + ("n" if _GERMAN_WEAK.search(before) else "r")

    def _read_german_ordinal(self, match: re.Match[str]) -> str | None:
        """ "die 2. Etage", "im 21. Jahrhundert"; "es waren 5. Dann" is no ordinal."""
        before = words_before(match)
        if _GERMAN_WEAK.search(before):
            return spell_ordinal(int(match["number"]), self._lang) + "n"
        return spell_ordinal(int(match["number"]), self._lang) if _GERMAN_ARTICLE.search(before) else None
