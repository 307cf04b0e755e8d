"""What a language's file says by patterns: "Porsche 911", "0830 hours", 985大学."""

import re
from collections.abc import Callable, Iterator
from functools import partial

from myna.text.languages.language import Language
from myna.text.roman import roman_value
from myna.text.rules import Rule


class Patterns:
    """One language's rules."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._kinds: dict[str, Callable[[str], str]] = {
            "n": language.say,
            "d": language.digits,
            "c": language.say_code,
            "p": language.say_pairs,
            "o": lambda written: language.ordinal(int(written)),
            "r": lambda written: language.say(str(roman_value(written.upper()))),
            "s": lambda written: language.ordinal(roman_value(written)),
            "l": " ".join,
            "m": lambda written: language.months[
                (int(written) if written.isdigit() else language.month_names[written.lower().rstrip(".")]) - 1
            ],
            "w": str,
        }
        self._keys = {"star": language.keys.get("*", ""), "hash": language.keys.get("#", "")}

    def rules(self) -> Iterator[Rule]:
        for pattern, said in self._language.patterns.items():
            yield re.compile(pattern), partial(self._read, said)

    def _read(self, said: str, match: re.Match[str]) -> str:
        groups = {name: self._kinds[name[0]](written) if written else "" for name, written in match.groupdict().items()}
        return said.format_map(groups | self._keys)
