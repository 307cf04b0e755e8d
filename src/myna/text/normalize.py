"""Writes out what is written short: numbers, dates, times, money, units, ordinals, abbreviations, addresses, signs.

Finds such stretches in the text and says for each what a person would say; everything else stays as it is. Each result
knows its place in the text.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from myna.domain.language import LangCode
from myna.text.locale import Locale, choose_form, load_locale
from myna.text.numerals import japanese
from myna.text.numerals.spelling import (
    spell_cardinal,
    spell_digits,
    spell_fraction_digits,
    spell_ordinal,
    spell_year,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A stretch of the text and the words for it; no words for what is not read."""

    start: int
    end: int
    spoken: str


_Reader = Callable[[re.Match[str]], str | None]
"""Words for a match; None if it is not what it looked like."""

_MAX_DIGITS = 30
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>\"']{2,300}[^\s<>\"'.,;:!?)\]]"
    r"|(?<![\w@.])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}"
    r"|(?<![\w@.])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|org|net|io|ai|dev|edu|gov|app|co|es|fr|it|br|de|in|jp|cn|uk|eu)(?:/[\w./#-]{0,200}\w)?(?![\w@])",
    re.IGNORECASE,
)
_SPOKEN_TLDS = frozenset({"com", "org", "net", "dev", "app", "gov"})
_MARKS = re.compile(r"[*_`~^|\\{}\[\]<>•·■●▪◦#]+|(?<!\S)[-–—]+(?=\s)(?<!\S)")
_KEYCAP_PARTS = frozenset({0x200D, 0xFE0E, 0xFE0F, 0x20E3})


