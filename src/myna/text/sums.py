"""Sums: "5 - 3 = 2", "What is 10 - 3?". The hyphen is a minus there, and a stroke or a colon divides."""

import re
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.letters import spell_letters
from myna.text.rules import Rule, any_of

_SIGNS = {"-": "-", "−": "-", "–": "-", "+": "+", "×": "×", "x": "×", "*": "×", "·": "×", "÷": "÷", "/": "÷", ":": "÷"}
"""What is written -> the operation."""
_SIGN = r"(?:[-−–+×*·÷/]|(?<=\d):(?=\d)|(?<=\s):(?=\s)|x(?=\s?\d))"
_OPERATOR = rf"\s?{_SIGN}\s?"
_MONEY = "[$€£¥₹]"
_NUMBER = r"\d[\d.,]{0,12}(?:[ \u00a0\u202f]\d{3}(?!\d)){0,4}"
_UNIT = rf"(?:[²³%]|\^\d|\s?{_MONEY}|\s?[a-z]{{2}}\b)?"
_OPERAND = rf"[(（]?[-−+]?{_MONEY}?(?:{_NUMBER}|(?<![^\W\d_])[A-Za-z](?![^\W²³])){_UNIT}[)）]?"
_SUM = rf"{_OPERAND}(?:{_OPERATOR}{_OPERAND}){{1,8}}"
_EQUATION = rf"{_SUM}\s?[=≈≠≤≥]\s?(?:{_OPERAND}|[?_…])|{_OPERAND}\s?=\s?{_SUM}"
_EQUALS = re.compile("[=≈≠≤≥]")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_RANGE = re.compile(r"(?P<first>\d+)\s?[-–]\s?(?P<second>\d+)\s?=\s?\d+")
"""Only if the second is the larger: "10-20 = 5" is a table."""
_ASKED_FOR_ITSELF = re.compile(
    r"\d{1,2}:\d\d(?!\d)|\d[-–]\d+[-–]\d|\d{3}[-–]\d{4}|\d{4}[-–]\d{4}|(?<!\d)0\d|[A-Za-z]/[A-Za-z]"
)
"""In a question without an equals sign: a time, a telephone number, years, "I/O"."""
_BELOW = re.compile(r"/(?P<below>\d{1,2})(?!\d)")
_NEXT = rf"(?=[(（]?[-−+]?{_MONEY}?[\dA-Za-z])"
_REACH = 60


class Sums:
    """One language's rules."""

    def __init__(self, language: Language) -> None:
        self._language = language
        asked = rf"(?<!\w)(?:{any_of(language.sum_words)})\W{{0,3}}{_SUM}(?=\s?(?:[?.？。]|$))"
        either = rf"{asked}|{_EQUATION}" if language.sum_words else _EQUATION
        self._cue = re.compile(any_of(["=", *"≈≠≤≥", *language.sum_words]), re.IGNORECASE)
        self._sum = re.compile(rf"(?<!{language.letter})(?<![.,])(?:{either})", re.IGNORECASE)

    def rules(self) -> Iterator[Rule]:
        number = rf"{self._language.before}(?P<number>{self._language.number})(?={_OPERATOR}{_NEXT})"
        yield re.compile(number), self._read_number
        yield re.compile(r"(?<![\w'’.])(?P<letter>[A-Za-z])(?![\w'’.])"), self._read_letter
        yield re.compile(rf"(?<=[0-9A-Za-z)）²³%$€£¥])\s?(?P<sign>{_SIGN})\s?{_NEXT}"), self._read_sign

    def _is_in_sum(self, match: re.Match[str]) -> bool:
        first = max(0, match.string.rfind("\n", 0, match.start()) + 1, match.start() - _REACH)
        around = match.string[first : match.end() + _REACH].split("\n", 1)[0]
        if not self._cue.search(around):
            return False
        for found in self._sum.finditer(around):
            if found.start() <= match.start() - first < found.end():
                between = _RANGE.fullmatch(found[0])
                is_range = between is not None and int(between["first"]) < int(between["second"])
                is_other = _EQUALS.search(found[0]) is None and _ASKED_FOR_ITSELF.search(found[0]) is not None
                return not is_range and not is_other and _DATE.search(found[0]) is None
        return False

    def _read_number(self, match: re.Match[str]) -> str | None:
        is_share = _is_share(match.string, match.end())
        return self._language.say(match["number"]) if not is_share and self._is_in_sum(match) else None

    def _read_letter(self, match: re.Match[str]) -> str | None:
        """ "a - b" has no article."""
        letter = match["letter"]
        is_read = (self._language.letters or letter == "a") and self._is_in_sum(match)
        return spell_letters(letter.upper(), self._language) if is_read else None

    def _read_sign(self, match: re.Match[str]) -> str | None:
        if _is_share(match.string, match.start()) or (match["sign"] != "−" and not self._is_in_sum(match)):
            return None
        word = self._language.operation(_SIGNS[match["sign"]])
        return f" {word} " if word else None


def _is_share(text: str, position: int) -> bool:
    """Whether a stroke between two numbers stands there, the first the smaller: "1/2" is one half in sums, too."""
    above, below = re.search(r"\d{1,3}$", text[max(0, position - 3) : position]), _BELOW.match(text, position)
    return above is not None and below is not None and int(above[0]) < int(below["below"])
