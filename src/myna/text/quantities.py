"""Money, measures, percentages, fractions, ranges, sizes and sums."""

import re
import unicodedata
from collections.abc import Iterator
from fractions import Fraction

from myna.text.languages.language import Language
from myna.text.languages.words import Forms, read_forms
from myna.text.patterns import Rules
from myna.text.rules import Rule, any_of, words_before
from myna.text.sums import Sums


class Quantities(Rules):
    """One language's rules."""

    def __init__(self, language: Language, sums: Sums) -> None:
        super().__init__(language)
        self._sums = sums
        self._magnitudes = {word.lower(): spoken for word, spoken in language.magnitudes.items()}

    def rules(self) -> Iterator[Rule]:
        language = self._language
        edge = r"(?!\w)" if language.is_spaced else ""
        magnitude = rf"(?:\s?(?P<magnitude>(?i:{any_of(language.magnitudes)})){edge})?" if language.magnitudes else ""
        money = {
            "currency_before": any_of(name for name in language.currency if not "一" <= name[0] <= "龥"),
            "magnitude": magnitude,
        }
        yield from self._table("amounts", **money)
        if language.decimal == ",":
            yield from self._table("foreign_money", **money)
        if language.angle:
            yield from self._table("angles")
        if "k" in self._magnitudes:
            yield from self._table("thousands")
        yield from self._table("percents")
        if language.per:
            yield from self._table("rates")
            if not language.per_words:
                yield from self._table("plain_rates")
        # Russian "5-м" is fifth
        joint = r"\s" if any(suffix[0] == "-" for suffix in language.ordinal_suffixes) else r"\s|-"
        yield from self._table("measures", joint=joint)
        if language.power:
            yield from self._table("powers", e="E" if "e" in language.ordinal_suffixes else "[eE]")
        if language.symbols.get("×"):
            yield from self._table("multiples")
        if language.symbols.get("≈"):
            yield from self._table("estimates")
        yield from self._table("ratios")

    # --- readers ---------------------------------------------------------------------------------------------------

    def _read_times(self, _: re.Match[str]) -> str:
        return self._language.symbols["×"]

    def _read_about(self, _: re.Match[str]) -> str:
        return self._language.symbols["≈"]

    def _read_angle(self, match: re.Match[str]) -> str:
        """ "45°30'" """
        parts = zip(match.group("degrees", "minutes", "seconds"), self._language.angle, strict=True)
        gap = self._language.gap
        return self._language.join(*(f"{self._language.say(part)}{gap}{name}" for part, name in parts if part))

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

    def _read_money(self, match: re.Match[str]) -> str | None:
        language, currency = self._language, self._language.currency.get(match["currency"])
        if currency is None:
            return None
        forms = currency.whole
        number = match["number"]
        if re.search(r"\.\d\d$", number):  # "1,500.00"
            number = number.replace(",", "").replace(".", language.decimal)
        whole, fraction = language.split(number)
        minus = f"{language.minus} " if match["sign"] else ""
        magnitude = self._magnitude(match)
        if (magnitude or not fraction) and language.is_attributive(match):
            forms = {"other": forms["one"]}
        if magnitude:
            single = language.single_magnitudes.get(magnitude) if number == "1" else None
            return f"{minus}{self._with_magnitude([single or language.say_large(number, magnitude)], forms)}"
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

    def _read_money_range(self, match: re.Match[str]) -> str | None:
        if self._sums.holds(match):
            return None
        forms = self._language.currency[match["currency"]].whole
        ends = [self._language.say(match["first"]), self._between(match)]
        magnitude = self._magnitude(match)
        if magnitude:
            return self._with_magnitude([*ends, self._language.say_large(match["second"], magnitude)], forms)
        return self._language.join(*ends, self._language.say(match["second"]), _several(forms))

    def _magnitude(self, match: re.Match[str]) -> str:
        written = str(match.groupdict().get("magnitude") or "")
        return self._magnitudes[written.lower()] if written else ""

    def _with_magnitude(self, amount: list[str], forms: Forms) -> str:
        return self._language.elide(self._language.join(*amount, _several(forms)))

    def _read_large(self, match: re.Match[str]) -> str | None:
        if match["magnitude"].lower() not in self._magnitudes:
            return None  # "5bn" where nobody writes so
        if match["magnitude"] in "KMB" and len(match["number"]) == 1:
            return None  # a 4K film has no four thousand of anything
        is_house = re.match(r"\s[A-Z]", match.string[match.end() : match.end() + 2]) is not None
        if match["magnitude"] == "B" and match["number"].isdigit() and is_house:
            return None  # 221B Baker Street
        return self._language.say_large(match["number"], self._magnitude(match))

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

    def _read_percent_range(self, match: re.Match[str]) -> str | None:
        if self._sums.holds(match):
            return None
        language = self._language
        first, second = language.say(match["first"]), self._with_percent(language.say(match["second"]), match["second"])
        first = self._with_percent(first) if language.percent_first else first
        low, high = language.sign_word(match["low"]), language.sign_word(match["high"])
        return language.join(low, first, self._between(match), high, second)

    def _read_measure(self, match: re.Match[str]) -> str:
        forms = self._language.units[match["unit"]]
        if self._language.is_attributive(match):
            forms = {"other": forms["one"]}
        whole, fraction = self._language.split(match["number"])
        sign = self._language.sign_word(match["sign"])
        stop = "." if match[0].endswith(".") and self._is_last(match) else ""
        if fraction:
            return self._language.join(sign, self._language.say(match["number"]), forms["other"]) + stop
        return self._language.join(sign, self._language.say_count(whole, forms)) + stop

    def _is_last(self, match: re.Match[str]) -> bool:
        """Whether its dot is a full stop, too: "10,000 sq. ft. The rest ..."."""
        following = re.match(r"\s*(\S?)(\w*)", match.string[match.end() :][:40])
        first, rest = following.groups() if following else ("", "")
        return not first or (first.isupper() and (first + rest).lower() in self._language.common_words)

    def _read_rate(self, match: re.Match[str]) -> str | None:
        written = match.string[match.start("unit") : match.start("unit") + 12]
        if any("/" in unit and written.startswith(unit) for unit in self._language.units):
            return None  # a unit of its own: km/h
        amount = self._read_measure(match)
        if not match["count"]:
            return f"{amount} {self._say_each(match['each'])}"
        unit = self._language.units.get(match["each"], {"other": match["each"]})
        return f"{amount} {self._language.per} {self._language.say_count(int(match['count']), unit)}"

    def _read_each(self, match: re.Match[str]) -> str:
        return self._say_each(match["each"])

    def _say_each(self, written: str) -> str:
        word = self._language.per_words.get(written, written)
        return self._language.say_each(self._language.units[word]["one"] if word in self._language.units else word)

    def _read_range(self, match: re.Match[str]) -> str | None:
        if self._sums.holds(match):
            return None
        unit = self._unit_of_second(match)
        following = re.match(r"\s([^\W\d_]{3,})", match.string[match.end() :][:40])
        noun = unit or (following[1] if following else "")
        if match["second"][0] == "0" and match["second"].isdigit() and len(match["second"]) > 1:
            return None  # the number of a bill: 2024-0153
        first = self._language.say_signed(match["low"], match["first"])
        second = self._language.say_signed(match["high"], match["second"])
        if noun and not self._language.is_small(noun):
            first, second = self._language.agree(first, noun), self._language.agree(second, noun)
        number, fraction = self._language.split(match["second"])
        if unit and not self._language.is_spaced and not fraction:
            counted = self._language.say_count(number, self._language.units[match["unit"]])
            second, unit = self._language.sign_word(match["high"]) + counted, ""  # 一到两斤
        return self._language.join(first, self._between(match), second, unit)

    def _unit_of(self, match: re.Match[str]) -> str:
        """As it is said of many."""
        unit = match.groupdict().get("unit")
        return self._language.units[unit]["other"] if unit else ""

    def _unit_of_second(self, match: re.Match[str]) -> str:
        if not match["unit"]:
            return ""
        number, fraction = self._language.split(match["second"])
        return self._language.choose_form(self._language.units[match["unit"]], number, is_whole=not fraction)

    def _between(self, match: re.Match[str]) -> str:
        """ "to"; "and" after "between"."""
        before, between = self._language.between or ("", "")
        is_between = before and re.search(rf"\b{before}\s+$", words_before(match), re.IGNORECASE)
        return between if is_between else self._language.to

    def _read_size(self, match: re.Match[str]) -> str:
        first, second = self._language.say_side(match["first"]), self._language.say_side(match["second"])
        third = [self._language.by, self._language.say_side(match["third"])] if match["third"] else []
        return self._language.join(first, self._language.by, second, *third, self._unit_of_second(match))

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
        said = (self._language.say(match["first"]), self._language.operation("×"), ten)
        return self._language.join(*said, self._unit_of(match))

    def _read_ratio(self, match: re.Match[str]) -> str:
        return self._language.say_ratio(match["first"], match["second"])


def _exponent(match: re.Match[str]) -> str:
    """As it would be written without small raised signs."""
    groups = match.groupdict()
    return unicodedata.normalize(
        "NFKC", groups.get("raised") or groups.get("charge") or groups.get("exponent") or ""
    ).replace("−", "-")


def _several(forms: Forms) -> str:
    """As after a number that is not looked at."""
    return forms.get("many", forms["other"])
