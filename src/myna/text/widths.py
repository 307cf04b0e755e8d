"""Other forms of plain letters and digits as what they are: Ａ, １, ｶﾞ, H₂O, १२. Each keeps its place in the text."""

import re
import unicodedata

_FILLER = "\u2060"
"""Takes the place that a composed letter leaves; nobody speaks it."""
_FORMS = re.compile(
    # letters and digits; half-wide kana with their marks; kana with marks of their own
    "[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff03-\uff06\uff0b\uff0f\uff1c-\uff1e\uff20\uffe0-\uffe6]"
    "|[\uff65-\uff9f]+|[\u3041-\u30ff][\u3099\u309a]"
    # low digits, and those of other scripts
    "|[\u2080-\u2089\u0660-\u0669\u06f0-\u06f9\u0966-\u096f]"
    # signs that are others beside digits than in a sentence
    "|(?<=[\\d\uff10-\uff19])[\uff0d\uff0e\uff1a\uff3f](?=[\\d\uff10-\uff19])|[\uff0d](?=[\\d\uff10-\uff19])"
    "|(?<=[\uff10-\uff19])\uff0c(?=[\uff10-\uff19]{3})"
    # what looks like a hyphen or a minus, and is typed for one: kana's long mark, hyphens and bars
    "|(?<=[\\d\uff10-\uff19])[\u30fc\u2010-\u2012\u2015\ufe63](?=[\\d\uff10-\uff19])"
    "|(?<=[\\d\uff10-\uff19] )[\u2010-\u2012\u2015\ufe63](?= [\\d\uff10-\uff19])"
)
_HYPHENS = frozenset("\u30fc\u2010\u2011\u2012\u2015\ufe63")


def fold_widths(text: str) -> str:
    """The text with such forms replaced, of the same length. Punctuation of sentences stays: Ｏ。 keeps its 。"""
    return _FORMS.sub(lambda match: _fold(match[0]), text)


def _fold(written: str) -> str:
    if written in _HYPHENS:
        return "-"
    plain = ""
    for index, sign in enumerate(written):
        pair = unicodedata.normalize("NFKC", written[index : index + 2])
        if len(pair) == 1 and len(written) > index + 1:
            plain += pair + _FILLER
        elif len(plain) <= index:
            digit = unicodedata.digit(sign, None)
            plain += unicodedata.normalize("NFKC", sign) if digit is None else str(digit)
    return plain if len(plain) == len(written) else written
