"""What Spanish, French, Italian and Portuguese share: genders of numerals."""

import re

from myna.text.languages.language import Language
from myna.text.languages.words import read_forms

_MAX_NAMED_PART = 100
_QUEENS = frozenset({"isabel", "elizabeth", "elisabeth", "catalina", "catarina", "caterina", "catherine", "élisabeth"})


class Romance(Language):
    """Ordinals have two genders; nouns have theirs by their endings, with the frequent exceptions listed."""

    def is_feminine(self, noun: str) -> bool:
        return noun.lower() in _QUEENS or super().is_feminine(noun.lower())

    def ordinal(self, number: int, *, is_feminine: bool = False) -> str:
        spoken = super().ordinal(number)
        return re.sub(r"o\b", "a", spoken) if is_feminine else spoken

    def say_fraction(self, above: int, below: int) -> str:
        """See `Language`: "cinq seizièmes"; but marks are "quinze sur vingt"."""
        is_mark = above > 1 and str(below) in self.marks
        if is_mark or str(below) in self.fractions or not above < below or _MAX_NAMED_PART < below != 1000:
            return super().say_fraction(above, below)
        one = self.part(below)
        return self.say_count(above, {"one": one, "other": self.parts(one)})

    def part(self, number: int) -> str:
        """One of so many equal parts."""
        return self.ordinal(number)

    def parts(self, one: str) -> str:
        """More of them."""
        return f"{one}s"

    def lone_roman(self, value: int, word: str, match: re.Match[str]) -> str | None:
        """See `Language`: "el III Foro", "la XV Cumbre"; the article tells the gender."""
        gender = self.kind_of("articles", word.lower()) if self.tables else None
        if gender is None:
            return super().lone_roman(value, word, match)
        if gender == "f":
            return self.ordinal(value, is_feminine=True)
        is_before_noun = re.match(r"\s[^\W\d]", match.string[match.end() :][:2]) is not None
        return self.ordinal_before(value, "") if is_before_noun else self.ordinal(value)

    def _read_lasting(self, match: re.Match[str], joint: str) -> str:
        """ "dura 2h15" """
        hours = self.say_count(int(match["h"]), read_forms(self.hours))
        minutes = int(match["min"])
        is_named = match[0].endswith("n")
        return f"{hours} {joint} {self.say_count(minutes, self.units['min']) if is_named else self.cardinal(minutes)}"

    def _read_thousands(self, match: re.Match[str]) -> str | None:
        """ "200 mil personas" """
        thousands = self.cardinal(1000 * int(match["number"]))
        return None if self.is_small(match["noun"]) else self.agree(thousands, match["noun"])

    def suffixed(self, number: int, suffix: str) -> str:
        return self.ordinal(number, is_feminine=suffix.endswith(("ª", "a")))

    def agree(self, numeral: str, noun: str) -> str:
        """See `Language`; what a capital begins is a name: "28001 Madrid"."""
        first = noun.split(" ", maxsplit=1)[0]
        return numeral if first[:1].isupper() else self.agree_with(numeral, first, is_feminine=self.is_feminine(first))

    def agree_with(self, numeral: str, noun: str, *, is_feminine: bool) -> str:
        """As `agree`, the gender found out. noun: one word."""
        raise NotImplementedError
