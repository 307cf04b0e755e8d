"""One language: its words, and how it says numbers, dates and times. What it does as no other is in its class."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cached_property

from babel import Locale
from num2words import num2words

from myna.text.languages import cldr
from myna.text.languages.words import Currency, Forms, Words, read_forms
from myna.text.rules import any_of, read_grammar

MAX_DIGITS = 30
_MAX_CARDINAL_DIGITS, _MAX_UNSPACED_DIGITS = 7, 9
"""A longer number without separators is a telephone number, an account or an article: nobody reads it as one, unless
it is round."""
_MAX_GROUP_DIGITS = 4
_MAX_UNBROKEN_DIGITS = 5
_MAX_NUM2WORDS = 10**15 - 1
_YEARS = range(1100, 2100)
_PIECE = re.compile(r"\{([a-z_]+)\}")
_NOUN = re.compile(r"[^\W\d_]+")
_SQUARED = {sign: unicodedata.normalize("NFKC", sign) for sign in map(chr, range(0x3371, 0x33E0))}
"""Units in one sign: ㎏ -> kg."""
_ACTS = "laughs sighs chuckles giggles gasps whispers laughing sighing chuckling giggling laughter"
"""English, and written in other languages, too, where they mean nothing else."""


class Language(Words):
    """Thread-safe. `letter`, `before`, `after` and `number` are pieces of regular expressions."""

    @cached_property
    def locale(self) -> Locale:
        """As the Unicode CLDR has it."""
        return Locale.parse(self.cldr_name or self.code.value)

    @property
    def english_name(self) -> str:
        return Locale.parse(self.code.value).get_language_name("en") or ""

    @property
    def country(self) -> str:
        """Where it is spoken so; in English."""
        return Locale.parse(self.code.value).get_territory_name("en") or ""

    # --- words of the CLDR, and its own ------------------------------------------------------------------------------

    @cached_property
    def months(self) -> tuple[str, ...]:
        """Twelve, as they are said after a day."""
        return self.month_words or cldr.months(self.locale)

    @cached_property
    def month_names(self) -> dict[str, int]:
        """Lower-case spellings -> 1 to 12."""
        return cldr.month_names(self.locale, "wide") | dict(self.month_spellings)

    @cached_property
    def short_month_names(self) -> dict[str, int]:
        """Abbreviations, without dots, that are months only between a day and a year: "set" is more in Italian."""
        return cldr.month_names(self.locale, "abbreviated")

    @cached_property
    def weekdays(self) -> dict[str, str]:
        """Lower-case abbreviations without their dots."""
        return cldr.weekdays(self.locale) | dict(self.weekday_words)

    @cached_property
    def units(self) -> dict[str, Forms]:
        """By sign."""
        known = cldr.units(self.locale, self.unit_signs)
        found = {sign: forms for signs, forms in known.values() if forms["other"] for sign in signs}
        for name, words in self.unit_words.items():
            found |= dict.fromkeys(known[name][0] if name in known else [name], read_forms(words) if words else {})
        # as they are typed: m2, m^2
        for sign, forms in [*found.items()]:
            for raised, digit in (("²", "2"), ("³", "3")):
                if raised in sign:
                    found |= {sign.replace(raised, digit): forms, sign.replace(raised, f"^{digit}"): forms}
        found |= {sign: found[plain] for sign, plain in _SQUARED.items() if plain in found}
        return {sign: forms for sign, forms in found.items() if forms}

    @cached_property
    def currency(self) -> dict[str, Currency]:
        """By sign."""
        known = cldr.currencies(self.locale)
        found = {sign: Currency(forms) for signs, forms in known.values() for sign in signs}
        for name, words in self.currency_words.items():
            num_forms = 3 if len(words) % 3 == 0 else 4 if "few" in self.locale.plural_form.tags else 2
            hundredth = read_forms(words[num_forms:]) if len(words) > num_forms else None
            own = Currency(read_forms(words[:num_forms]), hundredth)
            found |= dict.fromkeys(known[name][0] if name in known else [name], own)
        return found

    @cached_property
    def common_words(self) -> frozenset[str]:
        return frozenset(self.small_words.split())

    @cached_property
    def known_words(self) -> frozenset[str]:
        return self.common_words | frozenset(self.short_words.split())

    @cached_property
    def act(self) -> re.Pattern[str]:
        """What somebody does while speaking: "laughs nervously"."""
        return re.compile(
            rf"(?:{any_of([*_ACTS.split(), *self.acts.split(), *self.manners])})(?: (?:{self.act_tail})){{0,2}}"
        )

    # --- how numbers are written -------------------------------------------------------------------------------------

    @cached_property
    def gap(self) -> str:
        return " " if self.is_spaced else ""

    @cached_property
    def letter(self) -> str:
        return r"[0-9A-Za-z_]" if self.is_glued else r"\w"

    @cached_property
    def before(self) -> str:
        """What may not stand before a number: it would be the middle of something."""
        return rf"(?<!{self.letter})(?<!\d[.,])"

    @cached_property
    def after(self) -> str:
        # a comma between two things that are written without spaces is no part of a number
        return rf"(?!{self.letter})" + (r"(?![.,]\d)" if self.is_spaced else r"(?!\.\d|,\d{3}(?!\d))")

    @cached_property
    def number(self) -> str:
        group = r"[ \u00a0\u202f]" if self.group == " " else re.escape(self.group)
        digits = rf"\d{{1,3}}(?:{group}\d{{3}}){{1,6}}"
        if self.decimal == ",":
            # as the Swiss write, and everybody's neighbours
            digits += r"|\d{1,3}(?:['’]\d{3}){1,6}|[1-9]\d{0,2}(?:\.\d{3}){1,6}"
        if self.group == "," and self.decimal == ".":
            digits = r"\d{1,3}(?:,\d{2,3}){0,6},\d{3}"
        if self.group != " ":
            # also as the SI writes it
            digits += r"|\d{1,3}(?:[\u00a0\u202f]\d{3}){1,6}|\d{1,3}(?: \d{3}){0,5} 000"
        return rf"(?:{digits}|\d{{1,{MAX_DIGITS}}})(?:{re.escape(self.decimal)}\d{{1,{MAX_DIGITS}}})?"

    def split(self, written: str) -> tuple[int, str]:
        """Whole part and the digits after the decimal sign."""
        plain = re.sub(rf"[{re.escape(self.group)}\s'’\u202f\u00a0]", "", written)
        plain = plain.replace(".", "") if self.decimal == "," else plain
        whole, _, fraction = plain.partition(self.decimal)
        return int(whole or 0), fraction

    # --- numbers in words --------------------------------------------------------------------------------------------

    def cardinal(self, number: int) -> str:
        """`21` -> "twenty-one". Numbers of more than about fifteen digits are read digit by digit."""
        return self._spell(number)

    def ordinal(self, number: int, *, is_feminine: bool = False) -> str:  # noqa: ARG002  (of languages with genders)
        """`21` -> "twenty-first"; the cardinal where the language has no simple ordinal."""
        return self._spell(number, to="ordinal")

    def ordinal_before(self, number: int, noun: str) -> str:
        """As it stands before this noun."""
        return self.ordinal(number, is_feminine=self.is_feminine(noun))

    def year(self, year: int) -> str:
        """`1998` -> "nineteen ninety-eight", where years are said so."""
        return self._spell(year, to="year") if self.pairs_years and year in _YEARS else self.cardinal(year)

    def digits(self, digits: str) -> str:
        """Digit by digit: `"007"` -> "zero zero seven"."""
        return " ".join(self.cardinal(int(digit)) for digit in digits)

    def _spell(self, number: int, to: str = "cardinal") -> str:
        if number > _MAX_NUM2WORDS:
            return self.digits(str(number))
        words = str(num2words(number, lang=self.num2words or self.code.iso639, to=to)).replace(",", "")
        return words if self.says_and else words.replace(" and ", " ")

    def decimals(self, digits: str) -> str:
        """What follows the decimal sign: digit by digit, but as one number where the language reads two digits so."""
        if not self.pairs_decimals or len(digits) > 2:
            return self.digits(digits)
        rest = digits.lstrip("0")
        zeros = [self.cardinal(0)] * (len(digits) - len(rest))
        return " ".join([*zeros, *([self.cardinal(int(rest))] if rest else [])])

    def say(self, written: str) -> str:
        """A number as it is written: "1,250.5"."""
        if written.isdigit():
            most = _MAX_CARDINAL_DIGITS if self.is_spaced else _MAX_UNSPACED_DIGITS
            is_long = len(written) > most and not written.endswith("000")
            if (len(written) > 1 and written[0] == "0") or is_long:
                return self.say_digits(written)
            is_year = len(written) == 4 and self.pairs_years and int(written) in _YEARS
            is_paired = is_year and (self.pairs_hundreds or written[2:] != "00")
            return self.year(int(written)) if is_paired else self.cardinal(int(written))
        whole, fraction = self.split(written)
        if not fraction:
            return self.cardinal(whole)
        return f"{self.cardinal(whole)}{self.gap}{self.point}{self.gap}{self.decimals(fraction[:MAX_DIGITS])}"

    def say_large(self, written: str, magnitude: str) -> str:
        """So many thousands, millions. magnitude: one of `magnitudes`, as it is said."""
        return self.join(self.say(written), magnitude)

    def say_signed(self, sign: str | None, written: str) -> str:
        return self.join(self.sign_word(sign), self.say(written))

    def sign_word(self, sign: str | None) -> str:
        return {"-": self.minus, "−": self.minus, "+": self.plus}.get(sign or "", "")

    def operation(self, sign: str) -> str:
        """The word between two numbers. sign: one of + - × ÷."""
        known = {"-": self.minus, "+": self.plus, **self.symbols, **self.operations}
        return known.get(sign, "")

    def say_count(self, number: int, forms: Forms) -> str:
        """ "one dollar", "zwei Euro", "un euro": with the numeral in front of a noun as the language has it."""
        noun = self.choose_form(forms, number)
        return f"{self.agree(self.cardinal(number), noun)}{self.gap}{noun}".replace("' ", "'")

    def say_digits(self, digits: str) -> str:
        """Digit by digit, with short breaks: "five five five, zero one nine nine"."""
        digits = digits[:MAX_DIGITS]
        if len(digits) <= _MAX_UNBROKEN_DIGITS:
            return self.digits(digits)
        groups = []
        while len(digits) > _MAX_GROUP_DIGITS:
            # fours as far as they go; else threes, and the rest at the end
            size = _MAX_GROUP_DIGITS if len(digits) % _MAX_GROUP_DIGITS == 0 else _MAX_GROUP_DIGITS - 1
            groups.append(digits[:size])
            digits = digits[size:]
        return self.say_groups([*groups, digits])

    def say_code(self, digits: str) -> str:
        """A number that only names something: a password, an account."""
        return self.say_digits(digits)

    def say_pairs(self, digits: str) -> str:
        """As a room or a model has it: "four oh one", "forty ninety", where that is said."""
        return self.say(digits)

    def say_groups(self, groups: Iterable[str]) -> str:
        """Digit by digit, with a short break between groups."""
        return self.comma.join(self.digits(group) for group in groups)

    def join(self, *words: str) -> str:
        return self.gap.join(word for word in words if word)

    # --- grammar -----------------------------------------------------------------------------------------------------

    def choose_form(self, forms: Forms, number: int, *, is_whole: bool = True) -> str:
        """The word for so many of something. is_whole: nothing follows behind a decimal sign."""
        return forms.get(str(self.locale.plural_form(number)) if is_whole else "other", forms["other"])

    def agree(self, numeral: str, noun: str) -> str:  # noqa: ARG002  (of languages whose numerals agree)
        """A cardinal as it stands before this noun. noun: the word behind it, singular or plural, or more words."""
        return numeral

    def is_feminine(self, noun: str) -> bool:
        """Whether a noun looks feminine, from its ending."""
        if not self.feminine or not _NOUN.fullmatch(noun):
            return False
        return re.fullmatch(self.feminine, noun) is not None and re.fullmatch(self.masculine, noun) is None

    def elide(self, words: str) -> str:
        """The same, where the language joins a small word to the next: "d'euros"."""
        return words

    def is_attributive(self, match: re.Match[str]) -> bool:  # noqa: ARG002  (of English)
        """Whether an amount says of what kind a thing is, and has no plural then: "a $500 deposit"."""
        return False

    def say_chapter(self, book: str, chapter: str) -> str:
        """ "Johannes drei" """
        form = "{book} {chapter}" if book and book == self.psalm else self.chapter
        return form.format(book=book, chapter=self.say(chapter))

    def say_verses(self, first: str, half: str, last: str | None) -> str:
        """As it stands behind a chapter: ", Vers sechzehn". half: "a", or empty."""
        form = self.verses if last else self.verse
        return form.format(first=self.join(self.say(first), half.upper()), last=self.say(last or first))

    # --- readings ----------------------------------------------------------------------------------------------------

    def fill(self, pattern: str, **more: str) -> str:
        """A pattern with the pieces written out that it names in braces.

        A piece is one of `more`, of the language's or the grammar's own, or an attribute; words stand for any of them.
        """

        def write(piece: re.Match[str]) -> str:
            name = piece[1]
            if name in more:
                return more[name]
            found = self.pieces.get(name) or read_grammar()["pieces"].get(name) or getattr(self, name)
            if isinstance(found, str):
                return self.fill(found, **more)
            if name not in self._alternations:
                self._alternations[name] = any_of(found)
            return self._alternations[name]

        return _PIECE.sub(write, pattern)

    @cached_property
    def _alternations(self) -> dict[str, str]:
        return {}

    @cached_property
    def compiled_cues(self) -> dict[str, re.Pattern[str]]:
        return {name: re.compile(self.fill(pattern)) for name, pattern in self.cues.items()}

    def finds(self, cue: str, text: str) -> bool:
        """Whether a text has in it what the cue of this name says."""
        return self.compiled_cues[cue].search(text) is not None

    def kind_of(self, table: str, word: str) -> str | None:
        """The key of a table in whose words this one is."""
        return next((kind for kind, words in self.tables[table].items() if word in words.split()), None)

    def spell(self, letters: str) -> str:
        """The names of capital letters; others are left out."""
        if not self.letters:
            return letters.upper()
        names = dict(zip(self.alphabet, self.letters, strict=False))
        return self.gap.join(names[letter] for letter in letters if letter in names)

    def name_month(self, written: str) -> str:
        """A month as it is said, by its number or as it is written in full or short."""
        lower = written.lower().rstrip(".")
        number = int(written) if written.isdigit() else self.month_names.get(lower) or self.short_month_names[lower]
        return self.months[number - 1]

    def _read_before_noun(self, match: re.Match[str]) -> str | None:
        whole, fraction = self.split(match["number"])
        if fraction or match["number"].startswith("0") or self.is_small(match["noun"]):
            return None
        plain = self.say(match["number"])
        agreed = self.agree(plain, match["noun"])
        return agreed if agreed != plain and whole else None

    def is_small(self, word: str) -> bool:
        """Whether nothing is counted by it: "tecle 1 para ..."; "ora" is an hour, too."""
        return word.lower() in self.common_words and word not in self.hours

    def _read_short_year(self, match: re.Match[str]) -> str | None:
        """ "'98": `year` holds the two digits."""
        return self.say(match["year"])

    def suffixed(self, number: int, suffix: str) -> str:  # noqa: ARG002  (of languages whose ordinals change)
        """An ordinal as it is written with one of `ordinal_suffixes`."""
        return self.ordinal(number)

    def day(self, day: int) -> str:
        return self.cardinal(day)

    def day_ordinal(self, day: int, before: str) -> str:  # noqa: ARG002  (of languages whose ordinals change)
        """before: the words before the date."""
        return self.ordinal(day)

    def date_year(self, year: int) -> str:
        """As it stands in a date."""
        return self.year(year)

    def say_date(self, year: int | None, month: int, day: int, before: str = "", *, is_of: bool = False) -> str | None:
        """None if there is no such day. before: the words before it. is_of: written as "12th of May"."""
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return None
        patterns = (self.date_of, self.date_of_without_year) if is_of and self.date_of else ()
        with_year, without_year = patterns or (self.date, self.date_without_year)
        is_first = day == 1 and bool(self.first)
        return (without_year if year is None else with_year).format(
            day=self.day(day),
            day_ordinal=self.day_ordinal(day, before),
            day_first_ordinal=self.first if is_first else self.day(day),
            month=self.months[month - 1],
            year="" if year is None else self.date_year(year),
        )

    def _read_day(self, match: re.Match[str]) -> str | None:
        """ "3.02", where two digits, a zero or a word before it tell a day from a number."""
        before = match.string[max(0, match.start() - 24) : match.start()]
        day, month = match["day"], match["month"]
        is_day = len(day) == len(month) or month[0] == "0" or self.finds("dated", before)
        if not is_day or self.finds("undated", before):
            return None
        return self.say_date(None, int(month), int(day), before)

    def say_time(self, hour: int, minute: int, *, is_half_known: bool) -> str:
        """is_half_known: "AM" follows: "ten AM", not "ten o'clock AM"."""
        names = {"h": self.cardinal(hour), "m": self.cardinal(minute)}
        if self.hours:
            names["h_feminine"] = self.agree(names["h"], self.hours[1])
            names["hours"] = self.say_count(hour, read_forms(self.hours))
        if minute == 0:
            return names["h"] if is_half_known else self.time_full.format(**names)
        pattern = self.time_small_minute if minute < 10 else ""
        return (pattern or self.time).format(**names)

    def say_half(self, half: str, hour: int) -> str:  # noqa: ARG002  (of Spanish)
        """Of the day, after a time: "PM". half: as it is written, in small letters."""
        return self.pm[half]

    def say_bare_hour(self, hour: int) -> str:
        """Where the word for hours follows later: "neuf à dix heures"."""
        return self.agree(self.cardinal(hour), self.hours[1]) if self.hours else self.cardinal(hour)

    def say_second(self, second: int) -> str:
        """Behind hours and minutes."""
        return self.seconds.format(s=self.cardinal(second))

    def is_fraction(self, above: int, below: int) -> bool:
        return f"{above}/{below}" not in self.spoken_pairs

    def say_fraction(self, above: int, below: int) -> str:
        forms = self.fractions.get(str(below))
        if forms is not None and above < below:
            return forms[2] if above == 1 and len(forms) > 2 else self.say_count(above, read_forms(forms[:2]))
        template = self.fraction or f"{{above}} {self.url['/']} {{below}}"
        return template.format(above=self.cardinal(above), below=self.cardinal(below))

    def say_mixed(self, whole: int, fraction: str) -> str:
        """fraction: in words."""
        return self.mixed.format(whole=self.cardinal(whole), fraction=fraction)

    def say_ratio(self, first: str, second: str) -> str:
        """ "16:9", as it is written."""
        return self.join(self.say(first), self.ratio or self.to, self.say(second))

    def say_each(self, unit: str) -> str:
        """What an amount is for: "per day"."""
        return f"{self.per} {unit}"

    def say_side(self, written: str) -> str:
        """Of a size: 1920x1080."""
        return self.say(written)

    def say_phone_group(self, group: str) -> str:
        return self.say_digits(group)

    def join_phone(self, spoken: Iterable[str]) -> str:
        return self.comma.join(spoken)

    def say_phone(self, groups: list[str]) -> str:
        """groups: digits as they are written together."""
        return self.join_phone(self.say_phone_group(group) for group in groups)

    def is_postcode(self, match: re.Match[str]) -> bool:  # noqa: ARG002  (of German)
        """Whether digits that no word announces are one all the same. match: has them as `code`."""
        return False

    def lone_roman(self, value: int, word: str, match: re.Match[str]) -> str | None:
        """A Roman numeral of two signs or more that neither king nor noun explains. word: stands before it."""
        if not self.plain_romans:
            return self.say_king(value, word) if word[:1].isupper() else None
        is_known = word[:1].isupper() or len(match["roman"]) > 2 or (bool(word) and not word.isascii())
        return self.cardinal(value) if is_known else None

    def say_king(self, value: int, name: str) -> str:
        """What stands behind the name."""
        if value > self.ordinal_kings:
            return self.cardinal(value)
        ordinal = self.ordinal(value, is_feminine=self.is_feminine(name))
        return self.king.format(ordinal=ordinal, capital=ordinal.capitalize())
