"""Italian."""

import re

from myna.text.languages.romance import Romance

_LO = re.compile(r"s[^aeiou]|z|gn|ps|x|y")
"""Nouns that have "uno" and "lo" before them."""
_TIMES = frozenset(("ora", "giorno", "settimana", "mese", "trimestre", "semestre", "anno", "minuto", "secondo"))
"""So much "al mese", as of measures "al litro"; but "a notte", "a persona"."""


class Italian(Romance):
    """See `Language`."""

    def cardinal(self, number: int) -> str:
        """See `Language`. As it is written: "centodiciotto", "ventitré", "un milione duecento"."""
        spoken = super().cardinal(number).replace("dicotto", "diciotto")
        return re.sub(r"(?<=\w)tre\b", "tré", re.sub(r"(?<=ili)(on[ei]|ard[oi]) e ", r"\1 ", spoken))

    def agree_with(self, numeral: str, noun: str, *, is_feminine: bool) -> str:
        if numeral != "uno":
            return numeral
        if is_feminine and re.match(r"[aeiou]", noun.lower()) and noun != "ore":
            return "un'"
        return "una" if is_feminine else "uno" if _LO.match(noun.lower()) else "un"

    def parts(self, one: str) -> str:
        return one.removesuffix("o") + "i"

    def say_each(self, unit: str) -> str:
        is_measure = unit in _TIMES or any(unit == forms["one"] for forms in self.units.values())
        if not is_measure:
            return f"a {unit}"
        if re.match(r"[aeiouh]", unit.lower()):
            return f"all'{unit}"
        if self.is_feminine(unit):
            return f"alla {unit}"
        return f"allo {unit}" if _LO.match(unit.lower()) else f"al {unit}"


LANGUAGE = Italian
