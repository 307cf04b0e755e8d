"""Russian."""

import re
from collections.abc import Iterator
from functools import partial

from num2words import num2words

from myna.text.languages.language import Language
from myna.text.languages.words import read_forms
from myna.text.roman import roman_value
from myna.text.rules import Rule, any_of, words_before

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


_LARGE = {
    name: read_forms(forms.split())
    for name, forms in {
        "тысяч": "тысяча тысячи тысяч",
        "миллионов": "миллион миллиона миллионов",
        "миллиардов": "миллиард миллиарда миллиардов",
        "триллионов": "триллион триллиона триллионов",
    }.items()
}
_BEFORE = {
    noun: tuple(form.split())
    for form, nouns in {
        "g m": "века съезда квартала созыва",
        "p m": "веке съезде квартале",
        "i m": "веком",
        "n f": "олимпиада мировая",
        "g f": "степени группы мировой",
    }.items()
    for noun in nouns.split()
}
_GENITIVE = "ок. до от около после без из более менее свыше больше меньше против"
"""Words that govern the genitive of numbers."""
_QUEENS = frozenset("екатерин елизавет анн мари".split())
_GAME = re.compile(
    r"(?:сч[её]т|выигр|побе|обыгр|проигр|нич|матч|одолел|уступ|разгром)(?:[^\d\n]|\d+[:–-]\d+)*$", re.IGNORECASE
)


