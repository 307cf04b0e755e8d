"""Addresses of pages, mailboxes, files and people: spoken sign by sign, as one dictates them."""

import re
from collections.abc import Iterator

from myna.text.letters import has_vowel
from myna.text.patterns import Rules
from myna.text.rules import Rule

_SPOKEN_TLDS = frozenset({"com", "org", "net", "dev", "app", "gov", "co", "info", "edu"})
_HUMP = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ])(?=[A-ZÀ-Þ][^\W\d_A-ZÀ-Þ])|_+|(?<=[^\W\d_])(?=\d)")
_MAX_SMALL_DIGITS = 2


class Addresses(Rules):
    """One language's rules."""

    def rules(self) -> Iterator[Rule]:
        return self._table("addresses")

    def _read_page(self, match: re.Match[str]) -> str:
        return self._dictate(re.sub(r"^\w+://", "", match[0], flags=re.IGNORECASE).rstrip("/"))

    def _read_name(self, match: re.Match[str]) -> str:
        return self._dictate(match[0])

    def _dictate(self, address: str) -> str:
        names = {"\\": self._language.url["/"], "+": self._language.plus, **self._language.url}
        spoken = []
        parts = re.findall(r"[^\W\d_]+|\d+|\S", address)
        host_end = next((index for index, part in enumerate(parts) if part == "/"), len(parts))
        for index, part in enumerate(parts):
            if part.isdigit():
                spoken.append(self._say_number(part))
            elif part in names:
                spoken.append(names[part])
            elif part.isalpha():
                is_country = index == host_end - 1 and index > 0 and parts[index - 1] == "."
                spoken.append(self._say_name(part, is_country=is_country))
        return " ".join(spoken)

    def _read_topic(self, match: re.Match[str]) -> str:
        words = _HUMP.sub(" ", match["topic"])
        spoken = re.sub(r"\d+", lambda digits: f" {self._language.say(digits[0])} ", words)
        return f"{self._language.hashtag} {spoken}"

    def _say_number(self, part: str) -> str:
        if len(part) <= _MAX_SMALL_DIGITS and part[0] != "0":
            return self._language.cardinal(int(part))
        return self._language.say_digits(part)

    def _say_name(self, part: str, *, is_country: bool) -> str:
        lower = part.lower()
        is_short = (len(part) <= 3 or lower in ("html", "xlsx")) and lower not in _SPOKEN_TLDS
        is_spelled_country = is_country and len(part) == 2 and self._language.spells_countries
        if lower == "www" or (is_short and (not has_vowel(lower) or is_spelled_country)):
            return self._language.spell(part.upper())
        return part
