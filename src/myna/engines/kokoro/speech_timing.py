"""When each word and each phone is heard, from the durations that the model itself speaks with."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from myna.domain.speech import PhoneTiming, TokenTiming
from myna.engines.kokoro.graphs import FRAME_SAMPLES, SAMPLE_RATE_HZ, IntArray
from myna.engines.kokoro.phonemes.symbols import PUNCTUATION, STRESS_MARKS, SymbolSequence

FRAME_S = FRAME_SAMPLES / SAMPLE_RATE_HZ
"""25 ms."""
_SILENT = PUNCTUATION | {" "}


def time_tokens(
    sequence: SymbolSequence,
    frames: IntArray,
    num_tokens: int,
    *,
    first_sample_s: float,
    audible_s: tuple[float, float],
) -> tuple[TokenTiming, ...]:
    """Lay a segment's tokens along its audio. All times count from the start of the segment's audio.

    frames: [T] of the symbols with their two pads. first_sample_s: where the decoder's first sample would lie
    (before the start of what is heard when silence was cut off). audible_s: start and end of what is heard.
    Only tokens that own a symbol of `sequence` are listed, in order.
    """
    bounds = np.clip(first_sample_s + FRAME_S * np.concatenate([[0], np.cumsum(frames)]), *audible_s)
    owned: list[list[int]] = [[] for _ in range(num_tokens)]
    for position, owner in enumerate(sequence.owners):
        if owner >= 0:
            owned[owner].append(position)
    timings = []
    for index, positions in enumerate(owned):
        if not positions:
            continue
        sounds = [k for k in positions if sequence.symbols[k] not in _SILENT] or positions
        start_s, end_s = float(bounds[sounds[0] + 1]), float(bounds[sounds[-1] + 2])
        timings.append(TokenTiming(index, start_s, end_s, _time_phones(sequence.symbols, sounds, bounds)))
    return tuple(timings)


def _time_phones(symbols: str, sounds: Sequence[int], bounds: npt.NDArray[np.float64]) -> tuple[PhoneTiming, ...]:
    """One entry per sound; a stress mark's time belongs to the sound that it precedes."""
    phones = []
    pending_start_s: float | None = None
    for k in sounds:
        start_s = float(bounds[k + 1]) if pending_start_s is None else pending_start_s
        if symbols[k] in STRESS_MARKS:
            pending_start_s = start_s
        elif symbols[k] not in _SILENT:
            pending_start_s = None
            phones.append(PhoneTiming(symbols[k], start_s, float(bounds[k + 2]) - start_s))
    return tuple(phones)
