"""Numbers as a language writes them, and the words for them. What every rule about numbers is built with."""

import re
from collections.abc import Callable

from myna.domain.language import LangCode
from myna.text.gender import agree
from myna.text.locale import Locale, choose_form
from myna.text.numerals.spelling import spell_cardinal, spell_digits, spell_fraction_digits, spell_year

Reader = Callable[[re.Match[str]], str | None]
"""Words for a match; None if it is not what it looked like."""
Rule = tuple[re.Pattern[str], Reader]

MAX_DIGITS = 30
_MAX_CARDINAL_DIGITS = 9
"""A longer number without separators is a telephone number, an account or an article: nobody reads it as one."""
_MAX_GROUP_DIGITS = 4
_MAX_UNBROKEN_DIGITS = 5
_YEARS = range(1100, 2100)
_YEAR_LANGUAGES = frozenset({LangCode.EN_US, LangCode.EN_GB, LangCode.DE_DE, LangCode.HI_IN})


class NumberWords:
    """One language's numbers. Thread-safe."""

    def __init__(self, lang: LangCode, locale: Locale) -> None:
        self.lang = lang
        self.locale = locale
        self.gap = " " if locale.is_spaced else ""
        # Chinese, Japanese and Korean put digits straight behind and before their own letters
        is_glued = not locale.is_spaced or lang is LangCode.KO_KR
        self.letter = r"[0-9A-Za-z_]" if is_glued else r"\w"
        self.before = rf"(?<!{self.letter})(?<!\d[.,])"
        """What may not stand before a number: it would be the middle of something."""
        # a comma between two things that are written without spaces is no part of a number
        self.after = rf"(?!{self.letter})" + (r"(?!\.\d|,\d{3}(?!\d))" if not locale.is_spaced else r"(?![.,]\d)")
        self.number = _number_pattern(locale)

    def split(self, written: str) -> tuple[int, str]:
        """Whole part and the digits after the decimal sign."""
        plain = re.sub(rf"[{re.escape(self.locale.group)}\s'’\u202f\u00a0]", "", written)
        if self.locale.decimal not in plain:
            return int(plain or 0), ""
        whole, fraction = plain.split(self.locale.decimal, 1)
        return int(whole or 0), fraction

    def say(self, written: str) -> str:
        """A number as it is written: "1,250.5"."""
        if written.isdigit():
            if (len(written) > 1 and written[0] == "0") or len(written) > _MAX_CARDINAL_DIGITS:
                return self.say_digits(written)
            is_year = len(written) == 4 and self.lang in _YEAR_LANGUAGES and int(written) in _YEARS
            if is_year and (written[2:] != "00" or self.lang.iso639 == "en"):
                return spell_year(int(written), self.lang)
            return spell_cardinal(int(written), self.lang)
        whole, fraction = self.split(written)
        spoken = spell_cardinal(whole, self.lang)
        if not fraction:
            return spoken
        digits = spell_fraction_digits(fraction[:MAX_DIGITS], self.lang)
        return f"{spoken}{self.gap}{self.locale.point}{self.gap}{digits}"

    def say_signed(self, sign: str | None, written: str) -> str:
        word = self.sign_word(sign)
        return f"{word}{self.gap}{self.say(written)}" if word else self.say(written)

    def sign_word(self, sign: str | None) -> str:
        return {"-": self.locale.minus, "−": self.locale.minus, "+": self.locale.plus}.get(sign or "", "")

    def say_count(self, number: int, forms: tuple[str, ...]) -> str:
        """ "one dollar", "zwei Euro", "un euro": with the numeral in front of a noun as the language has it."""
        noun = choose_form(forms, number, self.lang)
        return f"{agree(spell_cardinal(number, self.lang), noun, self.lang)}{self.gap}{noun}"

    def say_digits(self, digits: str) -> str:
        """Digit by digit, with short breaks: "five five five, zero one nine nine"."""
        digits = digits[:MAX_DIGITS]
        if len(digits) <= _MAX_UNBROKEN_DIGITS:
            return spell_digits(digits, self.lang)
        groups = []
        while len(digits) > _MAX_GROUP_DIGITS:
            # fours as far as they go; else threes, and the rest at the end
            size = _MAX_GROUP_DIGITS if len(digits) % _MAX_GROUP_DIGITS == 0 else _MAX_GROUP_DIGITS - 1
            groups.append(digits[:size])
            digits = digits[size:]
        return self.say_groups([*groups, digits])

    def say_groups(self, groups: list[str]) -> str:
        """Digit by digit, with a short break between groups."""
        comma = "，" if self.lang is LangCode.ZH_CN else "、" if self.lang is LangCode.JA_JP else ", "
        return comma.join(spell_digits(group, self.lang) for group in groups)

    def join(self, *words: str) -> str:
        return self.gap.join(word for word in words if word)


def _number_pattern(locale: Locale) -> str:
    decimal = re.escape(locale.decimal)
    group = r"[ \u00a0\u202f]" if locale.group == " " else re.escape(locale.group)
    digits = rf"\d{{1,3}}(?:{group}\d{{3}}){{1,6}}"
    if locale.group == "," and locale.decimal == ".":
        digits = r"\d{1,3}(?:,\d{2,3}){0,6},\d{3}"
    if locale.group != " ":
        # also as the SI writes it
        digits += r"|\d{1,3}(?:[\u00a0\u202f]\d{3}){1,6}|\d{1,3}(?: \d{3}){1,5} 000"
    return rf"(?:{digits}|\d{{1,{MAX_DIGITS}}})(?:{decimal}\d{{1,{MAX_DIGITS}}})?"


def any_of(words: object, *, is_loose: bool = False) -> str:
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


def words_before(match: re.Match[str], max_chars: int = 40) -> str:
    """What stands before a match on its line."""
    return match.string[max(0, match.start() - max_chars) : match.start()].rpartition("\n")[2]


def ends_sentence(match: re.Match[str]) -> bool:
    """Whether the text ends here or goes on with a capital: then the dot of the abbreviation is a full stop, too."""
    return re.match(r"\s*$|\s+[\"'“«]?[A-ZÀ-ÞА-Я]", match.string[match.end() : match.end() + 40]) is not None
