"""Numbers read in Japanese, in kana: the sound changes (さんびゃく, いっぷん) are in the reading, not in the digits."""

import re
from collections.abc import Mapping

from myna.text.numerals import read_words

_WORDS = read_words("japanese")
_TAILS: Mapping[str, str] = {
    counter: said for said, counters in _WORDS["tails"].items() for counter in counters.split()
}
"""What counters have behind them: how it is said."""
_TABLES = ("plain_counters", "changing_counters", "native_counters")
COUNTERS = (*"時分月日年つ", *_TAILS, *(counter for name in _TABLES for counter in _WORDS[name]))
LARGE = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "億": 10**8, "兆": 10**12}
DIGITS = tuple(_WORDS["digits"])
MAX_CARDINAL = 10**16 - 1


def spell_cardinal(number: int) -> str:
    """`3600` -> さんぜんろっぴゃく. number: 0 to `MAX_CARDINAL`."""
    if number == 0:
        return "ゼロ"
    spoken, index = "", 0
    while number:
        group = number % 10_000
        if group:
            spoken = _spell_group(group, index) + _WORDS["groups"][index] + spoken
        number //= 10_000
        index += 1
    return spoken


def mixed_value(written: str) -> int:
    """`3万5千` -> 35000. written: digits and powers of ten by turns."""
    total = group = number = 0
    for part in re.findall(r"\d+|\D", written.replace(",", "")):
        if part.isdigit():
            number = int(part)
            continue
        group, number = (group + number * LARGE[part], 0) if part in "十百千" else (group + number, 0)
        if part not in "十百千":
            total, group = total + group * LARGE[part], 0
    return total + group + number


def spell_counted(number: int, counter: str) -> str:
    """A number with the counter that follows it: `3`, 人 -> さんにん. counter: one of `COUNTERS`."""
    if counter in _TAILS:
        head = "いちにち" if (number, counter[0]) == (1, "日") else spell_counted(number, counter[:-1])
        return head + _TAILS[counter]
    plain = spell_cardinal(number)
    if counter in _WORDS["native_counters"]:
        return f"{_WORDS['native_numbers'].get(str(number), plain)}{_WORDS['native_counters'][counter]}"
    if counter == "日":
        return spell_day(number)
    if known := _WORDS["whole"].get(f"{number}{counter}", plain if counter == "つ" else ""):
        return str(known)
    if counter == "分":
        return _change_ending(plain, _WORDS["minute_endings"]) or plain + "ふん"
    if counter in _WORDS["plain_counters"]:
        is_yo = counter in _WORDS["with_yo"] and plain.endswith("よん")
        return f"{plain.removesuffix('ん') if is_yo else plain}{_WORDS['plain_counters'][counter]}"
    if counter in _WORDS["changing_counters"]:
        return _join_changing(plain, *_WORDS["changing_counters"][counter])
    # よん, なな and きゅう sound otherwise before hours, months and years
    changes = {"よん": "よ" if counter in "時年" else "し", "きゅう": "きゅう" if counter == "年" else "く"}
    changes |= {"なな": "しち"} if counter in "時月" else {}
    return (_change_ending(plain, changes) or plain) + {"時": "じ", "月": "がつ", "年": "ねん"}[counter]


def _change_ending(plain: str, changes: Mapping[str, str]) -> str | None:
    """None where it has none of these endings."""
    return next((plain.removesuffix(end) + changed for end, changed in changes.items() if plain.endswith(end)), None)


def _join_changing(plain: str, reading: str, kinds: str, after_cut: str = "", after_three: str = "") -> str:
    """kinds: of endings that are cut short."""
    short = {end: cut for end, (kind, cut) in _WORDS["cut_short"].items() if set(kind) & set(kinds)}
    head = _change_ending(plain, short)
    if head is not None:
        return head + (after_cut or reading)
    is_voiced = plain.endswith(tuple(_WORDS["voicing_endings"]))
    return plain + (after_three if is_voiced and after_three else reading)


def spell_day(number: int) -> str:
    """A day of the month: `1` -> ついたち."""
    if f"{number}日" in _WORDS["whole"]:
        return str(_WORDS["whole"][f"{number}日"])
    return spell_cardinal(number - 4) + "よっか" if number % 10 == 4 else spell_cardinal(number) + "にち"


def _spell_group(group: int, index: int) -> str:
    thousands, hundreds, tens, ones = (int(digit) for digit in f"{group:04}")
    spoken = f"{_WORDS['thousands'][thousands]}{_WORDS['hundreds'][hundreds]}"
    spoken += ("じゅう" if tens == 1 else f"{_WORDS['ones'][tens]}じゅう") if tens else ""
    spoken += _WORDS["ones"][ones]
    if index == 1 and group == 1000:
        return "いっせん"
    return (_change_ending(spoken, _WORDS["before_trillion"]) if index == 3 else None) or spoken
