"""Times of day, and from when to when."""

import re
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.languages.words import read_forms
from myna.text.rules import DASH, Rule, any_of, ends_sentence, words_before

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
        yield from self._durations()
        suffix = rf"(?:\s?(?P<suffix>{any_of(language.time_suffixes)})(?!\w))?" if language.time_suffixes else ""
        dot = "." if language.time_words else ""
        clock = rf"(?P<h>[01]?\d|2[0-4])(?P<sep>[{hours}{dot}])(?P<min>[0-5]\d)(?::(?P<s>[0-5]\d)(?:\.\d+)?)?"
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
            hours = rf"{before}(?P<from_h>[01]?\d|2[0-4])(?P<from_word>\s?{word})?{DASH}{hour}\s?{word}(?!\w)"
            from_hour = rf"{before}(?P<from_h>[01]?\d|2[0-4])(?P<from_word>\s?{word})?{DASH}"
            yield re.compile(f"{from_hour}{clock}{suffix}{after}"), self._read_range
            yield re.compile(hours), self._read_range
            yield re.compile(rf"{before}{hour}\s?{word}(?!\w)"), self._read

    def _durations(self) -> Iterator[Rule]:
        """ "2h04'31\"", "4h 19m", "9\"80", "(45'+2)" """
        if self._language.decimal != ",":
            return  # feet and inches
        before, gap = self._language.before, r"\s?"
        hour, minute = r"(?P<h>\d{1,2})\s?h", r"0?(?P<min>\d{1,3})\s?(?:min|mn|m|['’′])"
        second = r"0?(?P<s>\d{1,2})\s?(?:s(?!\w)|[\"”″]|'')(?P<rest>\d\d)?"
        yield re.compile(rf"{before}(?:{hour}{gap})?{minute}{gap}{second}(?!\w)"), self._read_duration
        yield re.compile(rf"{before}{hour}{gap}0?(?P<min>\d{{1,2}})\s?(?:m|['’′])(?!\w)"), self._read_duration
        yield re.compile(rf"{before}(?P<s>\d{{1,2}})[s\"”″](?P<rest>\d\d)(?!\w)"), self._read_duration
        yield re.compile(rf"{before}(?P<min>\d{{1,3}})['’′](?=[,;)+]|\s[a-zà-ÿ(]|$)"), self._read_duration

    def _read_duration(self, match: re.Match[str]) -> str | None:
        language, groups = self._language, match.groupdict()
        units = {"h": read_forms(language.hours) if language.hours else {}, **language.units}
        parts = [part for part in ("h", "min", "s") if groups.get(part)]
        if not all(units.get(part) for part in parts):
            return None
        counted = [language.say_count(int(groups[part]), units[part]) for part in parts]
        return language.join(*counted, language.say(groups["rest"]) if groups.get("rest") else "")

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
        if (hour == 24 and minute) or not self._is_time(match, prefix):
            return None
        if prefix and "from_word" in groups and not groups["from_word"]:
            return self._language.say_bare_hour(hour)
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
        return f"{spoken} {self._language.say_half(half.lower(), hour)}{stop}"

    def _is_time(self, match: re.Match[str], prefix: str) -> bool:
        """Whether nothing but a full stop tells hours from minutes, and no word says that they are some: 3.12."""
        groups = match.groupdict()
        if groups.get(f"{prefix}sep") != ".":
            return True
        is_range = str(groups.get("from_sep")) == str(groups.get("sep")) and groups["min"][1] in "05"
        cue = rf"\b(?:{any_of(self._language.time_words)})\s?$"
        is_announced = re.search(cue, words_before(match), re.IGNORECASE) is not None
        return is_range or is_announced or bool(groups.get("suffix"))
