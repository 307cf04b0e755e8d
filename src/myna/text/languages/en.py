"""English, American and British."""

import re
from collections.abc import Iterator

from myna.text.languages.english_forms import EnglishForms, is_attributive
from myna.text.languages.english_names import name_rules
from myna.text.languages.scripture import scripture_rules
from myna.text.rules import Rule, words_before

_DAY_CUE = re.compile(
    r"\b(?:on|by|until|till|since|before|after|from|due|dated|(?:mon|tues|wednes|thurs|fri|satur|sun)day,?|"
    r"(?:on|from)\s\d{1,2}/\d{1,2}\s(?:to|through|and|or))\s$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"\s?[=+×*÷%\"”″]|\s(?!(?:at|in(?!\.)|and|or|to|until|till|through|for|from|is|was|will|with|as|but|when|because|if|we|it|"
    r"he|she|they|you|the|there|please|only)\b)[a-z]"
)
"""What no day stands before: "12/15 questions"."""
_MARKED = re.compile(
    r"\b(?:g[eo]ts?|scor\w+|rat(?:ed|ing|io)|grad\w+|mark\w*|answer\w*|pass\w*|w[io]n|wins|results?|correct|fractions?|"
    r"finish\w*|complet\w*|done|ate|used|missed|hit|shot|odds|what|calculate|simplify|convert|reduce)\b[^.!?]*$|"
    r"\b(?:about|only|just|nearly|almost|over|than|of|an?|the|with|to)\s$|[=+×*÷$/]\s?$",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.!?;]?(?:\s*$|\n)|[.!?;]\s|\s(?:is|was)\s(?!\d)")
_MAX_NAMED_PART = 1000
"""Fractions are said with ordinals down to thousandths."""


class English(EnglishForms):
    """See `Language`."""

    def own_rules(self) -> Iterator[Rule]:
        """More dates, verses, and what `EnglishForms` has."""
        yield re.compile(rf"{self.before}(?<![/$-])(?P<a>\d{{1,2}})/(?P<b>\d{{1,2}}){self.after}(?!/)"), self._read_day
        yield from scripture_rules(self)
        yield from name_rules(self)
        yield from self.form_rules()

    def _read_day(self, match: re.Match[str]) -> str | None:
        """ "Monday, 3/14", "due 12/25", "12/25 is Christmas"; "I got 12/15" and "12/15 students" are none."""
        before, behind = words_before(match), match.string[match.end() : match.end() + 20]
        first, second = int(match["a"]), int(match["b"])
        cue = _DAY_CUE.search(before)
        if _GOES_ON.match(behind) or f"{first}/{second}" in self.spoken_pairs:
            return None
        word = cue[0].strip().lower() if cue else ""
        is_like_share = second < 11 if word == "on" else second < 13 or second in (16, 20, 24)
        if (is_like_share and "day" not in word) or not (cue or (_ENDS.match(behind) and not _MARKED.search(before))):
            return None
        is_month_first = first <= 12 and (second > 12 or self.date_order == "mdy")
        month, day = (first, second) if is_month_first else (second, first)
        return self.say_date(None, month, day, before)

    def say_date(self, year: int | None, month: int, day: int, before: str = "", *, is_of: bool = False) -> str | None:
        spoken = super().say_date(year, month, day, before, is_of=is_of)
        return spoken.removeprefix("the ") if spoken and re.search(r"\bthe\s+$", before, re.IGNORECASE) else spoken

    def say_time(self, hour: int, minute: int, *, is_half_known: bool) -> str:
        """See `Language`: "fourteen hundred" of a clock that counts to 24."""
        if minute or is_half_known or 0 < hour < 13:
            return super().say_time(hour, minute, is_half_known=is_half_known)
        return f"{self.cardinal(hour)} hundred" if hour % 24 else "midnight"

    def say_second(self, second: int) -> str:
        return self.say_pair(f"{second:02}")

    def say_short_year(self, match: re.Match[str]) -> str | None:
        """See `Language`; what a quotation mark follows is its end."""
        return None if match.string.startswith('"', match.end()) else self.say_pair(match["year"])

    def is_attributive(self, match: re.Match[str]) -> bool:
        return match.groupdict().get("joint") == "-" or is_attributive(match)

    def is_fraction(self, above: int, below: int) -> bool:
        """See `Language`; "365/365" is none."""
        return super().is_fraction(above, below) and not above == below > 10

    def say_fraction(self, above: int, below: int) -> str:
        if str(below) in self.fractions or not max(2, above) < below <= _MAX_NAMED_PART:
            return super().say_fraction(above, below)
        return f"{self.cardinal(above)} {self.ordinal(below)}{'s' if above > 1 else ''}"

    def say_mixed(self, whole: int, fraction: str) -> str:
        return super().say_mixed(whole, re.sub(r"^one (?=\w+$)", "a ", fraction))

    def say_side(self, written: str) -> str:
        """See `Language`: "nineteen twenty"."""
        is_pair = len(written) == 4 and written.isdigit() and written[2:] != "00"
        if not is_pair or "0" in (written[0], written[2]):
            return self.say(written)
        return f"{self.cardinal(int(written[:2]))} {self.cardinal(int(written[2:]))}"

    def say_phone_group(self, group: str) -> str:
        """See `Language`: "eight hundred"."""
        is_hundreds = len(group) == 3 and group.endswith("00") and group[0] != "0"
        return self.cardinal(int(group)) if is_hundreds else self.say_digits(group)


LANGUAGE = English
