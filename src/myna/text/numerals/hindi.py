"""Numbers read in Hindi: every number to ninety-nine has a word of its own, then hundreds, thousands, lakhs, crores."""

from myna.text.numerals import read_words

_WORDS = read_words("hindi")
_TO_99 = _WORDS["to_99"].split()
DIGITS = tuple(_TO_99[:10])
MAX_CARDINAL = 10**13 - 1


def spell_cardinal(number: int) -> str:
    """`125000` -> एक लाख पच्चीस हज़ार. number: 0 to `MAX_CARDINAL`."""
    words = []
    for power, name in _WORDS["steps"].items():
        size = 10 ** int(power)
        if number >= size:
            words += [_TO_99[number // size], name]
            number %= size
    if number or not words:
        words.append(_TO_99[number])
    return " ".join(words)
