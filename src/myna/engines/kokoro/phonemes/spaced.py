"""What languages written with spaces have in common: words out of tokens, punctuation kept."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from myna.domain.pronunciation import MARKS
from myna.domain.speech import SpeechToken

_PIECE = re.compile(rf"[^\W\d_][\w{MARKS}]*(?:['’ʼ][^\W\d_][\w{MARKS}]*)*['’]?|[^\w\s]")
_PUNCTUATION = {
    "«": "“", "»": "”", "„": "“", "‟": "“", "–": "—", "―": "—", "।": ".", "॥": ".", "؟": "?", "،": ",", "؛": ";",
    "¿": "", "¡": "", "'": "", "-": "",
}  # fmt: skip
_CJK_PUNCTUATION = dict(zip("，。、！？；：（）《》「」『』【】…—～・", ",.,!?;:()“”“”“”“”…—— ", strict=True))
_KEPT = frozenset(';:,.!?—…"“”()')
_PAUSES = frozenset(";:,.!?—…()")


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    """Lower case, NFC, apostrophes straight."""
    is_last: bool
    """A pause follows, or nothing: sounds do not run on into the next word."""


class Pronunciation(Protocol):
    """How the words of one language sound."""

    def pronounce(self, words: Sequence[Word]) -> list[str]:
        """Kokoro symbols for each word of a sentence."""


class Phonemizer(Protocol):
    """Knows how one language is pronounced."""

    def phonemize(self, tokens: Sequence[SpeechToken]) -> list[str]:
        """Kokoro symbols for each token and its punctuation, empty for silence. The tokens are one sentence or less."""


class SpacedPhonemizer:
    """Implements `Phonemizer` around the pronunciation of words."""

    def __init__(self, pronunciation: Pronunciation, english: Callable[[], Phonemizer] | None = None) -> None:
        """english: reads words in Latin letters, for a language that is written in others."""
        self._pronunciation = pronunciation
        self._english = english

    def phonemize(self, tokens: Sequence[SpeechToken]) -> list[str]:
        pieces = [(index, piece, gap) for index, token in enumerate(tokens) for piece, gap in _cut(token.spoken)]
        positions = [k for k, (_, piece, _) in enumerate(pieces) if piece[0].isalpha()]
        words = []
        for k in positions:
            follower = pieces[k + 1][1] if k + 1 < len(pieces) else "."
            written = pieces[k][1]
            is_last = _PUNCTUATION.get(follower, follower) in _PAUSES
            words.append(Word(_plain(written), is_last))
        spoken_words = dict(zip(positions, self._pronunciation.pronounce(words), strict=True))
        if self._english is not None:
            for k in positions:
                if pieces[k][1].isascii():
                    spoken_words[k] = say_english(pieces[k][1], self._english())
        phonemes = [""] * len(tokens)
        for k, (index, piece, gap) in enumerate(pieces):
            spoken = spoken_words.get(k)
            if spoken is None:
                mark = _PUNCTUATION.get(piece, piece)
                spoken = mark if mark in _KEPT else ""
            phonemes[index] += gap + spoken
        return [" ".join(spoken.split()) for spoken in phonemes]


def join_marks(spoken: str, sign: str) -> str:
    """Put a punctuation sign, Chinese, Japanese or European, behind what is spoken; other signs are not heard."""
    mark = _CJK_PUNCTUATION.get(sign) or _PUNCTUATION.get(sign, sign)
    if mark not in _KEPT:
        return spoken
    is_opening = mark in "(“"
    return spoken + mark if is_opening else spoken.rstrip() + mark + " "


def gap_between_words(before: str, after: str, gap: str) -> str:
    """The gap that parts two words in Latin letters, in a text that is written without any."""
    return gap if before and before[-1].isascii() and after[:1].isascii() else ""


def say_english(piece: str, english: Phonemizer) -> str:
    """An English word in a text of another language. A lone "A" is the letter there, and no article."""
    return "ˈA" if piece.strip() in ("A", "a") else english.phonemize([SpeechToken(piece, 0, len(piece))])[0]


def _cut(spoken: str) -> list[tuple[str, str]]:
    """Words and signs, each with the gap before it: "" or " "."""
    pieces: list[tuple[str, str]] = []
    end = 0
    for match in _PIECE.finditer(unicodedata.normalize("NFC", spoken)):
        is_apart = match.start() > end or (bool(pieces) and pieces[-1][0] in "-/")
        pieces.append((match[0], " " if is_apart else ""))
        end = match.end()
    return pieces


def _plain(word: str) -> str:
    return unicodedata.normalize("NFC", word.lower().replace("’", "'").replace("ʼ", "'"))