class Russian(Language):
    """See `Language`."""

    def agree(self, numeral: str, noun: str) -> str:
        """See `Language`. What stands behind one and behind two shows the gender: "две минуты", "два рубля"."""
        if re.match(rf"(?!(?:{self.masculine})\b)[^\W\d_]*[ая]\b", noun):
            numeral = re.sub(r"\bодин$", "одна", numeral)
        elif re.match(r"(?!евро\b|кофе\b)[^\W\d_]*[ое]\b", noun):
            numeral = re.sub(r"\bодин$", "одно", numeral)
        return re.sub(r"\bдва$", "две", numeral) if re.match(r"[^\W\d_]*(?:[иы]|[иы]е)\b", noun) else numeral

    def day_ordinal(self, day: int, before: str) -> str:
        """See `Language`: "on the fifth", which is how the month stands, too; "к восьмому марта"."""
        return _decline(day, "d" if re.search(r"\bк\s$", before, re.IGNORECASE) else "g")

    def own_rules(self) -> Iterator[Rule]:
        """Years: "в 2024 г.", "2024 год", "1941–1945 гг."; compounds: "10-летний"."""
        year, first, last = r"(?P<y>[12]\d{3})", r"(?P<first>[12]\d{3})", r"(?P<last>[12]\d{3})"
        early = "|".join(rf"(?<=\b{word} )" for word in "до от после около с со из".split())
        edge = r"(?<![\w.,-])"
        for pattern, case, noun in (
            (rf"(?<=\b[ВвОо] ){year}\s?(?:г\.|году\b)", "p", "году"),
            (rf"(?<=\b[Кк] ){year}\s?(?:г\.|году\b)", "d", "году"),
            (rf"(?:{early}){year}\s?г\.", "g", "года"),
            (rf"{edge}{year}\s?(?:г\.|год\b)(?=\s[^\W\d]|\W*$)", "n", "год"),
            (rf"{edge}{year}\s?года\b", "g", "года"),
            (rf"(?<=\b[Сс] ){year}(?= по \d{{4}} год\b)", "g", ""),
            (rf"(?<=\b[ВвОо] ){first}\s?[-–—]\s?{last}\s?(?:гг?\.|годах\b)", "p", "годах"),
            (rf"{edge}{first}\s?[-–—]\s?{last}\s?(?:гг?\.|годы\b)", "n", "годы"),
            (rf"{edge}{first}\s?[-–—]\s?{last}\s?годов\b", "g", "годов"),
            (rf"{edge}{first}[-–—]{last}(?=[)\].;]|$)", "n", ""),
        ):
            yield re.compile(pattern), partial(_read_year, case, noun)
        amount = (
            rf"(?:(?P<h>[01]?\d|2[0-3]):(?P<min>[0-5]\d)(?![:\d])|(?P<number>{self.number})"
            rf"(?:\s?(?:(?P<percent>%)|(?P<unit>{any_of(self.units)})|(?P<currency>{any_of(self.currency)}))(?!\w)"
            r"|(?![\w/:.-]|,\d|\s?[–—]\s?\d|\s[№%])))"
        )
        for case, words in (("g", _GENITIVE), ("d", "к")):
            behind = "|".join(rf"(?<=(?<!\w)[{w[0]}{w[0].upper()}]{re.escape(w[1:])} )" for w in words.split())
            yield re.compile(rf"(?:{behind}){amount}"), partial(self._read_governed, case)
        century = r"(?P<first>[IVX]+)(?:\s?[-–—]\s?(?P<last>[IVX]+))?\s?вв?\.(?=\s|[,;)]|$)"
        yield re.compile(rf"(?<=\b[Вв] ){century}"), partial(_read_century, "p", ("веке", "веках"))
        yield re.compile(rf"{edge}{century}"), partial(_read_century, "n", ("век", "века"))
        compound = (
            r"(?<![\w.,-])(?P<number>\d{1,4})(?:\s?%)?-(?:проц\.\s)?(?P<word>[а-яё]{4,}|ный\b|ная\b|ное\b|ного\b|ной\b)"
        )
        yield re.compile(compound), self._read_compound
        game = r"(?P<first>\d{1,3})\s?[:–-]\s?(?P<second>\d{1,3})(?![\d:]|\s?(?:км|кг|г|м|раз|дн|час|мин))"
        yield re.compile(game), self._read_score

    def _read_governed(self, case: str, match: re.Match[str]) -> str | None:
        """ "около ста", "до девятнадцати тридцати", "свыше пятидесяти процентов"."""
        if match["h"]:
            minute = _cardinal(int(match["min"]), case) if match["min"] > "00" else "ноль"
            zero = "ноль " if match["min"] < "10" else ""
            return f"{_cardinal(int(match['h']), case)} {zero}{minute}"
        whole, fraction = self.split(match["number"])
        forms = read_forms(self.percent_words) if match["percent"] else self.units.get(match["unit"])
        if match["currency"]:
            forms = self.currency[match["currency"]].whole
        is_bare_year = forms is None and len(match["number"]) == 4 and 1100 < whole < 2100
        if fraction or is_bare_year or match["number"][0] == "0" or (case == "d" and forms):
            return None
        is_one = whole % 10 == 1 and whole % 100 != 11
        noun = forms.get("few" if is_one else "many", forms["other"]) if forms else ""
        behind = noun or match.string[match.end() :].lstrip()
        is_feminine = is_one and re.match(r"[^\W\d_]+[иы]\b", behind) is not None
        number = str(num2words(whole, lang="ru", case=case, gender="f" if is_feminine else "m"))
        return f"{number} {noun}".strip()

    def _read_compound(self, match: re.Match[str]) -> str | None:
        """ "десятилетний" """
        number, word = int(match["number"]), match["word"]
        if "%" in match[0]:
            word = f"процент{word}"
        elif len(word) < 4:
            return None
        spoken = {1: "одно", 90: "девяносто", 100: "сто", 1000: "тысяче"}.get(number) or _cardinal(number, "g")
        return spoken.replace(" ", "") + word

    def _read_score(self, match: re.Match[str]) -> str | None:
        """ "со счётом 3:2" """
        before = words_before(match)
        return f"{self.say(match['first'])} {self.say(match['second'])}" if _GAME.search(before) else None

    def say_ratio(self, first: str, second: str) -> str:
        """See `Language`: "один к тысяче", but "три ноль"."""
        if not second.isdigit() or second == "0":
            return f"{self.say(first)} {self.say(second)}"
        return f"{self.say(first)} {self.ratio} {_cardinal(int(second), 'd')}"

    def say_large(self, written: str, magnitude: str) -> str:
        """See `Language`: "два миллиона"."""
        whole, fraction = self.split(written)
        forms = _LARGE[magnitude]
        if fraction:
            return f"{self.say(written)} {forms['few']}"
        return self.say_count(whole, forms)

    def suffixed(self, number: int, suffix: str) -> str:
        """See `Language`: "1-е" первое, "5-го" пятого."""
        if number < 10 and suffix in ("-х", "-ти", "-мя"):
            return _cardinal(number, "i" if suffix == "-мя" else "g")
        if number % 10 == 0 and suffix in ("-е", "-х", "-ые", "-ых"):
            return _decline(number, "n" if suffix[-1] == "е" else "g", is_plural=True)
        case, gender = next(found for ends, *found in _ENDINGS if suffix.endswith(ends))
        return _decline(number, case, gender)

    def ordinal_before(self, number: int, noun: str) -> str:
        """See `Language`: "двадцатого века"."""
        return _decline(number, *_BEFORE.get(noun, ("n", "m")))

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

    def say_king(self, value: int, name: str) -> str:
        """See `Language`: "Петра первого", "Екатерины второй"."""
        name = name.lower()
        if name.rstrip("аяыиеуюй") in _QUEENS:
            return _decline(
                value, {"а": "n", "я": "n", "ы": "g", "и": "g", "е": "d", "у": "a", "ю": "a"}.get(name[-1], "i"), "f"
            )
        cases = {"а": "g", "я": "g", "у": "d", "ю": "d", "м": "i", "е": "p"}
        return _decline(value, cases.get(name[-1], "n"))

    def date_year(self, year: int) -> str:
        return _decline(year, "g")


def _read_year(case: str, noun: str, match: re.Match[str]) -> str:
    years = " — ".join(_decline(int(year), case) for year in match.groups())
    return f"{years} {noun}"


def _read_century(case: str, nouns: tuple[str, str], match: re.Match[str]) -> str:
    centuries = [_decline(roman_value(numeral), case) for numeral in match.groups() if numeral]
    return f"{' — '.join(centuries)} {nouns[len(centuries) - 1]}"


def _decline(number: int, case: str, gender: str = "m", *, is_plural: bool = False) -> str:
    """An ordinal."""
    return str(num2words(number, lang="ru", to="ordinal", case=case, gender=gender, plural=is_plural))


def _cardinal(number: int, case: str) -> str:
    return str(num2words(number, lang="ru", case=case))


LANGUAGE = Russian
