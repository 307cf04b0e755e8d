"""Numbers read in Mandarin."""

DIGITS = "零一二三四五六七八九"
_SMALL_UNITS = ("", "十", "百", "千")
_GROUPS = ("", "万", "亿", "万亿")
MAX_CARDINAL = 10**16 - 1


def spell_cardinal(number: int) -> str:
    """`10500` -> 一万零五百. number: 0 to `MAX_CARDINAL`."""
    if number == 0:
        return DIGITS[0]
    groups = []
    while number:
        groups.append(number % 10_000)
        number //= 10_000
    spoken = ""
    for index in range(len(groups) - 1, -1, -1):
        group = groups[index]
        if group == 0:
            if spoken and not spoken.endswith(DIGITS[0]):
                spoken += DIGITS[0]
            continue
        if spoken and group < 1000 and not spoken.endswith(DIGITS[0]):
            spoken += DIGITS[0]
        spoken += _spell_group(group) + _GROUPS[index]
    spoken = spoken.rstrip(DIGITS[0])
    if spoken[:2] in ("二千", "二万", "二亿"):
        return "两" + spoken[1:]
    return spoken[1:] if spoken.startswith("一十") else spoken


def _spell_group(group: int) -> str:
    """1 to 9999, without the zero before it."""
    spoken, has_gap = "", False
    for place in (3, 2, 1, 0):
        digit = group // 10**place % 10
        if digit == 0:
            has_gap = bool(spoken)
            continue
        spoken += (DIGITS[0] if has_gap else "") + DIGITS[digit] + _SMALL_UNITS[place]
        has_gap = False
    return spoken
