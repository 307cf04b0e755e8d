"""Times of day, and from when to when."""

import re
from collections.abc import Iterator

from myna.domain.language import LangCode
from myna.text.number_words import NumberWords, Rule, any_of, ends_sentence
from myna.text.numerals import japanese
from myna.text.numerals.spelling import spell_cardinal

_DASH = r"\s?[–—~〜～-]\s?"


class ClockTimes:
    """One language's rules."""

    def __init__(self, numbers: NumberWords) -> None:
        self._numbers = numbers
        self._lang = numbers.lang
        self._locale = numbers.locale

    def rules(self) -> Iterator[Rule]:
        locale, before = self._locale, rf"(?:{self._numbers.before}|(?<=\dT))"
        hours = re.escape(locale.hour_separators)
        after = rf"(?!{self._numbers.letter})(?![.:]\d)"
        half = rf"(?:\s?(?P<half>(?i:{any_of(locale.pm)}))(?!\w))?" if locale.pm else ""
        suffix = rf"(?:\s?(?P<suffix>{any_of(locale.time_suffixes)})(?!\w))?" if locale.time_suffixes else ""
        clock = rf"(?P<h>[01]?\d|2[0-4])[{hours}](?P<min>[0-5]\d)(?::(?P<s>[0-5]\d)(?:\.\d+)?)?"
        first = clock.replace("?P<", "?P<from_")
        first_half = half.replace("?P<", "?P<from_")
        first_suffix = suffix.replace("?P<", "?P<from_")
        range_end = rf"{_DASH}{clock}{half}{suffix}{after}"
        yield re.compile(rf"{before}{first}{first_half}{first_suffix}{range_end}"), self._read_range
        until_hour = rf"{_DASH}(?P<h>[01]?\d|2[0-4]){half}{suffix}(?!{self._numbers.letter})(?![.,:]\d)"
        yield re.compile(rf"{before}{first}{first_half}{until_hour}"), self._read_range
        yield re.compile(rf"{before}{clock}Z?{half}{suffix}{after}"), self._read
        if locale.pm:
            hour = r"(?P<h>1[0-2]|0?[1-9])"
            said = rf"\s?(?P<half>(?i:{any_of(locale.pm)}))(?!\w)"
            maybe = rf"(?P<from_h>1[0-2]|0?[1-9])(?:{first_half})"
            yield re.compile(rf"{before}{maybe}{_DASH}{hour}{said}"), self._read_range
            yield re.compile(rf"{before}{hour}(?:\.(?P<min>[0-5]\d))?{said}"), self._read
        if locale.hour_word:
            hour = r"(?P<h>[01]?\d|2[0-4])"
            word = locale.hour_word
            yield (
                re.compile(rf"{before}(?P<from_h>[01]?\d|2[0-4])(?:\s?{word})?{_DASH}{hour}\s?{word}(?!\w)"),
                self._read_range,
            )
            yield re.compile(rf"{before}{hour}\s?{word}(?!\w)"), self._read

    def _read_range(self, match: re.Match[str]) -> str | None:
        first, second = self._say(match, "from_"), self._say(match, "")
        if first is None or second is None:
            return None
        return self._numbers.join(first, self._locale.to, second)

    def _read(self, match: re.Match[str]) -> str | None:
        return self._say(match, "")

    def _say(self, match: re.Match[str], prefix: str) -> str | None:
        groups = match.groupdict()
        hour, minute = int(groups[f"{prefix}h"]), int(groups.get(f"{prefix}min") or 0)
        if hour == 24 and minute:
            return None
        lang, locale = self._lang, self._locale
        half = str(groups.get(f"{prefix}half") or "")
        if lang is LangCode.JA_JP:
            return japanese.spell_counted(hour, "時") + (japanese.spell_counted(minute, "分") if minute else "")
        feminine = {1: "une" if lang is LangCode.FR_FR else "uma", 2: "deux" if lang is LangCode.FR_FR else "duas"}
        names = {
            "h": spell_cardinal(hour, lang),
            "h_feminine": feminine.get(hour, spell_cardinal(hour, lang)),
            "m": spell_cardinal(minute, lang),
        }
        if minute == 0:
            # "ten AM", not "ten o'clock AM"; "thirteen hundred" is for soldiers: "thirteen o'clock" is understood
            spoken = names["h"] if half or (prefix and groups.get("half")) else locale.time_full.format(**names)
        elif minute < 10 and locale.time_small_minute:
            spoken = locale.time_small_minute.format(**names)
        else:
            spoken = locale.time.format(**names)
        second = int(groups.get(f"{prefix}s") or 0)
        if second:
            spoken = self._numbers.join(spoken, spell_cardinal(second, lang))
        if not half:
            return spoken
        stop = "." if half.endswith(".") and not prefix and ends_sentence(match) else ""
        return f"{spoken} {locale.pm[half.lower()]}{stop}"
