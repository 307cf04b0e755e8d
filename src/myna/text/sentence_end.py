"""How a sentence ends in writing, in any language: where text is cut to be spoken, sent or shown."""

import re
from functools import cache

from myna.domain.language import LangCode
from myna.text.languages.registry import open_language

_BEFORE_SPACE = ".!?…"
"""They end a sentence where a space follows: "3.5" and "example.com" go on."""
_ALONE = "。！？｡؟۔।॥"
_CLOSING = r"""["'”’»)\]」』）】]*"""
_END = re.compile(rf"[{_BEFORE_SPACE}{_ALONE}]{_CLOSING}$")
_BETWEEN = re.compile(rf"[{_BEFORE_SPACE}]+{_CLOSING}\s+(?=\S)|[{_ALONE}]{_CLOSING}\s*(?=\S)")
_INITIAL = re.compile(r"^(?:[^\W\d_]\.)+$")


@cache
def words_of_all_languages(field: str) -> frozenset[str]:
    """The words that any language has in this field: a text may hold sentences of several."""
    return frozenset(word for code in LangCode for word in getattr(open_language(code), field).split())


def ends_sentence(text: str) -> bool:
    """Whether the text ends where a sentence may end: not with "Dr." or "J."."""
    last = text.rsplit(maxsplit=1)[-1:]
    return bool(last) and _END.search(last[0]) is not None and not _is_short_for_more(last[0])


def find_last_end(text: str) -> int:
    """Behind the last sentence after which another begins; 0: there is none."""
    ends = (match.end() for match in reversed(tuple(_BETWEEN.finditer(text))))
    return next((end for end in ends if ends_sentence(text[:end])), 0)


def _is_short_for_more(word: str) -> bool:
    if not word.endswith("."):
        return False
    bare = word.rstrip(".").lower().lstrip("(\"'“‘")
    return bare in words_of_all_languages("unfinished") or _INITIAL.match(word) is not None
