"""Russian."""

import re

from num2words import num2words

from myna.text.languages.language import Language
from myna.text.languages.words import read_forms
from myna.text.numerals.roman import roman_value


class Russian(Language):
    """See `Language`."""

    def agree(self, numeral: str, noun: str) -> str:
        """See `Language`. What stands behind one and behind two shows the gender: "две минуты", "два рубля"."""
        if re.match(rf"(?!(?:{self.masculine})\b)[^\W\d_]*[ая]\b", noun) or self.finds("soft_feminine", noun):
            numeral = re.sub(r"\bодин$", "одна", numeral)
        elif re.match(r"[^\W\d_]+[ую]\b", noun):
            numeral = re.sub(r"\bодин$", "одну", numeral)
        elif re.match(r"(?!евро\b|кофе\b)[^\W\d_]*[ое]\b", noun):
            numeral = re.sub(r"\bодин$", "одно", numeral)
        return re.sub(r"\bдва$", "две", numeral) if re.match(r"[^\W\d_]*(?:[иы]|[иы]е)\b", noun) else numeral

    def day_ordinal(self, day: int, before: str) -> str:
        """See `Language`: "on the fifth", which is how the month stands, too; "к восьмому марта"."""
        if self.finds("to_day", before):
            return _decline(day, "n", "n")
        return _decline(day, "d" if re.search(r"\bк\s$", before, re.IGNORECASE) else "g")

    def _read_year(self, match: re.Match[str], case: str, noun: str = "") -> str:
        years = " — ".join(_decline(int(year), case) for year in match.groups())
        return f"{years} {noun}"

    def _read_century(self, match: re.Match[str], case: str, *nouns: str) -> str:
        centuries = [_decline(roman_value(numeral), case) for numeral in match.groups() if numeral]
        return f"{' — '.join(centuries)} {nouns[len(centuries) - 1]}"

    def _read_governed(self, match: re.Match[str], case: str) -> str | None:
        """ "около ста", "до девятнадцати тридцати", "свыше пятидесяти процентов"."""
        if match["h"]:
            minute = _cardinal(int(match["min"]), case) if match["min"] > "00" else "ноль"
            zero = "ноль " if match["min"] < "10" else ""
            return f"{_cardinal(int(match['h']), case)} {zero}{minute}"
        whole, fraction = self.split(match["number"])
        forms = read_forms(self.percent_words) if match["percent"] else self.units.get(match["unit"])
        if match["currency"]:
            forms = self.currency[match["currency"]].whole
        if match["large"]:
            forms = read_forms(self.tables["large"][self.magnitudes[match["large"]]].split())
        is_bare_year = forms is None and len(match["number"]) == 4 and 1100 < whole < 2100
        is_zero = match["number"][0] == "0" and not fraction
        if is_bare_year or is_zero or (case != "g" and forms and not fraction) or len(fraction) > 2:
            return None
        if match["number"].endswith(",5") and whole == 1:
            return self.join("полутора", forms["many"] if forms else "")
        if fraction:
            zeros = [_cardinal(0, case)] * (len(fraction) - len(fraction.lstrip("0")))
            parts = [
                _cardinal(whole, case),
                self.point,
                *zeros,
                _cardinal(int(fraction), case) if int(fraction) else "",
            ]
            return self.join(*parts, forms["other"] if forms else "").replace("нол", "нул")
        is_one = whole % 10 == 1 and whole % 100 != 11
        noun = forms.get("few" if is_one else "many", forms["other"]) if forms else ""
        behind = noun or match.string[match.end() :].lstrip()
        is_feminine = is_one and re.match(r"[^\W\d_]+[иы]\b", behind) is not None
        number = str(num2words(whole, lang="ru", case=case, gender="f" if is_feminine else "m"))
        return f"{number} {noun}".strip()

    def _read_case(self, match: re.Match[str], case: str, noun: str = "") -> str | None:
        """ "с 5 друзьями", "в 2 км от": the case that the noun shows."""
        number = int(match["number"])
        return None if number % 10 == 1 and number != 11 else f"{_cardinal(number, case)} {noun}"

    def _read_before(self, match: re.Match[str]) -> str | None:
        """ "на 3 этаже", "20 века": no number of things stands before such a noun."""
        number, kind = int(match["number"]), self.kind_of("before", match["noun"])
        least = {"n": 2, "g": 5}.get(kind[0], 1) if kind else 0
        return self.ordinal_before(number, match["noun"]) if kind and number >= least else None

    def _read_compound(self, match: re.Match[str]) -> str | None:
        """ "десятилетний" """
        number, word = int(match["number"]), match["word"]
        if "%" in match[0]:
            word = f"процент{word}"
        elif len(word) < 4:
            return None
        spoken = {1: "одно", 90: "девяносто", 100: "сто", 1000: "тысяче"}.get(number) or _cardinal(number, "g")
        return spoken.replace(" ", "") + word

    def say_ratio(self, first: str, second: str) -> str:
        """See `Language`: "один к тысяче", but "три ноль"."""
        if not second.isdigit() or second == "0":
            return f"{self.say(first)} {self.say(second)}"
        return f"{self.say(first)} {self.ratio} {_cardinal(int(second), 'd')}"

    def say_large(self, written: str, magnitude: str) -> str:
        """See `Language`: "два миллиона"."""
        whole, fraction = self.split(written)
        forms = read_forms(self.tables["large"][magnitude].split())
        if fraction:
            return f"{self.say(written)} {forms['few']}"
        return self.say_count(whole, forms)

    def suffixed(self, number: int, suffix: str) -> str:
        """See `Language`: "1-е" первое, "5-го" пятого."""
        if number < 10 and suffix in ("-х", "-ти", "-мя"):
            return _cardinal(number, "i" if suffix == "-мя" else "g")
        if number % 10 == 0 and suffix in ("-е", "-х", "-ые", "-ых"):
            return _decline(number, "n" if suffix[-1] == "е" else "g", is_plural=True)
        found = next(found for ending, found in self.tables["endings"].items() if suffix.endswith(ending))
        return _decline(number, *found.split())

    def ordinal_before(self, number: int, noun: str) -> str:
        """See `Language`: "двадцатого века"."""
        return _decline(number, *(self.kind_of("before", noun) or "n m").split())

    def ordinal(self, number: int, *, is_feminine: bool = False) -> str:
        return _decline(number, "n", "f" if is_feminine else "m")

    def say_fraction(self, above: int, below: int) -> str:
        """See `Language`: "две трети", "пять шестнадцатых"."""
        part = self.tables["parts"].get(str(below))
        if part and above < below:
            noun = self.choose_form(read_forms(part.split()), above)
            return f"{self.agree(self.cardinal(above), 'доли' if above > 1 else 'доля')} {noun}"
        if above >= below:
            return super().say_fraction(above, below)
        if above == 1:
            return f"одна {_decline(below, 'n', 'f')}"
        parts = num2words(below, lang="ru", to="ordinal", case="g", plural=True)
        return f"{self.agree(self.cardinal(above), 'доли')} {parts}"

    def say_king(self, value: int, name: str) -> str:
        """See `Language`: "Петра первого", "Екатерины второй"."""
        name = name.lower()
        if self.finds("queen", name):
            return _decline(value, self.tables["queens"].get(name[-1], "i"), "f")
        return _decline(value, self.tables["kings"].get(name[-1], "n"))

    def date_year(self, year: int) -> str:
        return _decline(year, "g")


def _decline(number: int, case: str, gender: str = "m", *, is_plural: bool = False) -> str:
    """An ordinal."""
    return str(num2words(number, lang="ru", to="ordinal", case=case, gender=gender, plural=is_plural))


def _cardinal(number: int, case: str) -> str:
    return str(num2words(number, lang="ru", case=case))


LANGUAGE = Russian
