"""When each word and each phone is heard, from the durations that the model itself speaks with."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from myna.domain.speech import PhoneTiming, TokenTiming
from myna.engines.kokoro.graphs import FRAME_SAMPLES, SAMPLE_RATE_HZ, IntArray
from myna.engines.kokoro.phonemes.symbols import MODIFIERS, PUNCTUATION, STRESS_MARKS, SymbolSequence
from myna.engines.kokoro.phonemes.tables import read_table

FRAME_S = FRAME_SAMPLES / SAMPLE_RATE_HZ
"""25 ms."""
LEAD_S = 0.05
"""A sound is heard so long before its symbol's frames. Energy rises 30 to 50 ms before those of the first after a pause
(39 pauses, four voices); stop closures lie two frames early."""


def sample_bounds(frames: IntArray, rate_hz: int) -> IntArray:
    """[T + 1] from which sample each symbol is heard; frames: [T] with the pads."""
    bounds_s = np.concatenate([[0], np.cumsum(frames)]) * FRAME_S - LEAD_S
    return np.maximum(0, np.rint(bounds_s * rate_hz)).astype(np.int64)


def symbol_spans(symbols: str, frames: IntArray, rate_hz: int, first_sample: int = 0) -> Iterator[tuple[str, int, int]]:
    """Each symbol (without pads), and from and to which sample after a first one it is heard."""
    bounds = (sample_bounds(frames, rate_hz)[1:] - first_sample).tolist()
    yield from zip(symbols, bounds, bounds[1:], strict=False)


_SILENT = PUNCTUATION | {" "}
_IPA = read_table("kokoro")["ipa"]
"""The model's own symbols; the others are IPA."""


def time_tokens(
    sequence: SymbolSequence,
    frames: IntArray,
    tokens: range,
    *,
    first_sample_s: float,
    audible_s: tuple[float, float],
) -> tuple[TokenTiming, ...]:
    """All times count from the start of the segment's audio. frames: [T] with two pads. tokens: that begin here; one
    without any symbol takes no time. first_sample_s: where the decoder's first sample would lie. audible_s: start and
    end of what is heard."""
    bounds = np.clip(first_sample_s - LEAD_S + FRAME_S * np.concatenate([[0], np.cumsum(frames)]), *audible_s)
    owned: dict[int, list[int]] = {}
    for position, owner in enumerate(sequence.owners):
        owned.setdefault(owner, []).append(position)
    timings = []
    end_s = audible_s[0]
    for index in tokens:
        positions = owned.get(index, [])
        sounds = [k for k in positions if sequence.symbols[k] not in _SILENT] or positions
        if not sounds:
            timings.append(TokenTiming(index, end_s, end_s))
            continue
        start_s = max(end_s, float(bounds[_onset(sequence.symbols, sounds[0]) + 1]))
        end_s = max(start_s, float(bounds[sounds[-1] + 2]))
        timings.append(TokenTiming(index, start_s, end_s, _time_phones(sequence.symbols, sounds, bounds, start_s)))
    return tuple(timings)


def _onset(symbols: str, first_sound: int) -> int:
    """The symbol with which a word begins to be heard: in fluent speech the space before it is part of it."""
    has_space = first_sound > 1 and symbols[first_sound - 1] == " "
    return first_sound - 1 if has_space and symbols[first_sound - 2] not in _SILENT else first_sound


def _time_phones(
    symbols: str, sounds: Sequence[int], bounds: npt.NDArray[np.float64], word_start_s: float
) -> tuple[PhoneTiming, ...]:
    """One a sound, in IPA; a stress mark's time belongs to the sound behind it, a length mark's to that before it."""
    phones: list[PhoneTiming] = []
    pending_start_s: float | None = word_start_s
    for k in sounds:
        start_s = float(bounds[k + 1]) if pending_start_s is None else pending_start_s
        if symbols[k] in STRESS_MARKS:
            pending_start_s = start_s
        elif symbols[k] in MODIFIERS and phones:
            longer = phones.pop()
            end_s = max(longer.start_s, float(bounds[k + 2]))
            phones.append(PhoneTiming(longer.phone + _to_ipa(symbols[k]), longer.start_s, end_s - longer.start_s))
        elif symbols[k] not in _SILENT:
            pending_start_s = None
            phones.append(PhoneTiming(_to_ipa(symbols[k]), start_s, max(0.0, float(bounds[k + 2]) - start_s)))
    return tuple(phones)


def _to_ipa(symbol: str) -> str:
    return _IPA.get(symbol, symbol)