class Normalizer:
    """One language's rules, compiled. Thread-safe."""

    def __init__(self, lang: LangCode) -> None:
        self._lang = lang
        self._locale = locale = load_locale(lang)
        self._rules: list[tuple[re.Pattern[str], _Reader]] = []
        # Chinese, Japanese and Korean put digits straight behind and before their own letters
        is_glued = not locale.is_spaced or lang is LangCode.KO_KR
        self._letter = r"[0-9A-Za-z_]" if is_glued else r"\w"
        self._before, self._after = rf"(?<!{self._letter})(?<![.,])", rf"(?!{self._letter})"
        # the order decides between readings that begin at the same place
        self._add(_ADDRESS.pattern, self._read_address)
        self._add_dates()
        self._add_times()
        self._add_number_signs()
        self._add_quantities()
        self._add_plain_numbers()
        self._add_words()

    def _add_dates(self) -> None:
        lang, locale, add, before, after = self._lang, self._locale, self._add, self._before, self._after
        separators = re.escape(locale.date_separators)
        add(rf"{before}(?P<y>\d{{4}})[-/.](?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}}){after}", self._read_digit_date)
        add(
            rf"{before}(?P<a>\d{{1,2}})(?P<sep>[{separators}])(?P<b>\d{{1,2}})(?P=sep)(?P<y>\d{{4}}|\d{{2}}){after}",
            self._read_digit_date,
        )
        if not locale.is_spaced:
            add(r"(?<!\d)(?:(?P<y>\d{4})年)?(?P<month>\d{1,2})月(?:(?P<day>\d{1,2})[日号])?", self._read_cjk_date)
            add(r"(?<!\d)(?P<y>\d{4})年", lambda m: spell_year(int(m["y"]), lang) + self._year_word())
            return
        months = _any_of(locale.month_names)
        suffixes = _any_of(locale.ordinal_suffixes) or "º"
        add(
            rf"{before}(?P<month>{months})\.?\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s(?P<y>\d{{4}}))?{after}",
            self._read_month_date,
        )
        add(
            rf"{before}(?P<day>\d{{1,2}})(?:{suffixes}|\.)?\s(?:of\s|de\s|d')?(?P<month>{months})"
            rf"(?:\.?,?\s(?:de\s|del\s)?(?P<y>\d{{4}}))?{after}",
            self._read_month_date,
        )

    def _add_times(self) -> None:
        locale, before, after = self._locale, self._before, self._after
        hours = re.escape(locale.hour_separators)
        half_day = rf"(?:\s?(?P<half>{_any_of(locale.pm)})(?!\w))?" if locale.pm else ""
        suffix = rf"(?:\s?(?:{_any_of(locale.time_suffixes)}))?" if locale.time_suffixes else ""
        clock = r"(?P<h>[01]?\d|2[0-4])"
        self._add(
            rf"{before}{clock}[{hours}](?P<min>[0-5]\d)(?::(?P<s>[0-5]\d))?{half_day}{suffix}{after}", self._read_time
        )
        if locale.pm:
            self._add(rf"{before}(?P<h>1[0-2]|0?[1-9])\s?(?P<half>{_any_of(locale.pm)})(?!\w)", self._read_time)

    def _add_number_signs(self) -> None:
        add, before, after = self._add, self._before, self._after
        add(rf"{before}(?P<version>\d{{1,5}}(?:\.\d{{1,5}}){{2,5}}){after}(?!\.\d)", self._read_version)
        add(rf"(?:#|№|(?<!\w)(?:No\.|[Nn][°º]))\s?(?P<number>\d{{1,9}}){after}", self._read_number_sign)
        add(r"\+(?P<phone>\d{1,3}(?:[\s().-]{1,2}\d{1,4}){2,6})(?!\w)", self._read_phone)
        if self._lang.iso639 == "en":
            add(rf"{before}(?P<decade>[12]\d\d0)s{after}", self._read_decade)

    def _add_quantities(self) -> None:
        locale, add, before, after = self._locale, self._add, self._before, self._after
        number, currency, units = _number_pattern(locale), _any_of(locale.currency), _any_of(locale.units)
        magnitude = rf"(?:\s?(?P<magnitude>{_any_of(locale.magnitudes)})(?!\w))?" if locale.magnitudes else ""
        add(rf"{before}(?P<above>\d{{1,2}})/(?P<below>\d{{1,2}}){after}", self._read_fraction)
        add(
            rf"(?<!{self._letter})(?P<currency>{currency})(?P<first>{number})\s?[–—-]\s?(?P<second>{number})"
            rf"{magnitude}{after}",
            self._read_money_range,
        )
        add(
            rf"(?<!{self._letter})(?P<sign>[-−])?(?P<currency>{currency})\s?(?P<number>{number}){magnitude}{after}",
            self._read_money,
        )
        add(
            rf"{before}(?P<sign>[-−])?(?P<number>{number}){magnitude}\s?(?P<currency>{currency}){after}",
            self._read_money,
        )
        if "k" in locale.magnitudes:
            add(rf"{before}(?P<number>{number})[kK]{after}", self._read_thousands)
        add(rf"{before}(?P<sign>[-−+])?(?P<number>{number})\s?[%％]", self._read_percent)
        add(rf"{before}(?P<sign>[-−+])?(?P<number>{number})\s?(?P<unit>{units}){after}(?!/)", self._read_measure)
        add(
            rf"{before}(?P<first>{number})\s?[–—-]\s?(?P<second>{number})(?:\s?(?P<unit>{units}))?(?!-){after}",
            self._read_range,
        )
        add(
            rf"{before}(?P<first>\d{{1,4}})\s?[x×]\s?(?P<second>\d{{1,4}})(?:\s?(?P<unit>{units}))?{after}",
            self._read_size,
        )

    def _add_plain_numbers(self) -> None:
        suffixes = _any_of(self._locale.ordinal_suffixes)
        if suffixes:
            self._add(rf"{self._before}(?P<number>\d{{1,6}})(?:{suffixes}){self._after}", self._read_ordinal)
        if not self._locale.is_spaced:
            self._add(r"(?<![\d.,])(?P<number>\d{1,16})(?P<counter>[人時分月日年つ个位只次])", self._read_counted)
        number = _number_pattern(self._locale)
        self._add(rf"(?<!{self._letter})(?P<sign>[-−])?(?P<number>{number})(?!\d)", self._read_number)

    def _add_words(self) -> None:
        locale = self._locale
        if locale.abbreviations:
            shorts = _any_of(locale.abbreviations, is_loose=True)
            self._add(rf"(?<![\w.])(?P<short>{shorts})(?!\w)", self._read_abbreviation)
        self._add(r"(?<!\w)(?P<letters>[A-Z]{2,6})(?P<plural>s)?(?![\w'’])", self._read_letters)
        self._add(rf"(?P<symbol>{_any_of(locale.symbols)})", lambda match: f" {locale.symbols[match['symbol']]} ")

    def _add(self, pattern: str, reader: _Reader) -> None:
        self._rules.append((re.compile(pattern, re.IGNORECASE if "month>" in pattern else 0), reader))

    def find_readings(self, text: str, start: int, end: int) -> Iterator[Reading]:
        """What is to be read otherwise than it is written, in order, within text[start:end].

        Of two readings that begin at one place the rule that stands first wins; readings never overlap.
        """
        upcoming: list[tuple[re.Match[str], _Reader] | None] = [None] * len(self._rules)
        searched_to = [start] * len(self._rules)
        is_exhausted = [False] * len(self._rules)
        position = start
        while position < end:
            best: tuple[re.Match[str], _Reader] | None = None
            for index, (pattern, reader) in enumerate(self._rules):
                candidate = upcoming[index]
                if not is_exhausted[index] and (candidate is None or candidate[0].start() < position):
                    match = pattern.search(text, max(position, searched_to[index]), end)
                    is_exhausted[index] = match is None
                    upcoming[index] = candidate = (match, reader) if match else None
                if is_exhausted[index] or candidate is None:
                    continue
                if best is None or candidate[0].start() < best[0].start():
                    best = candidate
            if best is None:
                return
            match, reader = best
            spoken = reader(match)
            if spoken is None:
                # not what it looked like: this rule looks further on, the others get their turn
                index = next(i for i, item in enumerate(upcoming) if item is best)
                upcoming[index] = None
                searched_to[index] = match.start() + 1
                continue
            yield Reading(match.start(), match.end(), re.sub(r"\s+", " ", spoken).strip())
            position = max(match.end(), position + 1)

    def find_digits(self, text: str, start: int, end: int) -> Iterator[Reading]:
        """Only runs of digits, as plain numbers: without normalisation they are still not left out."""
        for match in re.finditer(r"\d+", text[start:end]):
            spoken = self._say_number(match[0]) if match[0].isascii() else match[0]
            yield Reading(start + match.start(), start + match.end(), spoken)

    # --- readers ---------------------------------------------------------------------------------------------------

    def _read_address(self, match: re.Match[str]) -> str:
        words = self._locale.url
        address = re.sub(r"^https?://", "", match[0]).rstrip("/")
        names = {
            ".": words.dot,
            "/": words.slash,
            "@": words.at,
            "-": words.dash,
            "_": words.underscore,
            ":": words.colon,
        }
        parts = []
        for part in re.findall(r"[^\W\d_]+|\d+|\S", address):
            if part.isdigit():
                parts.append(spell_digits(part[:_MAX_DIGITS], self._lang))
            elif part in names:
                parts.append(names[part])
            elif part.isalpha():
                parts.append(self._read_name(part))
        return " ".join(parts)

    def _read_name(self, part: str) -> str:
        lower = part.lower()
        is_spelled = lower == "www" or (len(part) <= 3 and lower not in _SPOKEN_TLDS and not _has_vowel(lower))
        return self._spell_letters(part.upper()) if is_spelled else part

    def _read_digit_date(self, match: re.Match[str]) -> str | None:
        groups = match.groupdict()
        year = int(groups["y"])
        if "m" in groups:
            month, day = int(groups["m"]), int(groups["d"])
        else:
            first, second = int(groups["a"]), int(groups["b"])
            is_month_first = self._locale.date_order == "mdy" and self._lang is not LangCode.EN_GB
            month, day = (first, second) if is_month_first else (second, first)
            if month > 12 >= day:
                month, day = day, month
            if len(groups["y"]) == 2:
                year += 1900 if year > 50 else 2000
        return self._say_date(year, month, day, _text_before(match))

    def _read_month_date(self, match: re.Match[str]) -> str | None:
        month = self._locale.month_names[match["month"].lower()]
        if month == 5 and self._lang.iso639 == "en" and match["month"][0].islower():
            return None  # "may 12 people ..."
        return self._say_date(int(match["y"]) if match["y"] else None, month, int(match["day"]), _text_before(match))

    def _read_cjk_date(self, match: re.Match[str]) -> str | None:
        month = int(match["month"])
        if not 1 <= month <= 12:
            return None
        if match["day"]:
            return self._say_date(int(match["y"]) if match["y"] else None, month, int(match["day"]))
        year = spell_year(int(match["y"]), self._lang) + self._year_word() if match["y"] else ""
        return year + self._locale.months[month - 1]

    def _year_word(self) -> str:
        return "ねん" if self._lang is LangCode.JA_JP else "年"

    def _say_date(self, year: int | None, month: int, day: int, before: str = "") -> str | None:
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return None
        lang, locale = self._lang, self._locale
        is_british = lang is LangCode.EN_GB
        pattern = locale.date_without_year if year is None else locale.date
        if is_british:
            pattern = "the {day_ordinal} of {month}" + ("" if year is None else " {year}")
        is_first = day == 1 and bool(locale.first)
        names = {
            "day": spell_cardinal(day, lang),
            "day_ordinal": self._day_ordinal(day, before),
            "day_first_ordinal": locale.first if is_first else spell_cardinal(day, lang),
            "day_reading": japanese.spell_day(day),
            "month": locale.months[month - 1],
            "month_number": spell_cardinal(month, lang),
            "year": spell_year(year, lang) if year is not None else "",
            "year_digits": spell_digits(str(year), lang) if year is not None else "",
        }
        if lang is LangCode.JA_JP:
            year_part = japanese.spell_counted(year, "年") if year is not None else ""
            return year_part + locale.months[month - 1] + japanese.spell_day(day)
        return pattern.format(**names)

    def _day_ordinal(self, day: int, before: str) -> str:
        ordinal = spell_ordinal(day, self._lang)
        if self._lang is not LangCode.DE_DE:
            return ordinal
        return ordinal + ("n" if re.search(r"\b(?:am|den|dem|vom|zum|der|ab|seit)\s$", before, re.IGNORECASE) else "r")

    def _read_time(self, match: re.Match[str]) -> str | None:
        groups = match.groupdict()
        hour, minute = int(groups["h"]), int(groups.get("min") or 0)
        if hour == 24 and minute:
            return None
        lang, locale = self._lang, self._locale
        half = str(groups.get("half") or "")
        if lang is LangCode.JA_JP:
            return japanese.spell_counted(hour, "時") + (japanese.spell_counted(minute, "分") if minute else "")
        feminine = {1: "une" if lang is LangCode.FR_FR else "uma", 2: "deux" if lang is LangCode.FR_FR else "duas"}
        names = {
            "h": spell_cardinal(hour, lang),
            "h_feminine": feminine.get(hour, spell_cardinal(hour, lang)),
            "m": spell_cardinal(minute, lang),
        }
        if minute == 0:
            # "ten a m", not "ten o'clock a m"; "thirteen hundred" is for soldiers: "thirteen o'clock" is understood
            spoken = names["h"] if half else locale.time_full.format(**names)
        elif minute < 10 and locale.time_small_minute:
            spoken = locale.time_small_minute.format(**names)
        else:
            spoken = locale.time.format(**names)
        if not half:
            return spoken
        stop = "." if half.endswith(".") and _ends_sentence(match) else ""
        return f"{spoken} {locale.pm[half.lower()]}{stop}"

    def _read_version(self, match: re.Match[str]) -> str:
        dot = f" {self._locale.url.dot if self._lang.iso639 != 'en' else self._locale.point} "
        return dot.join(spell_cardinal(int(part), self._lang) for part in match["version"].split("."))

    def _read_decade(self, match: re.Match[str]) -> str:
        spoken = spell_year(int(match["decade"]), self._lang)
        return spoken.removesuffix("y") + "ies" if spoken.endswith("y") else spoken + "s"

    def _read_fraction(self, match: re.Match[str]) -> str:
        above, below = int(match["above"]), int(match["below"])
        sign = {(1, 2): "½", (1, 4): "¼", (3, 4): "¾"}.get((above, below), "")
        if sign in self._locale.symbols:
            return self._locale.symbols[sign]
        first, second = spell_cardinal(above, self._lang), spell_cardinal(below, self._lang)
        if (above, below) == (24, 7):
            return f"{first} {second}"
        if self._lang.iso639 == "en" and 2 < below < 20 and above < below:
            return f"{first} {spell_ordinal(below, self._lang)}{'s' if above > 1 else ''}"
        if self._lang is LangCode.ZH_CN:
            return f"{second}分之{first}"
        return f"{first} {self._locale.url.slash} {second}"

    def _read_money(self, match: re.Match[str]) -> str:
        lang, locale = self._lang, self._locale
        forms = locale.currency[match["currency"]]
        whole, fraction = self._split_number(match["number"])
        minus = f"{locale.minus} " if match["sign"] else ""
        magnitude = match.groupdict().get("magnitude")
        if magnitude:
            plural = forms[-1] if len(forms) == 3 else forms[1]
            return f"{minus}{self._say_number(match['number'])} {locale.magnitudes[magnitude]} {plural}"
        has_hundredths = len(forms) == 4 and len(fraction) == 2
        if not has_hundredths and fraction.strip("0"):
            gap = " " if locale.is_spaced else ""
            return f"{minus}{self._say_number(match['number'])}{gap}{choose_form(forms, whole, lang, is_whole=False)}"
        cents = int(fraction) if has_hundredths else 0
        main = f"{self._say_count(whole, forms[:2] if len(forms) == 4 else forms)}"
        if cents:
            small = self._say_count(cents, forms[2:])
            main = f"{main}{locale.currency_joiner}{small}" if whole else small
        return minus + main

    def _read_money_range(self, match: re.Match[str]) -> str:
        forms = self._locale.currency[match["currency"]]
        first, second = self._say_number(match["first"]), self._say_number(match["second"])
        magnitude = match.groupdict().get("magnitude")
        large = [self._locale.magnitudes[magnitude]] if magnitude else []
        plural = forms[-1] if len(forms) == 3 else forms[1]
        return (" " if self._locale.is_spaced else "").join([first, self._locale.to, second, *large, plural])

    def _read_thousands(self, match: re.Match[str]) -> str:
        return f"{self._say_number(match['number'])} {self._locale.magnitudes['k']}"

    def _say_count(self, number: int, forms: tuple[str, ...]) -> str:
        """ "one dollar", "zwei Euro", "un euro": with the numeral in front of a noun as the language has it."""
        spoken = spell_cardinal(number, self._lang)
        shortened = {
            LangCode.ES_ES: (("veintiuno", "veintiún"), ("uno", "un")),
            LangCode.IT_IT: (("uno", "un"),) if number == 1 else (),
            LangCode.DE_DE: (("eins", "ein"),) if number == 1 else (),
        }.get(self._lang, ())
        for ending, short in shortened:
            if spoken.endswith(ending):
                spoken = spoken.removesuffix(ending) + short
                break
        gap = " " if self._locale.is_spaced else ""
        return f"{spoken}{gap}{choose_form(forms, number, self._lang)}"

    def _read_percent(self, match: re.Match[str]) -> str:
        number = self._say_signed(match["sign"], match["number"])
        locale = self._locale
        if locale.percent_first:
            return locale.percent + number
        return f"{number} {locale.percent}" if locale.is_spaced else number + locale.percent

    def _read_measure(self, match: re.Match[str]) -> str:
        forms = self._locale.units[match["unit"]]
        whole, fraction = self._split_number(match["number"])
        sign = {"-": self._locale.minus, "−": self._locale.minus, "+": self._locale.plus}.get(match["sign"] or "", "")
        gap = " " if self._locale.is_spaced else ""
        if fraction:
            unit = choose_form(forms, whole, self._lang, is_whole=False)
            return f"{sign}{gap}{self._say_number(match['number'])}{gap}{unit}".strip()
        return f"{sign}{gap}{self._say_count(whole, forms)}".strip()

    def _read_ordinal(self, match: re.Match[str]) -> str:
        number = int(match["number"])
        spoken = spell_ordinal(number, self._lang)
        is_feminine = match[0].endswith(("ª", "re", "a")) and self._lang in (
            LangCode.ES_ES,
            LangCode.IT_IT,
            LangCode.PT_BR,
            LangCode.FR_FR,
        )
        if is_feminine:
            return "première" if spoken == "premier" else re.sub(r"o\b", "a", spoken)
        return spoken

    def _read_range(self, match: re.Match[str]) -> str:
        first, second = self._say_number(match["first"]), self._say_number(match["second"])
        gap = " " if self._locale.is_spaced else ""
        spoken = gap.join([first, self._locale.to, second])
        if not match["unit"]:
            return spoken
        number, fraction = self._split_number(match["second"])
        unit = choose_form(self._locale.units[match["unit"]], number, self._lang, is_whole=not fraction)
        return spoken + gap + unit

    def _read_size(self, match: re.Match[str]) -> str:
        first, second = (spell_cardinal(int(match[name]), self._lang) for name in ("first", "second"))
        gap = " " if self._locale.is_spaced else ""
        unit = (
            [choose_form(self._locale.units[match["unit"]], int(match["second"]), self._lang)] if match["unit"] else []
        )
        return gap.join([first, self._locale.by, second, *unit])

    def _read_number_sign(self, match: re.Match[str]) -> str:
        return f"{self._locale.number_sign} {self._say_number(match['number'])}"

    def _read_phone(self, match: re.Match[str]) -> str:
        groups = re.findall(r"\d+", match["phone"])
        return ", ".join(
            [f"{self._locale.plus} {spell_digits(groups[0], self._lang)}"]
            + [spell_digits(group, self._lang) for group in groups[1:]]
        )

    def _read_number(self, match: re.Match[str]) -> str:
        return self._say_signed(match["sign"], match["number"])

    def _read_counted(self, match: re.Match[str]) -> str:
        number = int(match["number"])
        if self._lang is LangCode.JA_JP and match["counter"] in japanese.COUNTERS:
            return japanese.spell_counted(number, match["counter"])
        is_pair = self._lang is LangCode.ZH_CN and number == 2 and match["counter"] in "个位只次人"
        return ("两" if is_pair else spell_cardinal(number, self._lang)) + match["counter"]

    def _read_abbreviation(self, match: re.Match[str]) -> str | None:
        short = match["short"].lower()
        spoken = self._locale.abbreviations[short]
        rest = match.string[match.end() : match.end() + 40]
        if self._lang.iso639 == "en":
            is_before_name = re.match(r"\s+[A-Z]", rest) is not None
            if short == "no.":
                return None  # "number" only before digits, which a rule of its own reads; else it is the word "no"
            if short == "st.":
                return spoken if is_before_name else "Street"
            if short == "dr." and not is_before_name:
                return "Drive"
        return f"{spoken}." if short in self._locale.final_abbreviations and _ends_sentence(match) else spoken

    def _read_letters(self, match: re.Match[str]) -> str | None:
        """Spell what is written in capitals and cannot be a word. English leaves this to its lexicon."""
        letters = match["letters"]
        if not self._locale.letters or (len(letters) > 3 and _has_vowel(letters.lower())):
            return None
        return self._spell_letters(letters)

    def _spell_letters(self, letters: str) -> str:
        names = self._locale.letters
        if not names:
            return letters.upper()
        gap = " " if self._locale.is_spaced else ""
        return gap.join(names[ord(letter) - ord("A")] for letter in letters if "A" <= letter <= "Z")

    # --- numbers ---------------------------------------------------------------------------------------------------

    def _split_number(self, written: str) -> tuple[int, str]:
        """Whole part and the digits after the decimal sign."""
        plain = re.sub(rf"[{re.escape(self._locale.group)}\s'’\u202f\u00a0]", "", written)
        if self._locale.decimal not in plain:
            return int(plain or 0), ""
        whole, fraction = plain.split(self._locale.decimal, 1)
        return int(whole or 0), fraction

    def _say_number(self, written: str) -> str:
        lang, locale = self._lang, self._locale
        if written.isdigit():
            is_year = len(written) == 4 and lang.iso639 == "en" and 1100 <= int(written) < 2100 and written[2:] != "00"
            if (len(written) > 1 and written[0] == "0") or len(written) > 15:
                return spell_digits(written[:_MAX_DIGITS], lang)
            return spell_year(int(written), lang) if is_year else spell_cardinal(int(written), lang)
        whole, fraction = self._split_number(written)
        spoken = spell_cardinal(whole, lang)
        if not fraction:
            return spoken
        gap = " " if locale.is_spaced else ""
        return f"{spoken}{gap}{locale.point}{gap}{spell_fraction_digits(fraction[:_MAX_DIGITS], lang)}"

    def _say_signed(self, sign: str | None, written: str) -> str:
        word = {"-": self._locale.minus, "−": self._locale.minus, "+": self._locale.plus}.get(sign or "", "")
        gap = " " if self._locale.is_spaced else ""
        return f"{word}{gap}{self._say_number(written)}" if word else self._say_number(written)


