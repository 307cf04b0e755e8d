"""Words of a text as tokens: what is spoken for each, and where it stands."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from myna.domain.language import LangCode
from myna.domain.speech import SpeechToken
from myna.text.languages.registry import open_language
from myna.text.letters import drop_accents
from myna.text.normalize import Reading, open_normalizer, strip_unspoken
from myna.text.pronunciations import OwnWord, OwnWords

_WORD = re.compile(r"\S+")
_MAX_TOKEN_CHARS = 200
"""Longer "words" (base64, a held-down key) are cut: no engine speaks them in one go."""
_CJK = "\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d"
_CJK_SIGN = re.compile(rf"[{_CJK}]|[^\s{_CJK}]+")
"""One character, or a stretch of another script."""
_CLOSING = tuple(",.;:!?…)]”»、。，！？；：")
_OPENING = ("(", "[")
_CLOSED = (")", "]", ",")
_DASHES = frozenset({"-", "–", "—", "--", "---"})


def tokenize(
    text: str, start: int, end: int, lang: LangCode, *, normalize: bool, own_words: OwnWords
) -> list[SpeechToken]:
    """Tokens of text[start:end], in order; between them lies only white space.

    Chinese and Japanese, written without spaces, give a token per character: the engine finds the words. What nobody
    reads aloud (emoji, Markdown's marks) is a token without words. Digits are read in any case.
    """
    tokens: list[SpeechToken] = []
    position = start
    normalizer = open_normalizer(lang)
    find = normalizer.find_readings if normalize else normalizer.find_digits
    for reading in _put_in(list(own_words.find(text, start, end)), list(find(text, start, end))):
        tokens += _plain_tokens(text, position, reading.start, lang)
        gap = gap_after(text, reading.end)
        if isinstance(reading, OwnWord):
            tokens.append(SpeechToken(text[reading.start : reading.end], reading.start, reading.end, gap, reading.ipa))
        else:
            tokens.append(SpeechToken(reading.spoken, reading.start, reading.end, gap))
        position = reading.end
    tokens += _plain_tokens(text, position, end, lang)
    return _part_words(_attach_punctuation(tokens), lang)


def _put_in(own_words: list[OwnWord], readings: list[Reading]) -> list[OwnWord | Reading]:
    """Both, in order: an own word counts more ("SQL"), but not where it is only a part of a reading ("5 March")."""
    if not own_words:
        return [*readings]
    places = {number: reading for reading in readings for number in range(reading.start, reading.end)}
    kept = []
    for word in own_words:
        met = [places[number] for number in range(word.start, word.end) if number in places]
        if not any(reading.end - reading.start > word.end - word.start for reading in met):
            kept.append(word)
    taken = {number for word in kept for number in range(word.start, word.end)}
    others = [reading for reading in readings if taken.isdisjoint(range(reading.start, reading.end))]
    return sorted([*kept, *others], key=lambda stretch: stretch.start)


def _plain_tokens(text: str, start: int, end: int, lang: LangCode) -> Iterator[SpeechToken]:
    language = open_language(lang)
    for word in (_WORD if language.is_spaced else _CJK_SIGN).finditer(text, start, end):
        for first in range(word.start(), word.end(), _MAX_TOKEN_CHARS):
            last = min(first + _MAX_TOKEN_CHARS, word.end())
            written = text[first:last]
            spoken = strip_unspoken(written)
            if language.drops_accents:
                spoken = drop_accents(spoken)
            if "|" in written and not spoken.strip("-:"):
                spoken = ""  # the rule under a table's head
            elif written in _DASHES and not _is_hyphen(text, first, last):
                line = text[max(0, first - 40) : first].rpartition("\n")[2]
                is_bullet = not line.strip()
                spoken = "" if is_bullet else "—"
            yield SpeechToken(spoken, first, last, gap_after(text, last))


def _is_hyphen(text: str, first: int, last: int) -> bool:
    """Whether a stroke joins two words, one of which is read: "COVID-19"."""
    beside = text[max(0, first - 1) : first] + text[last : last + 1]
    return text[first:last] == "-" and len(beside) == 2 and beside.isalnum() and not beside.isdigit()


def _part_words(tokens: list[SpeechToken], lang: LangCode) -> list[SpeechToken]:
    """Put the spaces that the written form leaves out: "A&B"."""
    parted: list[SpeechToken] = []
    for token in tokens:
        before = parted[-1] if parted else None
        if before is not None and not before.whitespace and before.source_end == token.source_start:
            is_cut_word = before.source_end - before.source_start == _MAX_TOKEN_CHARS
            ends, starts = is_spoken_sign(before.spoken[-1:]), is_spoken_sign(token.spoken[:1])
            meet = (ends and (starts or token.spoken[:1] in _OPENING)) or (starts and before.spoken[-1:] in _CLOSED)
            if meet and not is_cut_word and not open_language(lang).is_glued:
                parted[-1] = replace(before, whitespace=" ")
        parted.append(token)
    return parted


def settle_gaps(tokens: list[SpeechToken]) -> list[SpeechToken]:
    """Hand the space behind a silent token to the word before it: one space, however much is left out.

    "now [laugh], please" is spoken "now, please".
    """
    settled: list[SpeechToken] = []
    last_spoken: int | None = None
    for token in tokens:
        gap = token.whitespace if token.spoken else ""
        if last_spoken is not None:
            before = settled[last_spoken]
            if not token.spoken and token.whitespace:
                settled[last_spoken] = replace(before, whitespace=" ")
            elif token.spoken[:1] in _CLOSING and not settled[-1].spoken:
                settled[last_spoken] = replace(before, whitespace="")
        if token.spoken:
            last_spoken = len(settled)
        settled.append(replace(token, whitespace=gap))
    return settled


def is_spoken_sign(sign: str) -> bool:
    """A letter, a digit, or a mark that belongs to a letter (Hindi's vowel signs)."""
    return bool(sign) and unicodedata.category(sign)[0] in "LNM"


def gap_after(text: str, position: int) -> str:
    return " " if position < len(text) and text[position].isspace() else ""


def _attach_punctuation(tokens: list[SpeechToken]) -> list[SpeechToken]:
    """Put a full stop that follows a reading or a CJK character into its token: it is no word of its own."""
    attached: list[SpeechToken] = []
    for token in tokens:
        before = attached[-1] if attached else None
        is_mark = bool(token.spoken) and not any(is_spoken_sign(sign) for sign in token.spoken)
        is_beside = before is not None and before.source_end == token.source_start
        if before is not None and is_beside and before.spoken in _OPENING and token.spoken and not token.ipa:
            attached[-1] = replace(token, spoken=before.spoken + token.spoken, source_start=before.source_start)
            continue
        if (
            before is not None
            and is_mark
            and before.spoken
            and not before.ipa
            and is_beside
            and token.spoken not in _OPENING
        ):
            spoken = (
                before.spoken if token.spoken == "." and before.spoken.endswith(".") else before.spoken + token.spoken
            )
            attached[-1] = replace(before, spoken=spoken, source_end=token.source_end, whitespace=token.whitespace)
        else:
            attached.append(token)
    return attached
