"""Times of day, and from when to when."""

import re
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.rules import DASH, Rule, any_of, ends_sentence

_ZONE = re.compile(r"\s(?:[ECMP][SD]?T|UTC|GMT|BST|CES?T)\b")


class ClockTimes:
    """One language's rules."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def rules(self) -> Iterator[Rule]:
        language, before = self._language, rf"(?:{self._language.before}|(?<=\dT))"
        hours = re.escape(language.hour_separators)
        after = rf"(?!{self._language.letter})(?![.:]\d)"
        half = rf"(?:\s?(?P<half>(?i:{any_of(language.pm)}))(?!\w))?" if language.pm else ""
        suffix = rf"(?:\s?(?P<suffix>{any_of(language.time_suffixes)})(?!\w))?" if language.time_suffixes else ""
        clock = rf"(?P<h>[01]?\d|2[0-4])[{hours}](?P<min>[0-5]\d)(?::(?P<s>[0-5]\d)(?:\.\d+)?)?"
        first = clock.replace("?P<", "?P<from_")
        first_half = half.replace("?P<", "?P<from_")
        first_suffix = suffix.replace("?P<", "?P<from_")
        range_end = rf"{DASH}{clock}{half}{suffix}{after}"
        yield re.compile(rf"{before}{first}{first_half}{first_suffix}{range_end}"), self._read_range
        until_hour = rf"{DASH}(?P<h>[01]?\d|2[0-4]){half}{suffix}(?!{self._language.letter})(?![.,:]\d)"
        yield re.compile(rf"{before}{first}{first_half}{until_hour}"), self._read_range
        yield re.compile(rf"{before}{clock}Z?{half}{suffix}{after}"), self._read
        if language.pm:
            hour = r"(?P<h>1[0-2]|0?[1-9])"
            said = rf"\s?(?P<half>(?i:{any_of(language.pm)}))(?!\w)"
            maybe = rf"(?P<from_h>1[0-2]|0?[1-9])(?:{first_half})"
            yield re.compile(rf"{before}{maybe}{DASH}{hour}(?::(?P<min>[0-5]\d))?{said}"), self._read_range
            yield re.compile(rf"{before}{hour}(?:\.(?P<min>[0-5]\d))?{said}"), self._read
        if language.hour_word:
            hour, word = r"(?P<h>[01]?\d|2[0-4])", language.hour_word
            hours = rf"{before}(?P<from_h>[01]?\d|2[0-4])(?:\s?{word})?{DASH}{hour}\s?{word}(?!\w)"
            from_hour = rf"{before}(?P<from_h>[01]?\d|2[0-4])\s?{word}{DASH}"
            yield re.compile(f"{from_hour}{clock}{suffix}{after}"), self._read_range
            yield re.compile(hours), self._read_range
            yield re.compile(rf"{before}{hour}\s?{word}(?!\w)"), self._read

    def _read_range(self, match: re.Match[str]) -> str | None:
        first, second = self._say(match, "from_"), self._say(match, "")
        if first is None or second is None:
            return None
        return self._language.join(first, self._language.to, second)

    def _read(self, match: re.Match[str]) -> str | None:
        return self._say(match, "")

    def _say(self, match: re.Match[str], prefix: str) -> str | None:
        groups = match.groupdict()
        hour, minute = int(groups[f"{prefix}h"]), int(groups.get(f"{prefix}min") or 0)
        if hour == 24 and minute:
            return None
        half = str(groups.get(f"{prefix}half") or "")
        is_half_known = bool(half or (prefix and groups.get("half")))
        spoken = self._language.say_time(hour, minute, is_half_known=is_half_known)
        second = int(groups.get(f"{prefix}s") or 0)
        if second:
            spoken = self._language.join(spoken, self._language.say_second(second))
        if not half:
            return spoken
        is_end = ends_sentence(match) and _ZONE.match(match.string, match.end()) is None
        stop = "." if half.endswith(".") and not prefix and is_end else ""
        return f"{spoken} {self._language.pm[half.lower()]}{stop}"
