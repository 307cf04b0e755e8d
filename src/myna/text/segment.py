"""Where speech is cut: sentences, clauses, and a short first stretch for a quick first sound."""

import re
from collections.abc import Sequence

from myna.domain.speech import SpeechToken
from myna.text.sentence_end import ends_sentence, words_of_all_languages

_CLAUSE_END = re.compile(r"""[,;:—–、，；：،؛]["'”’»)\]」』）】]*$""")
_SHORT_CHARS = 18
_JOINED_CHARS = 90
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")


def _is_sentence_end(text: str, token: SpeechToken, following: SpeechToken | None) -> bool:
    """Judged by the token and how the next begins in the text."""
    goes_on = following is not None and token.spoken.endswith(".") and text[following.source_start].islower()
    return ends_sentence(token.spoken) and not goes_on


def cut_into_sentences(text: str, tokens: Sequence[SpeechToken]) -> list[list[SpeechToken]]:
    """Group tokens into sentences, in order, none left out."""
    sentences: list[list[SpeechToken]] = []
    current: list[SpeechToken] = []
    for index, token in enumerate(tokens):
        current.append(token)
        if _is_sentence_end(text, token, tokens[index + 1] if index + 1 < len(tokens) else None):
            sentences.append(current)
            current = []
    if current:
        sentences.append(current)
    return sentences


def join_short(sentences: Sequence[list[SpeechToken]]) -> list[list[SpeechToken]]:
    """Speak a very short sentence together with its neighbour: alone, "Yes." sounds cut out of its context."""
    joined: list[list[SpeechToken]] = []
    for sentence in sentences:
        if joined:
            is_short = min(spoken_length(joined[-1]), spoken_length(sentence)) < _SHORT_CHARS
            if is_short and spoken_length(joined[-1]) + spoken_length(sentence) <= _JOINED_CHARS:
                joined[-1] = joined[-1] + sentence
                continue
        joined.append(sentence)
    return joined


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
    """How many tokens to take so that at most `max_chars` are spoken (always at least one token).

    The last clause end within reach; else before a word that begins a phrase; else the last word that fits.
    """
    length, last_fit, last_clause, last_phrase = 0, 1, 0, 0
    for index, token in enumerate(tokens):
        is_reached = length >= max_chars // 3
        if is_reached and token.spoken.lower() in words_of_all_languages("phrase_starts") and index:
            last_phrase = index
        length += _spoken_chars(token)
        if length > max_chars:
            break
        last_fit = index + 1
        if _CLAUSE_END.search(token.spoken) and length >= max_chars // 4:
            last_clause = index + 1
        length += len(token.whitespace)
    return last_clause or min(last_phrase, last_fit) or last_fit


def spoken_length(tokens: Sequence[SpeechToken]) -> int:
    """Characters that are spoken, separators included. A Chinese or Japanese character counts as three letters."""
    return sum(_spoken_chars(token) + len(token.whitespace) for token in tokens)


def _spoken_chars(token: SpeechToken) -> int:
    return len(token.spoken) + 2 * len(_WIDE.findall(token.spoken))
