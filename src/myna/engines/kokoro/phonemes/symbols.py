"""Kokoro's phoneme symbols: the model's vocabulary, and how general IPA is written with it."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from myna.domain.language import LangCode
from myna.engines.kokoro.graphs import PAD_ID, IntArray
from myna.engines.kokoro.phonemes.tables import read_table

WEIGHT_NAME = "kokoro/vocab.json"

PUNCTUATION = frozenset(';:,.!?—…"“”()')
"""Signs of the vocabulary that are heard as pauses and tunes, not as sounds."""
SENTENCE_ENDS = frozenset(".!?…")
CLAUSE_ENDS = frozenset(",;:—")
STRESS_MARKS = frozenset("ˈˌ")
MODIFIERS = frozenset("ːʰʲᵝ\u0303→↗↓↘")
"""Length, breath, nasality and tone: no sounds of their own, part of the one before."""

_TABLE = read_table("kokoro")


class Vocabulary:
    """Symbol -> id. One character is one symbol."""

    def __init__(self, path: Path) -> None:
        """path: `{"vocab": {symbol: id}}`, UTF-8."""
        self._ids: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))["vocab"]

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._ids

    def keep_known(self, symbols: str) -> str:
        """Drop what the model has no symbol for."""
        return "".join(symbol for symbol in symbols if symbol in self._ids)

    def encode(self, symbols: str) -> IntArray:
        """[T] ids, a pad before and after. Every symbol must be known."""
        return np.array([PAD_ID, *(self._ids[symbol] for symbol in symbols), PAD_ID], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class SymbolSequence:
    """What the model speaks in one go, and whose each symbol is."""

    symbols: str
    owners: tuple[int, ...]
    """Per symbol: the index of its token in the segment, -1 for what separates tokens."""


def join_tokens(phonemes: Sequence[str], separators: Sequence[str]) -> SymbolSequence:
    """The tokens' phonemes one after the other, which may be empty, with their separators " " or "" behind each."""
    symbols: list[str] = []
    owners: list[int] = []
    for index, (spoken, separator) in enumerate(zip(phonemes, separators, strict=True)):
        symbols += spoken
        owners += [index] * len(spoken)
        if separator and symbols and symbols[-1] != " ":
            symbols.append(" ")
            owners.append(-1)
    while symbols and symbols[-1] == " ":
        symbols.pop()
        owners.pop()
    return SymbolSequence("".join(symbols), tuple(owners))


def split_sequence(sequence: SymbolSequence, max_symbols: int) -> list[SymbolSequence]:
    """Cut what is too long for the model: after a sentence, else a clause, else a word, else anywhere."""
    parts = []
    symbols, owners = sequence.symbols, sequence.owners
    while len(symbols) > max_symbols:
        cut = _find_cut(symbols[:max_symbols])
        parts.append(SymbolSequence(symbols[:cut], owners[:cut]))
        start = cut + (symbols[cut] == " ")
        symbols, owners = symbols[start:], owners[start:]
    if symbols:
        parts.append(SymbolSequence(symbols, owners))
    return parts


def share_tokens(parts: Sequence[SymbolSequence], num_tokens: int) -> list[range]:
    """Which tokens begin in which part: every token in exactly one, those without symbols beside their neighbours."""
    if not parts:
        return []
    starts: list[int] = []
    for part in parts:
        first = next((owner for owner in part.owners if owner >= 0), num_tokens)
        is_torn = bool(starts) and first in parts[len(starts) - 1].owners
        starts.append(first + 1 if is_torn else first)
    starts[0] = 0
    return [range(start, end) for start, end in zip(starts, [*starts[1:], num_tokens], strict=True)]


def _find_cut(symbols: str) -> int:
    """Where to cut: never in the first third, so that no part is tiny."""
    earliest = len(symbols) // 3
    for wanted in (SENTENCE_ENDS, CLAUSE_ENDS, {" "}):
        for index in range(len(symbols) - 1, earliest, -1):
            if symbols[index] in wanted:
                return index if symbols[index] == " " else index + 1
    return len(symbols)


def spell_general_ipa(ipa: str) -> str:
    """IPA as Kokoro writes it but for English: one sign for an affricate, no ties; nasal vowels are two signs."""
    text = unicodedata.normalize("NFD", ipa).replace("c\u0327", "ç").replace("\u0361", "").replace("g", "ɡ")
    for pair, sign in (_TABLE["diphthongs"] | _TABLE["affricates"]).items():
        text = text.replace(pair, sign)
    return text


def strip_stress(symbols: str) -> str:
    return "".join(symbol for symbol in symbols if symbol not in STRESS_MARKS)


def spell_ipa(ipa: str, lang: LangCode) -> str:
    """What stood between slashes, as Kokoro writes it in this language."""
    text = ipa
    for sign, replacement in _TABLE["lookalikes"].items():
        text = text.replace(sign, replacement)
    text = spell_general_ipa(text)
    for sign, replacement in _TABLE.get(lang, {}).items():
        text = text.replace(sign, replacement)
    return text
