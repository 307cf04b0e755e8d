"""Russian."""

import re
from collections.abc import Iterator
from functools import partial

from num2words import num2words

from myna.text.languages.language import Language
from myna.text.languages.words import read_forms
from myna.text.rules import Rule

_PARTS = {3: ("треть", "трети", "третей"), 4: ("четверть", "четверти", "четвертей")}
_ENDINGS = (
    ("го", "g", "m"),
    ("му", "d", "m"),
    ("м", "p", "m"),
    ("х", "g", "m"),
    ("ю", "a", "f"),
    ("й", "n", "m"),
    ("я", "n", "f"),
    ("е", "n", "n"),
)
"""Of an ordinal behind its number, with case and gender."""


class Russian(Language):
    """See `Language`."""

    def agree(self, numeral: str, noun: str) -> str:
        """See `Language`. What stands behind one and behind two shows the gender: "две минуты", "два рубля"."""
        if re.match(r"[^\W\d_]*[ая]\b", noun):
            numeral = re.sub(r"\bодин$", "одна", numeral)
        return re.sub(r"\bдва$", "две", numeral) if re.match(r"[^\W\d_]*(?:[иы]|[иы]е)\b", noun) else numeral

    def day_ordinal(self, day: int, before: str) -> str:  # noqa: ARG002
        """See `Language`: "on the fifth", which is how the month stands, too."""
        return self.date_year(day)

    def own_rules(self) -> Iterator[Rule]:
        """Years: "в 2024 г.", "2024 год"."""
        year = r"(?P<y>[12]\d{3})"
        for pattern, case, noun in (
            (rf"(?<=\b[ВвОо] ){year}\s?(?:г\.|году\b)", "p", "году"),
            (rf"(?<![\w.,-]){year}\s?(?:г\.|год\b)(?=\s[^\W\d]|\W*$)", "n", "год"),
            (rf"(?<![\w.,-]){year}\s?года\b", "g", "года"),
        ):
            yield re.compile(pattern), partial(_read_year, case, noun)

    def suffixed(self, number: int, suffix: str) -> str:
        """See `Language`: "1-е" первое, "5-го" пятого."""
        case, gender = next(found for ends, *found in _ENDINGS if suffix.endswith(ends))
        return _decline(number, case, gender)

    def ordinal_before(self, number: int, noun: str) -> str:
        """See `Language`: "двадцатого века"."""
        case, gender = ("g", "m") if noun.endswith("ка") else ("p", "m") if noun.endswith("ке") else ("n", "m")
        return _decline(number, case, "f" if noun in ("олимпиада", "степени", "группы") else gender)

    def ordinal(self, number: int, *, is_feminine: bool = False) -> str:
        return _decline(number, "n", "f" if is_feminine else "m")

    def say_fraction(self, above: int, below: int) -> str:
        """See `Language`: "две трети", "пять шестнадцатых"."""
        if below in _PARTS and above < below:
            noun = self.choose_form(read_forms(_PARTS[below]), above)
            return f"{self.agree(self.cardinal(above), 'доли' if above > 1 else 'доля')} {noun}"
        if above >= below:
            return super().say_fraction(above, below)
        if above == 1:
            return f"одна {_decline(below, 'n', 'f')}"
        parts = num2words(below, lang="ru", to="ordinal", case="g", plural=True)
        return f"{self.agree(self.cardinal(above), 'доли')} {parts}"

    def date_year(self, year: int) -> str:
        return _decline(year, "g")


def _read_year(case: str, noun: str, match: re.Match[str]) -> str:
    return f"{_decline(int(match['y']), case)} {noun}"


def _decline(number: int, case: str, gender: str = "m") -> str:
    """An ordinal."""
    return str(num2words(number, lang="ru", to="ordinal", case=case, gender=gender))


LANGUAGE = Russian
