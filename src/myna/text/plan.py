"""From the caller's text to what an engine speaks: segments of tokens that know their place in the text."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment, SpeechToken
from myna.text.languages.registry import open_language
from myna.text.lines import end_lines
from myna.text.markup import find_markup
from myna.text.pronunciations import OwnWords
from myna.text.segment import cut_into_sentences, find_cut, join_short, split_long, spoken_length
from myna.text.tokenize import gap_after, is_spoken_sign, settle_gaps, tokenize
from myna.text.widths import fold_widths

PARAGRAPH_PAUSE_S = 0.35
"""Silence between paragraphs, on top of the engine's own sentence end."""

_PARAGRAPH_GAP = re.compile(r"\n\s*\n")


def plan_speech(
    text: str,
    lang: LangCode,
    *,
    normalize: bool,
    max_segment_chars: int,
    first_segment_chars: int | None,
    own_words: Mapping[str, str] = MappingProxyType({}),
) -> tuple[SpeechSegment, ...]:
    """Decide what is spoken, in which stretches, and where each word stands in the text.

    The tokens of all segments follow the text: their source spans do not overlap, and only white space lies between.
    normalize: write out numbers, dates, units and the like.
    max_segment_chars: spoken characters in one segment at most, separators included.
    first_segment_chars: make the first segment about this short, cut at a natural boundary, so that it is heard
    early; None when nobody is waiting.
    own_words: folded word -> IPA that is to be spoken for it (`domain/pronunciation.py`).
    Returns nothing at all if there is neither a word nor a pause in the text.
    """
    text = fold_widths(text)
    segments: list[SpeechSegment] = []
    for stretch_tokens, pause_s in _stretches(text, lang, OwnWords(own_words, lang), normalize=normalize):
        tokens = settle_gaps(end_lines(text, stretch_tokens, is_paragraph=pause_s == PARAGRAPH_PAUSE_S))
        stretch: list[SpeechSegment] = []
        for sentence in join_short(cut_into_sentences(text, tokens)):
            pieces: list[list[SpeechToken]] = []
            pending = sentence
            if first_segment_chars and not segments and not stretch and spoken_length(sentence) > first_segment_chars:
                cut = find_cut(sentence, first_segment_chars)
                pieces.append(sentence[:cut])
                pending = sentence[cut:]
            stretch += _segments_of([*pieces, *split_long(pending, max_segment_chars)])
        stretch = [_silence_bare_signs(segment) for segment in stretch]
        if pause_s and stretch:
            stretch[-1] = replace(stretch[-1], pause_after_s=pause_s)
        segments += stretch
    if not any(segment.text or segment.pause_after_s for segment in segments):
        return ()
    return tuple(segments)


def _segments_of(pieces: list[list[SpeechToken]]) -> list[SpeechSegment]:
    """The pieces of one sentence, each with what stands before and after it."""
    sentence = tuple(token for piece in pieces for token in piece)
    segments, start = [], 0
    for piece in pieces:
        end = start + len(piece)
        segments.append(SpeechSegment(tuple(piece), before=sentence[:start], after=sentence[end:]))
        start = end
    return segments


def _silence_bare_signs(segment: SpeechSegment) -> SpeechSegment:
    """A segment of nothing but signs is not spoken: an engine makes noises of it."""
    if any(token.ipa or any(is_spoken_sign(sign) for sign in token.spoken) for token in segment.tokens):
        return segment
    silent = tuple(replace(token, spoken="", whitespace="") for token in segment.tokens)
    return SpeechSegment(silent, segment.pause_after_s)


def _stretches(
    text: str, lang: LangCode, own_words: OwnWords, *, normalize: bool
) -> Iterator[tuple[list[SpeechToken], float]]:
    """Runs of tokens without a pause inside, each with the pause that follows it, seconds."""
    tokens: list[SpeechToken] = []
    for piece in find_markup(text, open_language(lang)):
        if piece.ipa:
            tokens.append(SpeechToken(text[piece.start : piece.end].strip("/"), piece.start, piece.end, " ", piece.ipa))
        elif piece.is_silent:
            tokens.append(SpeechToken("", piece.start, piece.end, gap_after(text, piece.end)))
            if piece.pause_s:
                yield tokens, piece.pause_s
                tokens = []
        else:
            end_of_last = piece.start
            for token in tokenize(text, piece.start, piece.end, lang, normalize=normalize, own_words=own_words):
                if tokens and _PARAGRAPH_GAP.search(text, end_of_last, token.source_start):
                    yield tokens, PARAGRAPH_PAUSE_S
                    tokens = []
                tokens.append(token)
                end_of_last = token.source_end
    if tokens:
        yield tokens, 0.0
