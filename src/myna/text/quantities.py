"""Money, measures, percentages, fractions, ranges, sizes and sums."""

import re
import unicodedata
from collections.abc import Iterator
from fractions import Fraction

from myna.domain.language import LangCode
from myna.text.english_forms import PER_WORDS, is_attributive
from myna.text.gender import italian_to_the
from myna.text.locale import choose_form
from myna.text.number_words import NumberWords, Rule, any_of, words_before
from myna.text.numerals import japanese
from myna.text.numerals.spelling import spell_cardinal, spell_ordinal

_VULGAR = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_DASH = r"\s?[–—~〜～-]\s?"
_MAX_POWER_DIGITS = 4
_OF_MILLIONS = {LangCode.ES_ES: "de", LangCode.PT_BR: "de", LangCode.FR_FR: "de", LangCode.IT_IT: "di"}
"""Between whole millions and what they are millions of."""
_ITALIAN_TIMES = frozenset(("ora", "giorno", "settimana", "mese", "trimestre", "semestre", "anno", "minuto", "secondo"))
"""So much "al mese", as of measures "al litro"; but "a notte", "a persona"."""


class Quantities:
    """One language's rules."""

    def __init__(self, numbers: NumberWords) -> None:
        self._numbers = numbers
        self._lang = numbers.lang
        self._locale = locale = numbers.locale
        self._magnitudes = {word.lower(): spoken for word, spoken in locale.magnitudes.items()}

    def rules(self) -> Iterator[Rule]:
        locale, before, after, number = self._locale, self._numbers.before, self._numbers.after, self._numbers.number
        letter, currency, units = self._numbers.letter, any_of(locale.currency), any_of(locale.units)
        magnitude = rf"(?:\s?(?P<magnitude>(?i:{any_of(locale.magnitudes)}))(?!\w))?" if locale.magnitudes else ""
        glued = "" if locale.is_spaced else magnitude.replace(r"(?!\w)", "")
        magnitude = glued or magnitude
        yield from self._fractions()
        yield (
            re.compile(
                rf"(?<!{letter})(?P<currency>{currency})\s?(?P<first>{number}){_DASH}(?P=currency)?\s?"
                rf"(?P<second>{number}){magnitude}{after}"
            ),
            self._read_money_range,
        )
        yield (
            re.compile(
                rf"{before}(?P<first>{number}){_DASH}(?P<second>{number}){magnitude}\s?(?P<currency>{currency}){after}"
            ),
            self._read_money_range,
        )
        yield (
            re.compile(
                rf"(?<!{letter})(?P<sign>[-−])?(?P<currency>{currency})\s?(?P<number>{number}){magnitude}{after}"
            ),
            self._read_money,
        )
        yield (
            re.compile(rf"{before}(?P<sign>[-−])?(?P<number>{number}){magnitude}\s?(?P<currency>{currency}){after}"),
            self._read_money,
        )
        if "k" in self._magnitudes:
            yield (
                re.compile(rf"{before}(?P<number>{number})(?P<magnitude>[kKMB]|bn|mn)(?=\+|{after})"),
                self._read_large,
            )
        yield re.compile(rf"{before}(?P<sign>[-−+])?(?P<number>{number})\s?[%％]"), self._read_percent
        yield (
            re.compile(rf"{before}(?P<first>{number})\s?[%％]?{_DASH}(?P<second>{number})\s?[%％]"),
            self._read_percent_range,
        )
        yield from self._rates()
        dot = r"(?:\.(?=\s[a-zà-ÿ]))?"  # of a unit that is written as an abbreviation
        yield (
            re.compile(
                rf"{before}(?P<sign>[-−+])?(?P<number>{number})(?P<joint>\s|-)?(?P<unit>{units}){after}(?!/){dot}"
            ),
            self._read_measure,
        )
        yield (
            re.compile(
                rf"{before}(?P<first>{number}){_DASH}(?P<second>{number})(?:\s?(?P<unit>{units}){dot})?(?!-){after}"
            ),
            self._read_range,
        )
        yield (
            re.compile(rf"{before}(?P<first>{number})\s?[x×]\s?(?P<second>{number})(?:\s?(?P<unit>{units}))?{after}"),
            self._read_size,
        )
        yield from self._sums()

    def _fractions(self) -> Iterator[Rule]:
        before, after, letter = self._numbers.before, self._numbers.after, self._numbers.letter
        unit = rf"(?:\s(?P<unit>{any_of(self._locale.units)}))?"
        yield (
            re.compile(
                rf"{before}(?:(?P<whole>\d{{1,3}})\s)?(?P<above>\d{{1,3}})[/⁄](?P<below>\d{{1,3}}){unit}{after}(?!/)"
            ),
            self._read_fraction,
        )
        yield (
            re.compile(rf"(?<!{letter})(?:(?P<whole>\d{{1,3}})\s?)?(?P<vulgar>[{_VULGAR}]){unit}(?!{letter})"),
            self._read_vulgar,
        )

    def _rates(self) -> Iterator[Rule]:
        """So much of one thing for each of another: "4 g/day", "6 l/100 km", "5 €/mes"."""
        if not self._locale.per:
            return
        before, units = self._numbers.before, any_of(self._locale.units)
        each = rf"(?:(?P<count>\d{{1,3}})\s?)?(?P<each>{units}|[^\W\d_]{{2,12}})(?!\w)"
        yield (
            re.compile(rf"{before}(?P<sign>[-−+])?(?P<number>{self._numbers.number})\s?(?P<unit>{units})/{each}"),
            self._read_rate,
        )
        yield re.compile(r"(?<=[€$£])/(?P<each>[^\W\d_]{2,12})(?!\w)"), lambda match: self._say_each(match["each"])
        if self._lang.iso639 != "en":
            yield re.compile(r"(?<=\d)/(?P<each>[^\W\d_]{3,12})(?!\w)"), lambda match: self._say_each(match["each"])

    def _sums(self) -> Iterator[Rule]:
        """Powers, products, "about", and the ratio of two numbers."""
        before, after, number = self._numbers.before, self._numbers.after, self._numbers.number
        times, about = self._locale.symbols.get("×", ""), self._locale.symbols.get("≈", "")
        if self._locale.power:
            yield (
                re.compile(rf"{before}(?P<base>{number})\s?\^\s?(?P<exponent>[-−]?\d{{1,{_MAX_POWER_DIGITS}}}){after}"),
                lambda match: self._power(self._numbers.say(match["base"]), match["exponent"]),
            )
            yield (
                re.compile(rf"{before}(?P<base>{number})[eE](?P<exponent>[-−+]?\d{{1,{_MAX_POWER_DIGITS}}}){after}"),
                self._read_scientific,
            )
        if times:
            yield re.compile(r"(?<=\d)\s?\*\s?(?=\d)"), lambda _: f" {times} "
        if about:
            yield re.compile(r"(?<!\S)~\s?(?=\d)"), lambda _: f"{about} "
        yield re.compile(rf"{before}(?P<first>\d{{1,3}}):(?P<second>\d{{1,3}}){after}(?!:)"), self._read_ratio

    # --- readers ---------------------------------------------------------------------------------------------------

    def _read_fraction(self, match: re.Match[str]) -> str | None:
        above, below = int(match["above"]), int(match["below"])
        whole = match["whole"]
        if whole and (above >= below or below > 16):
            return None
        if not (whole or self._locale.is_spaced) and above <= 12 and 10 < below <= 31:
            is_japanese = self._lang is LangCode.JA_JP
            day = japanese.spell_day(below) if is_japanese else f"{spell_cardinal(below, self._lang)}日"
            return self._locale.months[above - 1] + day
        if not whole and (above, below) in ((24, 7), (9, 11)) and self._lang.iso639 in ("en", "es", "pt", "it"):
            return f"{spell_cardinal(above, self._lang)} {spell_cardinal(below, self._lang)}"
        if not whole and above == below and self._lang.iso639 == "en" and above > 10:
            return f"{spell_cardinal(above, self._lang)} {spell_cardinal(below, self._lang)}"
        return self._with_unit(self._say_fraction(int(whole) if whole else 0, above, below), match)

    def _read_vulgar(self, match: re.Match[str]) -> str:
        fraction = Fraction(unicodedata.numeric(match["vulgar"])).limit_denominator(10)
        spoken = self._say_fraction(int(match["whole"] or 0), fraction.numerator, fraction.denominator)
        return self._with_unit(spoken, match)

    def _with_unit(self, spoken: str, match: re.Match[str]) -> str:
        if not match["unit"]:
            return spoken
        forms = self._locale.units[match["unit"]]
        return self._numbers.join(spoken, forms[1] if match["whole"] else forms[0])

    def _say_fraction(self, whole: int, above: int, below: int) -> str:
        locale = self._locale
        if whole and (above, below) == (1, 2) and locale.and_a_half:
            return locale.and_a_half.format(whole=spell_cardinal(whole, self._lang))
        spoken = self._say_part(above, below)
        if not whole:
            return spoken
        if not locale.is_spaced:
            return locale.mixed.format(whole=spell_cardinal(whole, self._lang), fraction=spoken)
        article = re.sub(r"^one (?=\w+$)", "a ", spoken) if self._lang.iso639 == "en" else spoken
        return locale.mixed.format(whole=spell_cardinal(whole, self._lang), fraction=article)

    def _say_part(self, above: int, below: int) -> str:
        lang, locale = self._lang, self._locale
        forms = locale.fractions.get(str(below))
        if forms is not None and above < below:
            if above == 1 and len(forms) > 2:
                return forms[2]
            return self._numbers.say_count(above, forms[:2])
        if lang.iso639 == "en" and 2 < below <= 1000 and above < below:
            return f"{spell_cardinal(above, lang)} {spell_ordinal(below, lang)}{'s' if above > 1 else ''}"
        slash = locale.url.slash
        template = locale.fraction or f"{{above}} {slash} {{below}}"
        return template.format(above=spell_cardinal(above, lang), below=spell_cardinal(below, lang))

    def _read_money(self, match: re.Match[str]) -> str:
        lang, locale, numbers = self._lang, self._locale, self._numbers
        forms = locale.currency[match["currency"]]
        whole, fraction = numbers.split(match["number"])
        minus = f"{locale.minus} " if match["sign"] else ""
        magnitude = self._magnitude(match)
        if self._lang.iso639 == "en" and (magnitude or not fraction) and is_attributive(match):
            forms = (forms[0], forms[0], *forms[2:])
        if magnitude:
            return f"{minus}{self._with_magnitude([numbers.say(match['number'])], magnitude, forms)}"
        has_hundredths = len(forms) == 4 and len(fraction) == 2
        if not has_hundredths and fraction.strip("0"):
            return (
                f"{minus}{numbers.join(numbers.say(match['number']), choose_form(forms, whole, lang, is_whole=False))}"
            )
        cents = int(fraction) if has_hundredths else 0
        main = numbers.say_count(whole, forms[:2] if len(forms) == 4 else forms)
        if whole and whole % 1_000_000 == 0 and lang in _OF_MILLIONS:
            of = "d'" if lang is LangCode.FR_FR and forms[1][0] in "aeiouy" else f"{_OF_MILLIONS[lang]} "
            main = f"{spell_cardinal(whole, lang)} {of}{forms[1]}"
        if cents:
            small = numbers.say_count(cents, forms[2:])
            main = f"{main}{locale.currency_joiner}{small}" if whole else small
        return minus + main

    def _read_money_range(self, match: re.Match[str]) -> str:
        forms = self._locale.currency[match["currency"]]
        ends = [self._numbers.say(match["first"]), self._between(match), self._numbers.say(match["second"])]
        magnitude = self._magnitude(match)
        if magnitude:
            return self._with_magnitude(ends, magnitude, forms)
        return self._numbers.join(*ends, forms[-1] if len(forms) == 3 else forms[1])

    def _magnitude(self, match: re.Match[str]) -> str:
        written = str(match.groupdict().get("magnitude") or "")
        return self._magnitudes[written.lower()] if written else ""

    def _with_magnitude(self, amount: list[str], magnitude: str, forms: tuple[str, ...]) -> str:
        plural = forms[-1] if len(forms) == 3 else forms[1]
        if magnitude.endswith(" de") and self._lang is LangCode.FR_FR and plural[0] in "aeiouy":
            return f"{' '.join(amount)} {magnitude.removesuffix('e')}'{plural}"
        return self._numbers.join(*amount, magnitude, plural)

    def _read_large(self, match: re.Match[str]) -> str | None:
        if match["magnitude"] in "KMB" and len(match["number"]) == 1:
            return None  # a 4K film has no four thousand of anything
        is_house = re.match(r"\s[A-Z]", match.string[match.end() : match.end() + 2]) is not None
        if match["magnitude"] == "B" and match["number"].isdigit() and is_house:
            return None  # 221B Baker Street
        return f"{self._numbers.say(match['number'])} {self._magnitude(match)}"

    def _read_percent(self, match: re.Match[str]) -> str:
        number = self._numbers.say_signed(match["sign"], match["number"])
        return self._with_percent(number)

    def _with_percent(self, number: str) -> str:
        percent = self._locale.percent
        return percent + number if self._locale.percent_first else self._numbers.join(number, percent)

    def _read_percent_range(self, match: re.Match[str]) -> str:
        first, second = self._numbers.say(match["first"]), self._numbers.say(match["second"])
        first = self._with_percent(first) if self._locale.percent_first else first
        return self._numbers.join(first, self._between(match), self._with_percent(second))

    def _read_measure(self, match: re.Match[str]) -> str:
        forms = self._locale.units[match["unit"]]
        if self._lang.iso639 == "en" and (match.groupdict().get("joint") == "-" or is_attributive(match)):
            forms = (forms[0], forms[0])
        whole, fraction = self._numbers.split(match["number"])
        sign = self._numbers.sign_word(match["sign"])
        if fraction:
            unit = choose_form(forms, whole, self._lang, is_whole=False)
            return self._numbers.join(sign, self._numbers.say(match["number"]), unit)
        return self._numbers.join(sign, self._numbers.say_count(whole, forms))

    def _read_rate(self, match: re.Match[str]) -> str | None:
        written = match.string[match.start("unit") : match.start("unit") + 12]
        if any("/" in unit and written.startswith(unit) for unit in self._locale.units):
            return None  # a unit of its own: km/h
        amount = self._read_measure(match)
        if not match["count"]:
            return f"{amount} {self._say_each(match['each'])}"
        unit = self._locale.units.get(match["each"], (match["each"],) * 2)
        return f"{amount} {self._locale.per} {self._numbers.say_count(int(match['count']), unit)}"

    def _say_each(self, written: str) -> str:
        word = PER_WORDS.get(written, written) if self._lang.iso639 == "en" else written
        unit = self._locale.units[word][0] if word in self._locale.units else word
        if self._lang is LangCode.IT_IT:
            is_measure = unit in _ITALIAN_TIMES or any(unit == forms[0] for forms in self._locale.units.values())
            return f"{italian_to_the(unit)}{unit}" if is_measure else f"a {unit}"
        return f"{self._locale.per} {unit}"

    def _read_range(self, match: re.Match[str]) -> str:
        first, second = self._numbers.say(match["first"]), self._numbers.say(match["second"])
        spoken = self._numbers.join(first, self._between(match), second)
        if not match["unit"]:
            return spoken
        number, fraction = self._numbers.split(match["second"])
        unit = choose_form(self._locale.units[match["unit"]], number, self._lang, is_whole=not fraction)
        return self._numbers.join(spoken, unit)

    def _between(self, match: re.Match[str]) -> str:
        """ "to"; "and" after "between"."""
        before, between = self._locale.between or ("", "")
        is_between = before and re.search(rf"\b{before}\s+$", words_before(match), re.IGNORECASE)
        return between if is_between else self._locale.to

    def _read_size(self, match: re.Match[str]) -> str:
        first, second = self._say_side(match["first"]), self._say_side(match["second"])
        unit = ""
        if match["unit"]:
            number, fraction = self._numbers.split(match["second"])
            unit = choose_form(self._locale.units[match["unit"]], number, self._lang, is_whole=not fraction)
        return self._numbers.join(first, self._locale.by, second, unit)

    def _say_side(self, written: str) -> str:
        """ "1920" of "1920x1080" is "nineteen twenty" in English."""
        is_pair = self._lang.iso639 == "en" and len(written) == 4 and written.isdigit() and written[2:] != "00"
        if is_pair and written[0] != "0" and written[2] != "0":
            return f"{spell_cardinal(int(written[:2]), self._lang)} {spell_cardinal(int(written[2:]), self._lang)}"
        return self._numbers.say(written)

    def _power(self, base: str, exponent: str) -> str:
        spoken = self._numbers.say_signed("-" if exponent[0] in "-−" else None, exponent.lstrip("-−+"))
        return self._locale.power.format(base=base, exponent=spoken)

    def _read_scientific(self, match: re.Match[str]) -> str:
        ten = self._power(spell_cardinal(10, self._lang), match["exponent"])
        return self._numbers.join(self._numbers.say(match["base"]), self._locale.symbols.get("×", ""), ten)

    def _read_ratio(self, match: re.Match[str]) -> str:
        first, second = self._numbers.say(match["first"]), self._numbers.say(match["second"])
        return self._numbers.join(first, self._locale.ratio or self._locale.to, second)
