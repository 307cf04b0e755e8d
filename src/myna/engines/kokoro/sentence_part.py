"""A part of a sentence, spoken with the tune that it has in the whole: durations, pitch and energy are predicted for
the sentence (a tenth of a second of work), only the sound is made in parts. By itself the rest of one would begin anew,
2 dB louder and 2 semitones higher."""

from dataclasses import dataclass

import numpy as np

from myna.engines.kokoro.graphs import IntArray, ProsodyCurves
from myna.engines.kokoro.phonemes.symbols import SymbolSequence

_HALVES = 2
"""Curves have two values a frame."""


@dataclass(frozen=True, slots=True, eq=False)
class SentencePart:
    """Which symbols of a sentence are spoken."""

    sentence: str
    """All symbols, without pads."""
    sequence: SymbolSequence
    """Those that are spoken, owned by the segment's own tokens."""
    positions: IntArray
    """[P + 2] where they and the two pads stand among the sentence's symbols with its pads."""

    def cut_curves(self, curves: ProsodyCurves, frames: IntArray) -> ProsodyCurves:
        """What of the sentence's curves belongs to the part. frames: [T] of the sentence with its pads."""
        ends = np.cumsum(frames)
        halves = np.concatenate([np.arange(_HALVES * (ends[k] - frames[k]), _HALVES * ends[k]) for k in self.positions])
        return ProsodyCurves(curves.f0_hz[halves], curves.energy[halves])


def whole_sentence(sequence: SymbolSequence) -> SentencePart:
    """All of it."""
    return SentencePart(sequence.symbols, sequence, np.arange(len(sequence.symbols) + 2))


def cut_sentence(sentence: SymbolSequence, first_token: int, num_tokens: int) -> SentencePart | None:
    """What these tokens own of a sentence, with what separates them; None if that is nothing."""
    tokens = range(first_token, first_token + num_tokens)
    owned = [k for k, owner in enumerate(sentence.owners) if owner in tokens]
    if not owned:
        return None
    first, end = owned[0], owned[-1] + 1
    owners = tuple(owner - first_token if owner >= 0 else owner for owner in sentence.owners[first:end])
    sequence = SymbolSequence(sentence.symbols[first:end], owners)
    positions = np.concatenate([[0], np.arange(first + 1, end + 1), [len(sentence.symbols) + 1]])
    return SentencePart(sentence.symbols, sequence, positions)
