"""Where speech is cut: sentences, clauses, and a short first stretch for a quick first sound."""

import re
from collections.abc import Sequence

from myna.domain.speech import SpeechToken

_SENTENCE_END = re.compile(r"""[.!?…。！？｡؟۔।॥]["'”’»)\]」』）】]*$""")
_CLAUSE_END = re.compile(r"""[,;:—–、，；：،؛]["'”’»)\]」』）】]*$""")
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st jr sr vs etc e.g i.e cf no vol fig approx dept inc ltd co corp gen col sgt capt lt rev hon "
    "sra srta sr d.h z.b bzw usw hr fr nr str ing avv dott mme mlle m al p pp ca".split()
)
_INITIAL = re.compile(r"^(?:[^\W\d_]\.)+$")


def is_sentence_end(text: str, token: SpeechToken, following: SpeechToken | None) -> bool:
    """Whether a sentence ends with this token, judged by it and how the next begins in the text."""
    spoken = token.spoken
    if not _SENTENCE_END.search(spoken):
        return False
    if following is None or not spoken.endswith("."):
        return True
    if spoken.rstrip(".").lower().lstrip("(\"'“‘") in _ABBREVIATIONS or _INITIAL.match(spoken):
        return False
    return not text[following.source_start].islower()


def cut_into_sentences(text: str, tokens: Sequence[SpeechToken]) -> list[list[SpeechToken]]:
    """Group tokens into sentences, in order, none left out."""
    sentences: list[list[SpeechToken]] = []
    current: list[SpeechToken] = []
    for index, token in enumerate(tokens):
        current.append(token)
        if is_sentence_end(text, token, tokens[index + 1] if index + 1 < len(tokens) else None):
            sentences.append(current)
            current = []
    if current:
        sentences.append(current)
    return sentences


def split_long(tokens: Sequence[SpeechToken], max_chars: int) -> list[list[SpeechToken]]:
    """Cut a sentence into stretches of at most `max_chars`, at clause ends where there are any, else between words."""
    rest = list(tokens)
    pieces: list[list[SpeechToken]] = []
    while spoken_length(rest) > max_chars:
        cut = find_cut(rest, max_chars)
        pieces.append(rest[:cut])
        rest = rest[cut:]
    pieces.append(rest)
    return [piece for piece in pieces if piece]


def find_cut(tokens: Sequence[SpeechToken], max_chars: int) -> int:
    """How many tokens to take so that at most `max_chars` are spoken (always at least one token)."""
    length, last_fit, last_clause = 0, 1, 0
    for index, token in enumerate(tokens):
        length += len(token.spoken)
        if length > max_chars:
            break
        last_fit = index + 1
        if _CLAUSE_END.search(token.spoken) and length >= max_chars // 3:
            last_clause = index + 1
        length += len(token.whitespace)
    return last_clause or last_fit


def spoken_length(tokens: Sequence[SpeechToken]) -> int:
    """Characters that are spoken, separators included."""
    return sum(len(token.spoken) + len(token.whitespace) for token in tokens)
