"""English, American and British."""

import re

from myna.text.languages.language import Language
from myna.text.rules import ends_sentence, words_before

_MAX_NAMED_PART = 1000
"""Fractions are said with ordinals down to thousandths."""


class English(Language):
    """See `Language`."""

    @property
    def day_names(self) -> list[str]:
        """Short ones, as they are written: "Sat"."""
        return [name.capitalize() for name in self.weekdays]

    def _read_days(self, match: re.Match[str]) -> str | None:
        """ "See you Sat."; "the Sun." is none, nor is "Sat down"."""
        if self.finds("the", words_before(match)):
            return None
        stop = "." if match[0].endswith(".") and ends_sentence(match) else ""
        day = self.fill(r"({day_names})\b\.?")
        spoken = re.sub(day, lambda short: self.weekdays[short[1].lower()], match[0])
        return re.sub(r"[/&]", " and ", spoken).replace("thru", "through") + stop

    def say_verses(self, first: str, half: str, last: str | None) -> str:
        """See `Language`: "John three sixteen" as everybody says, but "verse" where "five three" is hard to follow."""
        if last:
            return f" verses {self.say(first)} to {self.say(last)}"
        word = "" if 9 < int(first) < 100 else "verse"
        return f" {self.join(word, self.say(first), half)}"

    def _read_per(self, match: re.Match[str]) -> str:
        return f"{'thousand ' if match['magnitude'] else ''}per {self.per_words[match['per']]}"

    def _read_feet(self, match: re.Match[str]) -> str:
        feet, inches = int(match["ft"]), match["in"]
        if self._is_kind(match):
            return f"{self.cardinal(feet)} foot {self.say(inches)}"
        return (
            f"{self.cardinal(feet)} {'foot' if feet == 1 else 'feet'} "
            f"{self.say(inches)} {'inch' if inches == '1' else 'inches'}"
        )

    def _read_inches(self, match: re.Match[str]) -> str | None:
        if match.string[: match.start()].count('"') % 2 and match[0].endswith('"'):
            return None  # the end of a quotation
        return f"{self.say(match['in'])} {'inch' if match['in'] == '1' or self._is_kind(match) else 'inches'}"

    def _read_compass(self, match: re.Match[str], style: str = "") -> str:
        way = "".join(self.tables["compass"][sign] for sign in match["way"])
        return way.capitalize() if style else way

    def _read_street(self, match: re.Match[str]) -> str:
        return self.tables["streets"][match["street"]]

    def _read_stutter(self, match: re.Match[str]) -> str:
        """ "d-d-don't": the sounds, and not the names of the letters."""
        onset, behind = match["onset"].lower(), match.string[match.end() + 1 :][:1]
        sound = {"c": "s" if behind in "eiy" else "k", "q": "kw", "x": "z", "wh": "w"}.get(onset, onset) + "uh"
        return " ".join([sound] * (1 + match["again"].count("-")))

    def _read_decade(self, match: re.Match[str]) -> str:
        decade = match["decade"]
        spoken = self.year(int(decade)) if len(decade) == 4 else self.cardinal(int(decade))
        return spoken.removesuffix("y") + "ies" if spoken.endswith("y") else spoken + "s"

    def _read_unit(self, match: re.Match[str]) -> str:
        return self.units[match["unit"]]["one"]

    def say_pairs(self, digits: str) -> str:
        """See `Language`."""
        if len(digits) < 3:
            return self.say_pair(digits) if len(digits) == 2 else self.say(digits)
        if digits.endswith("00") or digits[0] == "0":
            return self.say(digits)
        if len(digits) > 4:
            return f"{self.say_pair(digits[:2])} {self.say_pairs(digits[2:])}"
        return f"{self.cardinal(int(digits[:-2]))} {self.say_pair(digits[-2:])}"

    def say_pair(self, digits: str) -> str:
        if digits[0] == "0":
            return "oh " + self.digits(digits[1]) if digits != "00" else "double oh"
        return self.cardinal(int(digits))

    def _read_day(self, match: re.Match[str]) -> str | None:
        """ "Monday, 3/14", "due 12/25", "12/25 is Christmas"; "I got 12/15" and "12/15 students" are none."""
        before, behind = words_before(match), match.string[match.end() : match.end() + 20]
        first, second = int(match["a"]), int(match["b"])
        if self.finds("goes_on", behind) or f"{first}/{second}" in self.spoken_pairs:
            return None
        cue = self.compiled_cues["day"].search(before)
        word = cue[0].strip().lower() if cue else ""
        is_like_share = second < 11 if word == "on" else second < 13 or second in (16, 20, 24)
        is_alone = self.finds("ends", behind) and not self.finds("marked", before)
        if (is_like_share and "day" not in word) or not (cue or is_alone):
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

    def _read_short_year(self, match: re.Match[str]) -> str | None:
        """See `Language`; what a quotation mark follows is its end."""
        return None if match.string.startswith('"', match.end()) else self.say_pair(match["year"])

    def is_attributive(self, match: re.Match[str]) -> bool:
        return match.groupdict().get("joint") == "-" or self._is_kind(match)

    def _is_kind(self, match: re.Match[str]) -> bool:
        before, behind = words_before(match), match.string[match.end() :]
        if self.finds("article", before) or self.finds("of_a_kind", behind):
            return True
        return self.finds("determiner", before) and self.finds("noun_behind", behind)

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
