"""Long text is spoken in chapters: stretches that one request may carry, cut where a reader would breathe."""

import re
import unicodedata
from dataclasses import dataclass

MAX_CHAPTER_CHARS = 1000
"""Half of what a request may carry: its audio stays below 16 MB at the slowest and highest rate."""

PARAGRAPH_PAUSE_S = 0.35
"""Silence that replaces a paragraph break at a seam: what the server leaves between paragraphs of one request."""

_TAG = re.compile(r"<[^<>]{0,78}>")
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_SENTENCE = re.compile(r"""[.!?…]["'”’»)\]]*\s+|[。！？｡।॥؟۔]["'”’»)\]」』】]*\s*|\n+""")
_CLAUSE = re.compile(r"[,;:—–]\s+|[、，；：،؛]\s*")
_SPACE = re.compile(r"\s+")
_MAX_GAP_CHARS = 80
"""Longest tag, and longest gap after a boundary, that is looked at past the end of a chapter."""

_MIN_FILL = 0.3
"""A chapter is filled at least this far before a better kind of boundary is preferred to a later one."""


@dataclass(frozen=True, slots=True)
class Chapter:
    text: str
    """Without white space at either end; never empty."""
    pause_after_s: float
    """Silence to add before the next chapter."""


def split_chapters(text: str, max_chars: int = MAX_CHAPTER_CHARS) -> tuple[Chapter, ...]:
    """Chapters of at most `max_chars`, cut at a paragraph, else sentence, clause, word, or anywhere; no tag is cut."""
    chapters: list[Chapter] = []
    rest = text.strip()
    while len(rest) > max_chars:
        cut, pause_s = _find_cut(rest, max_chars)
        chapters.append(Chapter(rest[:cut].rstrip(), pause_s))
        rest = rest[cut:].lstrip()
    if rest:
        chapters.append(Chapter(rest, 0.0))
    return tuple(chapters)


def _find_cut(text: str, max_chars: int) -> tuple[int, float]:
    """Where to end the first chapter, and the pause after it. `text` is longer than `max_chars`."""
    window = text[: max_chars + _MAX_GAP_CHARS]
    tags = [match.span() for match in _TAG.finditer(window)]
    for boundary in (_PARAGRAPH, _SENTENCE, _CLAUSE, _SPACE):
        cuts = [
            match.end()
            for match in boundary.finditer(window)
            if match.start() + len(match.group().rstrip()) <= max_chars
            and not any(start < match.start() < end for start, end in tags)
        ]
        if cuts and (cuts[-1] >= max_chars * _MIN_FILL or boundary is _SPACE):
            return cuts[-1], PARAGRAPH_PAUSE_S if boundary is _PARAGRAPH else 0.0
    return _cut_inside_word(text, max_chars, tags), 0.0


def _cut_inside_word(text: str, max_chars: int, tags: list[tuple[int, int]]) -> int:
    for start, end in tags:
        if 0 < start < max_chars < end:
            return start
    cut = max_chars
    while cut > 1 and unicodedata.combining(text[cut]):
        cut -= 1
    return cut
