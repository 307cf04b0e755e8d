"""From the caller's text to what an engine speaks: segments of tokens that know their place in the text."""

import re
from collections.abc import Iterator

from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment, SpeechToken
from myna.text.markup import find_markup
from myna.text.segment import cut_into_sentences, find_cut, split_long, spoken_length

PARAGRAPH_PAUSE_S = 0.35
"""Silence between paragraphs, on top of the engine's own sentence end."""

_WORD = re.compile(r"\S+")
_PARAGRAPH_GAP = re.compile(r"\n\s*\n")
_MAX_TOKEN_CHARS = 200
"""Longer "words" (base64, a held-down key) are cut: no engine speaks them in one go."""


def plan_speech(
    text: str, lang: LangCode, *, normalize: bool, max_segment_chars: int, first_segment_chars: int | None
) -> tuple[SpeechSegment, ...]:
    """Decide what is spoken, in which stretches, and where each word stands in the text.

    The tokens of all segments follow the text: their source spans do not overlap, and only white space lies between.
    normalize: write out numbers, dates, units and the like.
    max_segment_chars: spoken characters in one segment at most, separators included.
    first_segment_chars: make the first segment about this short, cut at a natural boundary, so that it is heard
    early; None when nobody is waiting.
    """
    segments: list[SpeechSegment] = []
    for tokens, pause_s in _stretches(text):
        stretch: list[SpeechSegment] = []
        for sentence in cut_into_sentences(tokens):
            pending = sentence
            if first_segment_chars and not segments and not stretch and spoken_length(sentence) > first_segment_chars:
                cut = find_cut(sentence, first_segment_chars)
                stretch.append(SpeechSegment(tuple(sentence[:cut])))
                pending = sentence[cut:]
            stretch += [SpeechSegment(tuple(piece)) for piece in split_long(pending, max_segment_chars)]
        if pause_s and stretch:
            stretch[-1] = SpeechSegment(stretch[-1].tokens, pause_s)
        segments += stretch
    return tuple(segments)


def _stretches(text: str) -> Iterator[tuple[list[SpeechToken], float]]:
    """Runs of tokens without a pause inside, each with the pause that follows it, seconds."""
    tokens: list[SpeechToken] = []
    for piece in find_markup(text):
        if piece.ipa:
            tokens.append(SpeechToken(text[piece.start : piece.end].strip("/"), piece.start, piece.end, " ", piece.ipa))
        elif piece.is_silent:
            tokens.append(SpeechToken("", piece.start, piece.end))
            if piece.pause_s:
                yield tokens, piece.pause_s
                tokens = []
        else:
            end_of_last = piece.start
            for token in _words(text, piece.start, piece.end):
                if tokens and _PARAGRAPH_GAP.search(text, end_of_last, token.source_start):
                    yield tokens, PARAGRAPH_PAUSE_S
                    tokens = []
                tokens.append(token)
                end_of_last = token.source_end
    if tokens:
        yield tokens, 0.0


def _words(text: str, start: int, end: int) -> Iterator[SpeechToken]:
    for match in _WORD.finditer(text, start, end):
        for position in range(match.start(), match.end(), _MAX_TOKEN_CHARS):
            stop = min(position + _MAX_TOKEN_CHARS, match.end())
            is_last = stop == match.end()
            has_gap = is_last and stop < len(text) and text[stop].isspace()
            yield SpeechToken(text[position:stop], position, stop, " " if has_gap else "")
