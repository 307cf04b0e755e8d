"""Hindi."""

import re

from myna.text.languages.language import Language
from myna.text.numerals import hindi

_ORDINALS = {1: "पहल", 2: "दूसर", 3: "तीसर", 4: "चौथ", 6: "छठ"}
"""With the vowel of their gender behind."""
_HUNDREDS = range(1100, 2000)
"""Years that are said in hundreds."""


class Hindi(Language):
    """See `Language`."""

    letter = r"[\wऀ-ॣॱ-ॿ]"
    """Vowel signs are no \\w."""

    def cardinal(self, number: int) -> str:
        return hindi.spell_cardinal(number) if number <= hindi.MAX_CARDINAL else self.digits(str(number))

    def ordinal(self, number: int, *, is_feminine: bool = False) -> str:  # noqa: ARG002
        return self.cardinal(number)

    def suffixed(self, number: int, suffix: str) -> str:
        ending = suffix[-1] if suffix[-1] in "ीे" else suffix[-2] if suffix[-2] in "ीे" else "ा"
        name = self.cardinal(number).removeprefix("एक ") if number == 100 else self.cardinal(number)
        return _ORDINALS[number] + ending if number in _ORDINALS else name + suffix

    def say_large(self, written: str, magnitude: str) -> str:
        """See `Language`: डेढ़ लाख."""
        whole, fraction = self.split(written)
        half = self._half(whole) if fraction == "5" and whole else self.say(written)
        return f"{half} {magnitude}"

    def _half(self, whole: int) -> str:
        return dict(enumerate(self.and_a_half_of, 1)).get(whole) or self.and_a_half.format(whole=self.cardinal(whole))

    def _read_half(self, match: re.Match[str]) -> str:
        return self._half(int(match["whole"]))

    def _read_initials(self, match: re.Match[str]) -> str:
        return match[0].replace(".", " ")

    def _read_years(self, match: re.Match[str]) -> str | None:
        is_next = (int(match["y"]) + 1) % 100 == int(match["next"])
        return f"{self.year(int(match['y']))} {self.cardinal(int(match['next']))}" if is_next else None

    def year(self, year: int) -> str:
        if year not in _HUNDREDS:
            return self.cardinal(year)
        hundreds, rest = divmod(year, 100)
        return f"{self.cardinal(hundreds)} सौ {self.cardinal(rest) if rest else ''}".strip()


LANGUAGE = Hindi
