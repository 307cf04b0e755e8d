"""Sums: "5 - 3 = 2", "What is 10 - 3?". The hyphen is a minus there, and a stroke or a colon divides."""

import re
from collections.abc import Iterator
from fractions import Fraction

from myna.text.languages.language import Language
from myna.text.patterns import Rules
from myna.text.rules import Rule, any_of, words_before

_SIGNS = dict.fromkeys("-−–—", "-") | {"+": "+"} | dict.fromkeys("×x*·", "×") | dict.fromkeys("÷/:", "÷")
"""What is written -> the operation."""
_EQUALS = re.compile("[=≈≠≤≥]")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_RANGE = re.compile(
    r"(?P<first>\d+)\s?[-–]\s?(?P<second>\d+)(?!\d|[.,]\d|\s?[-−–+×*·÷/])[^\d?？_…−-]*\d[\d.,]*(?:[-–]\d+)?[^−-]*"
)
"""Only if the second is the larger: "10-20 = 5" is a table, "5-10 kg = 11-22 lb" two ranges."""
_ASKED_FOR_ITSELF = re.compile(
    r"\d{1,2}:\d\d(?!\d)|\d[-–]\d+[-–]\d|\d{3}[-–]\d{4}|\d{4}[-–]\d{4}|(?<!\d)0\d|[A-Za-z]/[A-Za-z]"
)
"""In a question without an equals sign: a time, a telephone number, years, "I/O"."""
_BELOW = re.compile(r"/(?P<below>\d{1,2})(?!\d)")
_REACH = 60


class Sums(Rules):
    """One language's rules."""

    def __init__(self, language: Language) -> None:
        super().__init__(language)
        said = [word for word in (language.minus, language.plus, *map(language.operation, "×÷")) if word]
        pieces = {
            "said_operators": any_of(said),
            "gap_sign": r"\s" if language.is_spaced else "",
            "edge": r"(?<!\w)" if language.is_spaced else "",
            "equals": any_of(language.equal_words) or "(?!)",
        }
        either = "{sum}|{asked_sum}" if language.sum_words else "{sum}"
        self._tight = re.compile(language.fill("{difference}", **pieces))
        self._cue = re.compile(any_of(["=", *"≈≠≤≥", *language.sum_words, *language.equal_words]), re.IGNORECASE)
        self._sum = re.compile(language.fill(f"(?i)(?<!{{letter}})(?<![.,])(?:{either})", **pieces))

    def rules(self) -> Iterator[Rule]:
        if self._language.factorial:
            yield from self._table("factorials")
        yield from self._table("sums")

    def holds(self, match: re.Match[str]) -> bool:
        """Whether a match is a part of a sum."""
        first = max(0, match.string.rfind("\n", 0, match.start()) + 1, match.start() - _REACH)
        around = match.string[first : match.end() + _REACH].split("\n", 1)[0]
        if not self._cue.search(around):
            return False
        for found in self._sum.finditer(around):
            if found.start() <= match.start() - first < found.end():
                between = _RANGE.fullmatch(found[0])
                is_range = between is not None and int(between["first"]) < int(between["second"])
                is_said = _EQUALS.search(found[0]) is None
                # "24/7 is ...", but "What is 24/7?"
                is_share = found[0][0].isdigit() and re.search(r"\d[/:]\d", found[0]) is not None
                is_other = is_said and (is_share or _ASKED_FOR_ITSELF.search(found[0]) is not None)
                tight = self._tight.match(around, found.start())
                is_wrong = tight is not None and not self._is_right(tight, around[: found.start()])
                return not is_range and not is_other and not is_wrong and _DATE.search(found[0]) is None
        return False

    def _is_right(self, match: re.Match[str], before: str) -> bool:
        """Whether "5-3 is 2" is true and has no name before it: "the 9-5 is 8 hours" and "room 3-2 is 1 floor up"."""
        name = re.search(r"([^\W\d_]+)\s$", before) if self._language.is_spaced else None
        if name is not None and name[1].lower() not in self._language.common_words:
            return False
        first, second, result = map(self._value, match.group("a", "b", "c"))
        return first - second == result

    def _value(self, written: str) -> Fraction:
        whole, fraction = self._language.split(written.lstrip("-−"))
        value = Fraction(f"{whole}.{fraction or 0}")
        return -value if written[0] in "-−" else value

    def _is_formula(self, match: re.Match[str]) -> bool:
        """Whether the line has an equation with signs that no prose has: "x = (-b ± √(b² - 4ac)) / 2a"."""
        line = words_before(match, _REACH) + match.string[match.start() : match.end() + _REACH].split("\n", 1)[0]
        return "=" in line and re.search(r"[√±²³^]", line) is not None

    def _read_number(self, match: re.Match[str]) -> str | None:
        is_share = _is_share(match.string, match.end())
        return self._language.say(match["number"]) if not is_share and self.holds(match) else None

    def _read_letter(self, match: re.Match[str]) -> str | None:
        """ "a - b" has no article."""
        letter = match["letter"]
        is_read = (self._language.letters or letter == "a") and self.holds(match)
        return self._language.spell(letter.upper()) if is_read else None

    def _read_sign(self, match: re.Match[str]) -> str | None:
        is_square = match["sign"] == "-" and match.string[match.start() - 1] in "²³"
        is_minus = match["sign"] == "−" or is_square or self.holds(match)
        is_minus |= match["sign"] != ":" and self._is_formula(match)
        if _is_share(match.string, match.start()) or not is_minus:
            return None
        word = self._language.operation(_SIGNS[match["sign"]])
        return f" {word} " if word else None


def _is_share(text: str, position: int) -> bool:
    """Whether a stroke between two numbers stands there, the first the smaller: "1/2" is one half in sums, too."""
    above, below = re.search(r"\d{1,3}$", text[max(0, position - 3) : position]), _BELOW.match(text, position)
    return above is not None and below is not None and int(above[0]) < int(below["below"])
