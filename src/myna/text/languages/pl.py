"""Polish."""

import re

from myna.text.languages.language import Language
from myna.text.numerals.roman import roman_value

_COMPOUND = {1: "jedno", 2: "dwu", 3: "trzy", 4: "cztero", 100: "sto"}
_ENDINGS = {"em": "ym", "ej|[iy]": "ej", "[ęą]": "ą", "a": "a", "[eo]": "e"}
"""Of a noun -> of the ordinal before it."""


class Polish(Language):
    """See `Language`."""

    def agree(self, numeral: str, noun: str) -> str:
        """See `Language`. Endings do not tell the genders of units and currencies apart; the feminine ones are few."""
        if not self.finds("feminine", noun):
            return numeral
        one = "jedną" if noun.split(" ", maxsplit=1)[0].endswith("ę") else "jedna"
        return re.sub(r"\bdwa$", "dwie", re.sub(r"^jeden$", one, numeral))

    def day_ordinal(self, day: int, before: str) -> str:
        """See `Language`: "on the fifth", which is how the month stands, too; "o ósmym marca"."""
        return _end(self.ordinal(day), "ym") if re.search(r"\b[Oo]\s$", before) else self.date_year(day)

    def _read_at(self, match: re.Match[str], noun: str = "") -> str:
        """ "o ósmej trzydzieści" """
        is_full = match["m"] in (None, "00")
        return self.join(noun, _end(self.ordinal(int(match["h"])), "ej"), "" if is_full else self.say(match["m"]))

    def _read_ending(self, match: re.Match[str], ending: str, noun: str = "") -> str:
        """ "w 1918 r.", "w latach 80.", "w XXI wieku" """
        written = match["o"]
        number = int(written) if written.isdigit() else roman_value(written)
        return self.join(_end(self.ordinal(number), ending), noun)

    def _read_ordinal(self, match: re.Match[str]) -> str:
        """ "2. raz", "na 21. etapie": the noun's ending shows the case."""
        noun, before = match["noun"], match.string[max(0, match.start() - 8) : match.start()]
        ending = next((ending for nouns, ending in _ENDINGS.items() if re.search(rf"(?:{nouns})$", noun)), "y")
        is_place = re.search(r"(?:ie|cu|u)$", noun) is not None and self.finds("at_place", before)
        return _end(self.ordinal(int(match["number"])), "ym" if is_place else ending)

    def _read_compound(self, match: re.Match[str]) -> str:
        """ "dziesięcioletni" """
        number = int(match["number"])
        return (_COMPOUND.get(number) or re.sub(r"u\b", "o", self._genitive(number)).replace(" ", "")) + match["word"]

    def _read_case(self, match: re.Match[str], case: str) -> str | None:
        """ "przy dwóch stołach", "z pięcioma osobami" """
        spoken = self._decline(int(match["number"]), case)
        return None if spoken in ("jednego", "jednym") else spoken

    def _decline(self, number: int, case: str) -> str:
        """A cardinal in the genitive, which is the locative too, or as i in the instrumental."""
        spoken = self._genitive(number)
        if case == "i":
            spoken = re.sub(r"(?<=(?:rz|er))ech\b", "ema", re.sub(r"(?:(?<=dw)óch|u)\b", "oma", spoken))
            spoken = re.sub(r"\bjednego$", "jednym", re.sub(r"\bzera\b", "zerem", spoken))
        return spoken

    def _read_governed(self, match: re.Match[str], case: str = "g") -> str | None:
        """ "do stu kilometrów", "między dwoma przecinek pięć" """
        whole, fraction = self.split(match["number"])
        forms = self.units.get(match["unit"]) or (self.currency[match["currency"]].whole if match["currency"] else {})
        is_counted = bool(forms or match["percent"])
        is_bare_year = not is_counted and len(match["number"]) == 4 and 1100 < whole < 2100
        is_zero = match["number"][0] == "0"
        if is_bare_year or is_zero or (is_counted and not fraction and (whole == 1 or case != "g")):
            return None
        if fraction:
            noun = self.percent if match["percent"] else forms.get("other", "")
            if (whole, fraction) == (1, "5"):
                return self.join("półtorej" if self.finds("feminine", forms.get("one", "")) else "półtora", noun)
            return self.join(self._decline(whole, case), self.point, self.decimals(fraction), noun)
        return self.join(self._decline(whole, case), self.percent if match["percent"] else forms.get("many", ""))

    def _genitive(self, number: int) -> str:
        words = self.cardinal(number).split()
        # "dwudziestu jeden"
        last = words.pop() if len(words) > 1 and words[-1] == "jeden" else ""
        return self.join(*(self.tables["genitive"].get(word, word) for word in words), last)

    def say_ratio(self, first: str, second: str) -> str:
        """See `Language`: "trzy do jednego"."""
        last = self._genitive(int(second)) if second.isdigit() else self.say(second)
        return self.join(self.say(first), self.ratio, last)

    def ordinal_before(self, number: int, noun: str) -> str:
        """See `Language`: "druga wojna", "dwudziestego wieku"."""
        if noun.endswith("ieku"):
            return self.date_year(number)
        return _end(
            self.ordinal(number), "a" if noun.endswith(("a", "RP")) else "ej" if noun.endswith(("y", "i")) else "y"
        )

    def ordinal(self, number: int, *, is_feminine: bool = False) -> str:
        # num2words has no ordinal of zero
        spoken = super().ordinal(number) if number else "zerowy"
        return _end(spoken, "a") if is_feminine else spoken

    def date_year(self, year: int) -> str:
        return _end(self.ordinal(year), "ego")


def _end(ordinal: str, ending: str) -> str:
    """All words of an ordinal with another ending than the masculine nominative's: "drugi" -> drugiej."""
    soft = "i" + ending.removeprefix("y")
    spoken = re.sub(r"(?<=\w)y\b", ending, ordinal)
    return re.sub(r"(?<=c)i\b", soft, re.sub(r"(?<=[kg])i\b", ending if ending[0] in "aą" else soft, spoken))


LANGUAGE = Polish
