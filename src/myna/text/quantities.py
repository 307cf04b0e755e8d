"""Money, measures, percentages, fractions, ranges, sizes and sums."""

import re
import unicodedata
from collections.abc import Iterator
from fractions import Fraction

from myna.text.languages.language import Language
from myna.text.languages.words import Forms, read_forms
from myna.text.rules import DASH, Reader, Rule, any_of, compile_rules, words_before
from myna.text.sums import Sums

_VULGAR = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_MAX_POWER_DIGITS = 4
_RAISED = "[⁺⁻]?[⁰¹²³⁴-⁹]+[⁺⁻]?|[⁺⁻]"


class Quantities:
    """One language's rules."""

    def __init__(self, language: Language, sums: Sums) -> None:
        self._language = language
        self._sums = sums
        self._magnitudes = {word.lower(): spoken for word, spoken in language.magnitudes.items()}

    def rules(self) -> Iterator[Rule]:
        language, before, after = self._language, self._language.before, self._language.after
        letter, number = language.letter, rf"(?P<number>{language.number})"
        first, second = rf"(?P<first>{language.number})", rf"(?P<second>{language.number})"
        unit, money = rf"(?P<unit>{any_of(language.units)})", rf"(?P<currency>{any_of(language.currency)})"
        # 元 stands behind the number only
        sign = rf"(?P<currency>{any_of(name for name in language.currency if not '一' <= name[0] <= '龥')})"
        angle = r"°\s?(?P<minutes>[0-5]?\d)['’′](?:\s?(?P<seconds>[0-5]?\d(?:\.\d+)?)(?:[\"”″]|''))?"
        edge = r"(?!\w)" if language.is_spaced else ""
        names = any_of(language.magnitudes)
        magnitude = rf"(?:\s?(?P<magnitude>(?i:{names})){edge})?" if names else ""
        times, about = language.symbols.get("×", ""), language.symbols.get("≈", "")
        share = r"(?<!\d/)(?P<above>\d{1,3})[/⁄](?P<below>\d{1,3}|1000)"
        dot = r"(?:\.(?=\s[a-zà-ÿ]|[,;:)]))?"  # of a unit that is written as an abbreviation
        whole = r"(?P<whole>\d{1,3})"
        yield from compile_rules(
            (rf"{before}\d{{1,3}}(?:[-–]\d{{1,3}}){{2,6}}{after}(?![-–])", self._read_row),
            (rf"{before}(?:{whole}\s)?{share}(?:\s{unit})?{after}(?!/){dot}", self._read_fraction),
            (rf"(?<!{letter})(?:{whole}\s?)?(?P<vulgar>[{_VULGAR}])(?:\s{unit})?(?!{letter})", self._read_vulgar),
            (
                rf"(?<!{letter}){sign}\s?{first}(?i:{names})?{DASH}(?P=currency)?\s?{second}{magnitude}{after}(?!\s?[=≈])",
                self._unless_in_sum(self._read_money_range),
            ),
            (
                rf"{before}{first}(?:\s?(?:{any_of(language.currency)}))?{DASH}{second}{magnitude}\s?{money}{after}",
                self._unless_in_sum(self._read_money_range),
            ),
            (rf"(?<!{letter})(?P<sign>[-−])?{sign}\s?{number}{magnitude}{after}", self._read_money),
            (rf"{before}(?P<sign>[-−])?{number}{magnitude}\s?{money}{after}", self._read_money),
        )
        if language.decimal == ",":
            # "$5.99", as it is written abroad
            dotted = rf"(?<!{letter})(?P<sign>[-−])?{sign}\s?(?P<number>\d{{1,3}}\.\d\d){magnitude}{after}"
            yield re.compile(dotted), self._read_money
        if language.angle:
            yield re.compile(rf"{before}(?P<degrees>\d{{1,3}}){angle}"), self._read_angle
        if "k" in self._magnitudes:
            yield re.compile(rf"{before}{number}(?P<magnitude>[kKMB]|bn|mn)(?=\+|{after})"), self._read_large
        percents = rf"{before}(?P<low>[-−])?{first}\s?[%％]?{DASH}(?P<high>[-−])?{second}\s?[%％]"
        yield re.compile(percents), self._unless_in_sum(self._read_percent_range)
        yield re.compile(rf"{before}(?P<sign>[-−+])?{number}\s?[%％]"), self._read_percent
        yield from self._rates(unit, number)
        yield from compile_rules(
            (
                rf"{before}(?P<low>[-−])?{first}\s?{unit}{DASH}(?P<high>[-−])?{second}\s?(?P=unit){dot}{after}",
                self._unless_in_sum(self._read_range),
            ),
            (rf"{before}(?P<sign>[-−+])?{number}(?P<joint>\s|-)?{unit}{after}(?!/){dot}", self._read_measure),
            (
                rf"{before}(?P<low>[-−])?{first}{DASH}(?P<high>[-−])?{second}(?:\s?{unit}{dot})?(?!-){after}",
                self._unless_in_sum(self._read_range),
            ),
            (
                rf"{before}{first}\s?[x×*·]\s?10(?:\^\(?(?P<exponent>[-−]?\d+)\)?|(?P<raised>{_RAISED}))",
                self._read_tens,
            ),
            (
                rf"{before}{first}\s?[x×]\s?{second}(?:\s?[x×]\s?(?P<third>{language.number}))?(?:\s?{unit})?{after}",
                self._read_size,
            ),
        )
        if language.power:
            base, most = rf"{before}(?P<base>{language.number})", _MAX_POWER_DIGITS
            exponent = rf"(?P<exponent>[-−]?\d{{1,{most}}}|[-−]?[a-z]){after}"
            yield re.compile(rf"{base}\s?\^\s?{exponent}"), self._read_power
            e = "E" if "e" in language.ordinal_suffixes else "[eE]"
            yield re.compile(rf"{base}{e}(?P<exponent>[-−+]?\d{{1,{most}}}){after}"), self._read_scientific
            yield re.compile(rf"(?<=[A-Za-z)])\^\(?{exponent}\)?"), self._read_raised
            # squares and cubes have words of their own
            raised = rf"(?![²³](?![⁰¹²³⁴-⁹⁺⁻]))(?P<raised>{_RAISED})"
            yield re.compile(base + raised), self._read_power
            yield re.compile(rf"(?<=[A-Za-z)]){raised}|(?<=\d)(?P<charge>[¹²³⁴]?[⁺⁻])"), self._read_raised
        if times:
            yield re.compile(r"(?<=[\d%])\s?[*·]\s?(?=\d)"), lambda _: f" {times} "
        if about:
            yield re.compile(r"(?<!\S)~\s?(?=\d)"), lambda _: f"{about} "
        second = rf"\d{{1,3}}|\d{{4,7}}|\d{{1,3}}[.,]\d{{1,2}}|{language.number}"
        yield re.compile(rf"{before}(?P<first>\d{{1,3}}):(?P<second>{second}){after}(?!:)"), self._read_ratio

    def _rates(self, unit: str, number: str) -> Iterator[Rule]:
        """So much of one thing for each of another: "4 g/day", "6 l/100 km", "5 €/mes"."""
        if not self._language.per:
            return
        # "5 €/h"
        yield re.compile(r"(?<=[€$£])/(?P<each>h|min|s)(?!\w)"), lambda match: self._say_each(match["each"])
        each = rf"(?:(?P<count>\d{{1,3}})\s?)?(?P<each>{any_of(self._language.units)}|[^\W\d_]{{2,12}})(?!\w)"
        yield re.compile(rf"{self._language.before}(?P<sign>[-−+])?{number}\s?{unit}/{each}"), self._read_rate
        yield re.compile(r"(?<=[€$£])/(?P<each>[^\W\d_]{2,12})(?!\w)"), lambda match: self._say_each(match["each"])
        if not self._language.per_words:
            each = r"(?<=\d)/(?P<each>kg|km|[lLh]|m[²2]|[^\W\d_]{3,12})(?!\w)"
            yield re.compile(each), lambda match: self._say_each(match["each"])

    # --- readers ---------------------------------------------------------------------------------------------------

    def _unless_in_sum(self, reader: Reader) -> Reader:
        return lambda match: None if self._sums.holds(match) else reader(match)

    def _read_angle(self, match: re.Match[str]) -> str:
        """ "45°30'" """
        parts = zip(match.group("degrees", "minutes", "seconds"), self._language.angle, strict=True)
        return self._language.join(*(f"{self._language.say(part)} {name}" for part, name in parts if part))

    def _read_row(self, match: re.Match[str]) -> str:
        """ "1-2-3": a count, a formation, an address."""
        joint = self._language.row or self._language.comma
        return joint.join(self._language.say(number) for number in re.findall(r"\d+", match[0]))

    def _read_fraction(self, match: re.Match[str]) -> str | None:
        above, below = int(match["above"]), int(match["below"])
        whole = match["whole"]
        if whole and (above >= below or below > 16):
            return None
        is_day = (
            below > 10 or above >= below or re.match("[(（][月火水木金土日]", match.string[match.end() :]) is not None
        )
        if not (whole or self._language.is_spaced) and above <= 12 and below <= 31 and is_day:
            return self._language.months[above - 1] + self._language.day(below)
        is_share = self._language.is_fraction(above, below)
        is_late = above > 12 or below > 9 or "0" in (match["above"][0], match["below"][0])
        is_day = is_late and is_share and below < above <= 31 and below <= 12
        has_zero = match["above"][0] == "0" or match["below"][0] == "0"
        is_day |= max(above - 31, below - 12) <= 0 and (has_zero or self._is_announced_day(match))
        if not whole and is_day and self._language.date_order == "dmy":
            return self._language.say_date(None, below, above)
        if not whole and not is_share:
            return f"{self._language.cardinal(above)} {self._language.cardinal(below)}"
        return self._with_unit(self._say_fraction(int(whole) if whole else 0, above, below), match)

    def _is_announced_day(self, match: re.Match[str]) -> bool:
        """ "le 5/6"; but "le 1/3 des élèves"."""
        cue = self._language.day_cue
        is_share_of = re.match(r"\sd(?:[eaio]\w{0,4}|u)?\b", match.string[match.end() :][:8]) is not None
        return (
            bool(cue)
            and not is_share_of
            and re.search(rf"\b(?:{cue})[,(\s]{{1,2}}$", words_before(match), re.IGNORECASE) is not None
        )

    def _read_vulgar(self, match: re.Match[str]) -> str:
        fraction = Fraction(unicodedata.numeric(match["vulgar"])).limit_denominator(10)
        spoken = self._say_fraction(int(match["whole"] or 0), fraction.numerator, fraction.denominator)
        return self._with_unit(spoken, match)

    def _with_unit(self, spoken: str, match: re.Match[str]) -> str:
        if not match["unit"]:
            return spoken
        forms = self._language.units[match["unit"]]
        return self._language.join(spoken, forms["other" if match["whole"] else "one"])

    def _say_fraction(self, whole: int, above: int, below: int) -> str:
        if whole and (above, below) == (1, 2) and self._language.and_a_half:
            known = dict(zip((1, 2), self._language.and_a_half_of, strict=False))
            return known.get(whole) or self._language.and_a_half.format(whole=self._language.cardinal(whole))
        spoken = self._language.say_fraction(above, below)
        return self._language.say_mixed(whole, spoken) if whole else spoken

    def _read_money(self, match: re.Match[str]) -> str:
        language, currency = self._language, self._language.currency[match["currency"]]
        forms = currency.whole
        number = re.sub(r"\.(?=\d\d$)", language.decimal, match["number"])
        whole, fraction = language.split(number)
        minus = f"{language.minus} " if match["sign"] else ""
        magnitude = self._magnitude(match)
        if (magnitude or not fraction) and language.is_attributive(match):
            forms = {"other": forms["one"]}
        if magnitude:
            single = language.single_magnitudes.get(magnitude) if number == "1" else None
            amount = ([], single) if single else ([language.say(number)], magnitude)
            return f"{minus}{self._with_magnitude(*amount, forms)}"
        has_hundredths = currency.hundredth is not None and len(fraction) == 2
        if not has_hundredths and fraction.strip("0"):
            return f"{minus}{language.join(language.say(number), forms['other'])}"
        main = language.say_count(whole, forms)
        if whole and whole % 1_000_000 == 0 and language.of_millions:
            main = language.elide(f"{language.cardinal(whole)} {language.of_millions} {forms['other']}")
        if currency.hundredth is not None and has_hundredths and int(fraction):
            small = language.say_count(int(fraction), currency.hundredth)
            main = f"{main}{language.currency_joiner}{small}" if whole else small
        return minus + main

    def _read_money_range(self, match: re.Match[str]) -> str:
        forms = self._language.currency[match["currency"]].whole
        ends = [self._language.say(match["first"]), self._between(match), self._language.say(match["second"])]
        magnitude = self._magnitude(match)
        if magnitude:
            return self._with_magnitude(ends, magnitude, forms)
        return self._language.join(*ends, _several(forms))

    def _magnitude(self, match: re.Match[str]) -> str:
        written = str(match.groupdict().get("magnitude") or "")
        return self._magnitudes[written.lower()] if written else ""

    def _with_magnitude(self, amount: list[str], magnitude: str, forms: Forms) -> str:
        return self._language.elide(self._language.join(*amount, magnitude, _several(forms)))

    def _read_large(self, match: re.Match[str]) -> str | None:
        if match["magnitude"] in "KMB" and len(match["number"]) == 1:
            return None  # a 4K film has no four thousand of anything
        is_house = re.match(r"\s[A-Z]", match.string[match.end() : match.end() + 2]) is not None
        if match["magnitude"] == "B" and match["number"].isdigit() and is_house:
            return None  # 221B Baker Street
        return f"{self._language.say(match['number'])} {self._magnitude(match)}"

    def _read_percent(self, match: re.Match[str]) -> str:
        sign, number = self._language.sign_word(match["sign"]), self._language.say(match["number"])
        return self._language.join(sign, self._with_percent(number, match["number"]))

    def _with_percent(self, number: str, written: str = "0") -> str:
        percent = self._language.percent
        if self._language.percent_words:
            whole, fraction = self._language.split(written)
            forms = read_forms(self._language.percent_words)
            percent = self._language.choose_form(forms, whole, is_whole=not fraction)
        return percent + number if self._language.percent_first else self._language.join(number, percent)

    def _read_percent_range(self, match: re.Match[str]) -> str:
        first = self._language.say_signed(match["low"], match["first"])
        second = self._language.say_signed(match["high"], match["second"])
        first = self._with_percent(first) if self._language.percent_first else first
        return self._language.join(first, self._between(match), self._with_percent(second, match["second"]))

    def _read_measure(self, match: re.Match[str]) -> str:
        forms = self._language.units[match["unit"]]
        if self._language.is_attributive(match):
            forms = {"other": forms["one"]}
        whole, fraction = self._language.split(match["number"])
        sign = self._language.sign_word(match["sign"])
        if fraction:
            unit = forms["other"]
            return self._language.join(sign, self._language.say(match["number"]), unit)
        return self._language.join(sign, self._language.say_count(whole, forms))

    def _read_rate(self, match: re.Match[str]) -> str | None:
        written = match.string[match.start("unit") : match.start("unit") + 12]
        if any("/" in unit and written.startswith(unit) for unit in self._language.units):
            return None  # a unit of its own: km/h
        amount = self._read_measure(match)
        if not match["count"]:
            return f"{amount} {self._say_each(match['each'])}"
        unit = self._language.units.get(match["each"], {"other": match["each"]})
        return f"{amount} {self._language.per} {self._language.say_count(int(match['count']), unit)}"

    def _say_each(self, written: str) -> str:
        word = self._language.per_words.get(written, written)
        return self._language.say_each(self._language.units[word]["one"] if word in self._language.units else word)

    def _read_range(self, match: re.Match[str]) -> str | None:
        unit = ""
        if match["unit"]:
            number, fraction = self._language.split(match["second"])
            unit = self._language.choose_form(self._language.units[match["unit"]], number, is_whole=not fraction)
        following = re.match(r"\s([^\W\d_]{3,})", match.string[match.end() :][:40])
        noun = unit or (following[1] if following else "")
        if match["second"][0] == "0" and match["second"].isdigit() and len(match["second"]) > 1:
            return None  # the number of a bill: 2024-0153
        first = self._language.say_signed(match["low"], match["first"])
        second = self._language.say_signed(match["high"], match["second"])
        if noun and not self._language.is_small(noun):
            first, second = self._language.agree(first, noun), self._language.agree(second, noun)
        return self._language.join(first, self._between(match), second, unit)

    def _between(self, match: re.Match[str]) -> str:
        """ "to"; "and" after "between"."""
        before, between = self._language.between or ("", "")
        is_between = before and re.search(rf"\b{before}\s+$", words_before(match), re.IGNORECASE)
        return between if is_between else self._language.to

    def _read_size(self, match: re.Match[str]) -> str:
        first, second = self._language.say_side(match["first"]), self._language.say_side(match["second"])
        unit = ""
        if match["unit"]:
            number, fraction = self._language.split(match["second"])
            unit = self._language.choose_form(self._language.units[match["unit"]], number, is_whole=not fraction)
        third = [self._language.by, self._language.say_side(match["third"])] if match["third"] else []
        return self._language.join(first, self._language.by, second, *third, unit)

    def _power(self, base: str, exponent: str) -> str:
        sign, size = "-" if exponent[0] in "-−" else None, exponent.lstrip("-−+")
        if size.isalpha():
            spoken = self._language.join(self._language.sign_word(sign), size.upper())
        else:
            spoken = self._language.say_signed(sign, size)
        return self._language.power.format(base=base, exponent=spoken)

    def _read_raised(self, match: re.Match[str]) -> str:
        """What stands behind a letter, a unit or a parenthesis: a power, or the charge of an ion."""
        exponent = _exponent(match)
        charge = {"⁺": self._language.plus, "⁻": self._language.minus}.get(match[0][-1])
        if charge is not None:
            return f" {self._language.join(*map(self._language.say, exponent[:-1]), charge)} "
        sign = {"2": "²", "3": "³"}.get(exponent, "")
        spoken = self._language.symbols.get(sign) or self._power("", exponent)
        return f" {spoken} "

    def _read_power(self, match: re.Match[str]) -> str | None:
        exponent = _exponent(match)
        return self._power(self._language.say(match["base"]), exponent) if exponent[-1].isalnum() else None

    def _read_tens(self, match: re.Match[str]) -> str:
        ten = self._power(self._language.cardinal(10), _exponent(match))
        return self._language.join(self._language.say(match["first"]), self._language.operation("×"), ten)

    def _read_scientific(self, match: re.Match[str]) -> str:
        ten = self._power(self._language.cardinal(10), match["exponent"])
        return self._language.join(self._language.say(match["base"]), self._language.operation("×"), ten)

    def _read_ratio(self, match: re.Match[str]) -> str:
        first, second = self._language.say(match["first"]), self._language.say(match["second"])
        return self._language.join(first, self._language.ratio or self._language.to, second)


def _exponent(match: re.Match[str]) -> str:
    """As it would be written without small raised signs."""
    groups = match.groupdict()
    return unicodedata.normalize(
        "NFKC", groups.get("raised") or groups.get("charge") or groups.get("exponent") or ""
    ).replace("−", "-")


def _several(forms: Forms) -> str:
    """As after a number that is not looked at."""
    return forms.get("many", forms["other"])
