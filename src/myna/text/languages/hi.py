"""Hindi."""

from myna.text.languages.language import Language
from myna.text.numerals import hindi

_ORDINALS = {1: "पहला", 2: "दूसरा", 3: "तीसरा", 4: "चौथा", 6: "छठा"}
_HUNDREDS = range(1100, 2000)
"""Years that are said in hundreds."""


class Hindi(Language):
    """See `Language`."""

    def cardinal(self, number: int) -> str:
        return hindi.spell_cardinal(number) if number <= hindi.MAX_CARDINAL else self.digits(str(number))

    def ordinal(self, number: int, *, is_feminine: bool = False) -> str:  # noqa: ARG002
        return self.cardinal(number)

    def suffixed(self, number: int, suffix: str) -> str:
        return _ORDINALS.get(number, self.cardinal(number) + suffix)

    def year(self, year: int) -> str:
        if year not in _HUNDREDS:
            return self.cardinal(year)
        hundreds, rest = divmod(year, 100)
        return f"{self.cardinal(hundreds)} सौ {self.cardinal(rest) if rest else ''}".strip()


LANGUAGE = Hindi
