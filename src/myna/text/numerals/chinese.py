"""Numbers read in Mandarin."""

import re

DIGITS = "零一二三四五六七八九"
_UNITS = ("千", "百", "十", "")
_GROUPS = ("万亿", "亿", "万", "")
MAX_CARDINAL = 10**16 - 1


def spell_cardinal(number: int) -> str:
    """`10500` -> 一万零五百. number: 0 to `MAX_CARDINAL`."""
    spoken = ""
    for group, name in zip(re.findall("....", f"{number:016}"), _GROUPS, strict=True):
        digits = zip(map(int, group), _UNITS, strict=True)
        said = "".join(DIGITS[digit] + (unit if digit else "") for digit, unit in digits)
        # one zero for all that stand side by side, and none before a word for thousands
        spoken += said if group == "0000" else said.rstrip(DIGITS[0]) + name
    spoken = re.sub(f"{DIGITS[0]}+", DIGITS[0], spoken).strip(DIGITS[0])
    if spoken[:2] in ("二千", "二万", "二亿"):
        return "两" + spoken[1:]
    return (spoken[1:] if spoken.startswith("一十") else spoken) or DIGITS[0]
