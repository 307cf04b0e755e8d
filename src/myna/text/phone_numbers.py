"""Telephone numbers and other strings of digits that are read one by one: codes, ISBNs, ZIP."""

import re
from collections.abc import Iterator, Sequence

from myna.text.languages.language import Language
from myna.text.patterns import Rules
from myna.text.rules import Rule, any_of, words_before

_TOTAL_DIGITS = range(7, 16)
"""From a local number to ITU-T E.164's longest."""
_YEARS = frozenset(str(year) for year in range(1100, 2100))


class PhoneNumbers(Rules):
    """One language's rules."""

    def __init__(self, language: Language) -> None:
        super().__init__(language)
        self._after_word = self._behind(language.phone_words)
        self._after_code = self._behind(language.code_words)

    def _behind(self, words: Sequence[str]) -> re.Pattern[str] | None:
        """What ends with one of these words, and maybe "is"."""
        if not words:
            return None
        verbs = any_of(self._language.copulas)
        edge = r"\b" if self._language.is_spaced else ""
        verb = rf"(?:\s?(?:{verbs}))?" if verbs else ""
        return re.compile(rf"{edge}(?:{any_of(words)}){verb}\W{{0,3}}$", re.IGNORECASE)

    def rules(self) -> Iterator[Rule]:
        if self._language.keys:
            yield from self._table("keys")
        yield from self._table("phones")

    def _read_keys(self, match: re.Match[str]) -> str:
        keys, digits = self._language.keys, self._language.digits
        parts = re.findall(r"\d+|\D", match[0])
        return self._language.comma.join(keys[part] if part in keys else digits(part) for part in parts)

    def _read_account(self, match: re.Match[str]) -> str:
        parts = re.findall(r"[A-Z]+|\d{1,4}", match["account"])
        spell, digits = self._language.spell, self._language.digits
        return self._language.comma.join(digits(part) if part.isdigit() else spell(part) for part in parts)

    def _read_international(self, match: re.Match[str]) -> str | None:
        groups = re.findall(r"\d+", match["phone"])
        if sum(map(len, groups)) not in _TOTAL_DIGITS:
            return None
        plus = self._language.url.get("+", self._language.plus)
        first = self._language.join(plus, self._language.digits(groups[0]))
        if len(groups) == 1:
            return self._language.join(plus, self._language.say_digits(groups[0]))
        return self._language.join_phone([first, *(self._language.say_phone_group(group) for group in groups[1:])])

    def _read_area(self, match: re.Match[str]) -> str | None:
        groups = re.findall(r"\d+", match["phone"])
        return self._language.say_phone(groups) if sum(map(len, groups)) in _TOTAL_DIGITS else None

    def _read_groups(self, match: re.Match[str]) -> str | None:
        groups = re.findall(r"\d+", match["phone"])
        num_digits = sum(map(len, groups))
        separators = set(re.findall(r"\D", match["phone"]))
        is_area = groups[0][0] == "0" and len(groups[0]) > 1 and num_digits >= 8 and groups[-1] != "0"
        # "089/1234-567", "011-2345 6789"
        is_mixed = is_area and len(groups) == 3 and len(groups[0]) > 2
        if not is_mixed and (len(separators) > 1 or ("/" in separators and len(groups) != 2)):
            return None
        if all(group in _YEARS for group in groups):
            return None
        words = words_before(match)
        is_asked = any(behind is not None and behind.search(words) for behind in (self._after_word, self._after_code))
        joined = " ".join(groups)
        is_known = "/" not in separators and re.fullmatch(self._language.phone_groups, joined) is not None
        is_book = separators == {"-"} and len(groups) > 2 and num_digits >= 7
        is_local = separators == {"-"} and re.fullmatch(self._language.local_phone_groups, joined) is not None
        is_card = separators in ({" "}, {"-"}) and len(groups) > 2 and all(len(group) == 4 for group in groups)
        if not (is_card or is_local or is_asked or is_area or is_known or is_book) or num_digits > 20 or num_digits < 6:
            return None
        if separators == {"."} and not is_known and not is_asked:
            return None  # a version, a date
        return self._language.say_phone(groups)

    def _read_code(self, match: re.Match[str]) -> str | None:
        before = re.sub(r"(?<![A-Za-z])[A-Za-z]{1,3}$", "", words_before(match))
        is_asked = self._after_word is not None and self._after_word.search(before) is not None
        is_code = self._after_code is not None and self._after_code.search(before) is not None
        is_read = is_asked or is_code or self._language.is_postcode(match)
        return self._language.say_code(match["code"]) if is_read else None
