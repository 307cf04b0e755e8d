"""Times of day, and from when to when."""

import re
from collections.abc import Iterator

from myna.text.languages.words import read_forms
from myna.text.patterns import Rules
from myna.text.rules import Rule, any_of, ends_sentence, words_before

_ZONE = re.compile(r"\s(?:[ECMP][SD]?T|UTC|GMT|BST|CES?T)\b")


class ClockTimes(Rules):
    """One language's rules."""

    def rules(self) -> Iterator[Rule]:
        language = self._language
        if language.decimal == ",":  # feet and inches else
            yield from self._table("durations")
        half = language.fill("(?:{said_half})?") if language.pm else ""
        suffix = language.fill(r"(?:\s?(?P<suffix>{time_suffixes})(?!\w))?") if language.time_suffixes else ""
        pieces = {
            "hour_signs": re.escape(language.hour_separators) + ("." if language.time_words else ""),
            "half": half,
            "suffix": suffix,
            "from_half": half.replace("?P<", "?P<from_"),
            "from_suffix": suffix.replace("?P<", "?P<from_"),
        }
        yield from self._table("times", **pieces)
        if language.pm:
            yield from self._table("half_day_times", **pieces)
        if language.hour_word:
            yield from self._table("hours", **pieces)

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

    def _read_time(self, match: re.Match[str]) -> str | None:
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
