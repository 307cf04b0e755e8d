"""Lines that end without a full stop: headings, items of a list, verse. Readers pause there; wrapped lines go on."""

import re
from collections.abc import Sequence
from dataclasses import replace

from myna.domain.speech import SpeechToken

_ITEM = re.compile(r"[ \t]*(?:[-*+•‣▪◦·–>]|\d{1,3}[.)]|[a-z]\))[ \t]+\S")
_HEADING = re.compile(r"[ \t]*#{1,6}[ \t]|[ \t]*\*\*[^\n]{1,100}\*\*[ \t]*$", re.MULTILINE)
_LONGEST_VERSE_CHARS = 50
"""Text that was wrapped by a program has longer lines."""
_OPEN_END = re.compile(r"[\w\u0900-\u0963][\"'”’»)\]*_`]*$")


def end_lines(text: str, tokens: Sequence[SpeechToken], *, is_paragraph: bool) -> list[SpeechToken]:
    """The tokens, those at the end of such a line with the stop or the comma that was left out.

    is_paragraph: a blank line follows the last.
    """
    ended: list[SpeechToken] = []
    last: int | None = None
    for token in tokens:
        if last is not None and token.spoken:
            before = ended[last]
            mark = _missing_mark(text, before, token)
            if mark:
                ended[last] = replace(before, spoken=before.spoken + mark)
        if token.spoken or token.ipa:
            last = len(ended)
        ended.append(token)
    if is_paragraph and last is not None and not ended[last].ipa and _OPEN_END.search(ended[last].spoken):
        ended[last] = replace(ended[last], spoken=ended[last].spoken + ".")
    return ended


def _missing_mark(text: str, before: SpeechToken, following: SpeechToken) -> str:
    gap = text[before.source_end : following.source_start]
    if "\n" not in gap or before.ipa or not _OPEN_END.search(before.spoken):
        return ""
    line_start = text.rfind("\n", 0, before.source_start) + 1
    next_start = before.source_end + gap.rfind("\n") + 1
    if _ITEM.match(text, line_start) or _ITEM.match(text, next_start) or _HEADING.match(text, line_start):
        return "."
    is_short = before.source_end - line_start < _LONGEST_VERSE_CHARS
    return "," if is_short and text[following.source_start].isupper() else ""
