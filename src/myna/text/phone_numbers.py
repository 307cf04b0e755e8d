"""Telephone numbers and other strings of digits that are read one by one: codes, ISBNs, ZIP."""

import re
from collections.abc import Iterator

from myna.domain.language import LangCode
from myna.text.number_words import NumberWords, Rule, any_of, words_before
from myna.text.numerals.spelling import spell_cardinal, spell_digits

_TOTAL_DIGITS = range(7, 16)
"""From a local number to ITU-T E.164's longest."""
_YEARS = frozenset(str(year) for year in range(1100, 2100))
_GROUPS: dict[str, re.Pattern[str]] = {
    "en": re.compile(r"(?:1 )?\d{3} \d{3} \d{4}"),
    "es": re.compile(r"[6-9]\d{2} \d{3} \d{3}|[6-9]\d{1,2} \d{2,3} \d{2} \d{2}"),
    "it": re.compile(r"3\d{2} \d{6,7}|3\d{2} \d{3} \d{3,4}"),
    "pt": re.compile(r"(?:\d{2} )?9?\d{4} \d{4}|0800 \d{3} \d{4}"),
    "zh": re.compile(r"1[3-9]\d \d{4} \d{4}|400 \d{3} \d{4}"),
    "hi": re.compile(r"[6-9]\d{4} \d{5}"),
}
"""Per language: groups of digits, joined with spaces, that are a telephone number without any other sign of it."""


class PhoneNumbers:
    """One language's rules."""

    def __init__(self, numbers: NumberWords) -> None:
        self._numbers = numbers
        self._lang = numbers.lang
        self._locale = numbers.locale
        words = any_of(self._locale.phone_words)
        self._after_word = re.compile(rf"(?:{words})\W{{0,3}}$", re.IGNORECASE) if words else None
        codes = any_of(self._locale.code_words)
        self._after_code = re.compile(rf"(?:{codes})\W{{0,3}}$", re.IGNORECASE) if codes else None

    def rules(self) -> Iterator[Rule]:
        letter = self._numbers.letter
        yield (
            re.compile(rf"\+(?P<phone>\d{{1,3}}(?:[\s().-]{{1,3}}\d{{1,11}}){{1,6}}|\d{{8,15}})(?!{letter})"),
            self._read_international,
        )
        yield (
            re.compile(rf"(?<!{letter})\((?P<phone>0?\d{{2,4}}\)\s?\d{{2,9}}(?:[\s.-]\d{{2,5}}){{0,4}})(?!{letter})"),
            self._read_area,
        )
        groups = (
            rf"(?<!{letter})(?<![.,/-])(?P<phone>\d{{1,5}}(?:[ .\u00a0/-]\d{{1,9}}){{1,6}})(?!{letter})(?![.,:/-]\d)"
        )
        yield re.compile(groups), self._read_groups
        if self._lang is LangCode.ZH_CN:
            mobile = r"(?<!\d)(?P<a>1[3-9]\d)(?P<b>\d{4})(?P<c>\d{4})(?!\d)"
            yield re.compile(mobile), lambda match: self._join([self._say(group) for group in match.groups()])
        yield re.compile(rf"(?<!{letter})(?<![.,/-])(?P<code>\d{{3,8}})(?!{letter})(?![.,:/-]\d)"), self._read_code

    def _read_international(self, match: re.Match[str]) -> str | None:
        groups = re.findall(r"\d+", match["phone"])
        if sum(map(len, groups)) not in _TOTAL_DIGITS:
            return None
        first = self._numbers.join(self._locale.plus, spell_digits(groups[0], self._lang))
        if len(groups) == 1:
            return self._numbers.join(self._locale.plus, self._numbers.say_digits(groups[0]))
        return self._join([first, *(self._say(group) for group in groups[1:])])

    def _read_area(self, match: re.Match[str]) -> str | None:
        groups = re.findall(r"\d+", match["phone"])
        return self._say_all(groups) if sum(map(len, groups)) in _TOTAL_DIGITS else None

    def _read_groups(self, match: re.Match[str]) -> str | None:
        groups = re.findall(r"\d+", match["phone"])
        num_digits = sum(map(len, groups))
        separators = set(re.findall(r"\D", match["phone"]))
        if len(separators) > 1 or ("/" in separators and len(groups) != 2):
            return None
        if all(group in _YEARS for group in groups):
            return None
        is_asked = self._after_word is not None and self._after_word.search(words_before(match)) is not None
        is_area = groups[0][0] == "0" and len(groups[0]) > 1 and num_digits >= 8 and groups[-1] != "0"
        pattern = _GROUPS.get(self._lang.iso639)
        is_known = pattern is not None and "/" not in separators and pattern.fullmatch(" ".join(groups)) is not None
        is_book = separators == {"-"} and len(groups) > 2 and num_digits >= 7
        is_local = self._lang.iso639 == "en" and [len(group) for group in groups] == [3, 4] and separators == {"-"}
        is_book = is_book or (is_local and (groups[0] == "555" or groups[1][0] == "0"))
        if not (is_asked or is_area or is_known or is_book) or num_digits > 20 or num_digits < 6:
            return None
        if separators == {"."} and not is_known and not is_asked:
            return None  # a version, a date
        return self._say_all(groups)

    def _read_code(self, match: re.Match[str]) -> str | None:
        before = words_before(match)
        is_asked = self._after_word is not None and self._after_word.search(before) is not None
        is_code = self._after_code is not None and self._after_code.search(before) is not None
        # German postcodes stand before the town
        is_postcode = self._lang is LangCode.DE_DE and re.search(r"(?:,|^|D-)\s?$", before) is not None
        is_postcode = (
            is_postcode
            and len(match["code"]) == 5
            and bool(re.match(r" [A-ZÄÖÜ][a-zäöü]", match.string[match.end() :]))
        )
        return self._numbers.say_digits(match["code"]) if is_asked or is_code or is_postcode else None

    def _say_all(self, groups: list[str]) -> str:
        if self._lang.iso639 == "fr" and all(len(group) == 2 for group in groups):
            return self._join([self._say_pair(group) for group in groups])
        return self._join([self._say(group) for group in groups])

    def _say(self, group: str) -> str:
        if self._lang.iso639 == "en" and len(group) == 3 and group.endswith("00") and group[0] != "0":
            return spell_cardinal(int(group), self._lang)
        return self._numbers.say_digits(group)

    def _say_pair(self, group: str) -> str:
        return spell_digits(group, self._lang) if group[0] == "0" else spell_cardinal(int(group), self._lang)

    def _join(self, groups: list[str]) -> str:
        spoken = ("，" if self._lang is LangCode.ZH_CN else "、" if self._lang is LangCode.JA_JP else ", ").join(groups)
        # on the telephone one is yāo, which cannot be taken for seven
        return spoken.replace("一", "幺") if self._lang is LangCode.ZH_CN else spoken
