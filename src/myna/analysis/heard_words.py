"""From the recogniser's tokens to words with times."""

from collections.abc import Callable, Sequence

import numpy as np

from myna.domain.language import UNSPACED_LANGUAGES, LangCode
from myna.domain.transcript import HeardWord

_POSITION_S = 0.02
"""Of the encoder."""
_HALF_CHAR = "\ufffd"
"""Stands for bytes that are no whole character: it goes on in the next token."""


def join_words(
    ids: Sequence[int],
    decode: Callable[[Sequence[int]], str],
    *,
    alignments: Sequence[tuple[int, int]],
    probabilities: Sequence[float],
    lang: LangCode,
    duration_s: float,
) -> tuple[HeardWord, ...]:
    """Words with their signs, in order; without spaces the vocabulary's pieces. alignments: (index of a token, of a
    position) of all tokens and the end. probabilities: one for each token."""
    starts: dict[int, float] = {}
    for token, position in alignments:
        starts.setdefault(token, min(position * _POSITION_S, duration_s))
    words: list[HeardWord] = []
    for first, last in _word_bounds(ids, decode, lang):
        text = decode(ids[first:last])
        start_s = starts.get(first, duration_s)
        end_s = max(start_s, starts.get(last, duration_s))
        confidence = float(np.mean(probabilities[first:last]))
        words.append(HeardWord(text, round(start_s, 2), round(end_s, 2), round(confidence, 4)))
    return tuple(words)


def _word_bounds(ids: Sequence[int], decode: Callable[[Sequence[int]], str], lang: LangCode) -> list[tuple[int, int]]:
    """[first, last) of each word's tokens."""
    bounds: list[tuple[int, int]] = []
    first = 0
    for last in range(1, len(ids) + 1):
        piece = decode(ids[first:last])
        if _HALF_CHAR in piece and last < len(ids):
            continue
        has_letters = any(map(str.isalnum, piece))
        is_new = not bounds or (has_letters if lang in UNSPACED_LANGUAGES else piece.startswith(" "))
        if is_new:
            bounds.append((first, last))
        else:
            bounds[-1] = (bounds[-1][0], last)
        first = last
    return bounds