@cache
def open_normalizer(lang: LangCode) -> Normalizer:
    """A language's rules, compiled once."""
    return Normalizer(lang)


def strip_unspoken(text: str) -> str:
    """Drop what nobody reads aloud: emoji, control and formatting signs, Markdown's marks. White space stays."""
    kept = "".join(sign if not _is_unspoken(sign) else "" for sign in text)
    return _MARKS.sub("", kept)


def _is_unspoken(sign: str) -> bool:
    code = ord(sign)
    if code in _KEYCAP_PARTS:
        return True
    category = unicodedata.category(sign)
    # So: pictures and emoji; Sk: skin tones, bare accents; Cc, Cf, Cs, Co, Cn: control, formatting, surrogates, private
    return category in ("So", "Sk", "Cf", "Cs", "Co", "Cn") or (category == "Cc" and not sign.isspace())


def _number_pattern(locale: Locale) -> str:
    decimal = re.escape(locale.decimal)
    group = r"[ \u00a0\u202f]" if locale.group == " " else re.escape(locale.group)
    digits = rf"\d{{1,3}}(?:{group}\d{{3}}){{1,6}}"
    if locale.group == "," and locale.decimal == ".":
        digits = r"\d{1,3}(?:,\d{2,3}){0,6},\d{3}"
    return rf"(?:{digits}|\d{{1,{_MAX_DIGITS}}})(?:{decimal}\d{{1,{_MAX_DIGITS}}})?"


def _any_of(words: object, *, is_loose: bool = False) -> str:
    """An alternation, longest first. is_loose: first letters of either case."""
    assert hasattr(words, "__iter__")
    ordered = sorted((str(word) for word in words), key=len, reverse=True)
    patterns = []
    for word in ordered:
        escaped = re.escape(word)
        if is_loose:
            escaped = "".join(f"[{c}{c.upper()}]" if c.isalpha() and c != c.upper() else re.escape(c) for c in word)
        patterns.append(escaped)
    return "|".join(patterns)


def _text_before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - 8) : match.start()]


def _ends_sentence(match: re.Match[str]) -> bool:
    """Whether the text ends here or goes on with a capital: then the dot of the abbreviation is a full stop, too."""
    return re.match(r"\s*$|\s+[\"'“«]?[A-ZÀ-ÞА-Я]", match.string[match.end() : match.end() + 40]) is not None


def _has_vowel(letters: str) -> bool:
    return any(letter in "aeiouy" for letter in letters)
