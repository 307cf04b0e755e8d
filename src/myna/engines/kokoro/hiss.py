"""Keeps hisses bright: /s/, /f/ and their like live above 3 kHz, and with weak ones a voice is understood worse,
however alike. What they lack is measured when the voice is made; the treble of these phones alone is raised by as
much."""

from collections.abc import Iterator

import numpy as np

from myna.audio.convolve import convolve_same, high_pass_taps
from myna.domain.waveform import Samples
from myna.engines.kokoro.graphs import SAMPLE_RATE_HZ, IntArray
from myna.engines.kokoro.speech_timing import symbol_spans

_HISSES = frozenset("szʃʒfθʂʐɕʑçʦʧʨꭧ")
LOWEST_HZ = 3_000.0
_NUM_TAPS = 127
_EDGE_S = 0.01
HISS_LINES = (0, 5)
"""Of the lines of `voice_clarity`: they have six of the ten hisses."""
BRIGHT_DB = -11.5
"""Of these lines as they are heard. Four stock voices: -8.3 to -14.3, mean -12.0."""
GUESSED_BRIGHT_DB = -18.0
"""Before a voice has practised, of the undivided decoder's speech up to 8 kHz; what is heard differs by some 2 dB."""
_MOST_DB = 12.0


def missing_hiss_db(level_db: float, bright_db: float = BRIGHT_DB) -> float:
    """How much a voice's hisses are to be raised, 0 to 12 dB."""
    return float(np.clip(bright_db - level_db, 0.0, _MOST_DB))


def hiss_levels_db(samples: Samples, rate_hz: int, symbols: str, frames: IntArray) -> list[float]:
    """Of every hiss: its power above 3 kHz below the loud level (95th percentile of 10 ms), dB. [num_samples] as
    decoded; symbols: [T - 2] without pads; frames: [T] with them."""
    step = rate_hz // 100
    steps = samples[: len(samples) // step * step].reshape(-1, step).astype(np.float64)
    loud = float(np.percentile((steps**2).mean(axis=1), 95)) + 1e-12
    treble = _above(samples, rate_hz).astype(np.float64)
    pieces = [treble[start:end] for start, end in _hiss_spans(symbols, frames, rate_hz)]
    return [float(10 * np.log10((piece**2).mean() / loud + 1e-12)) for piece in pieces if len(piece)]


def lift_hisses(samples: Samples, symbols: str, frames: IntArray, gain_db: float, first_sample: int = 0) -> Samples:
    """samples: [num_samples] at 24 kHz, from the first given of what was said. Returns as many."""
    spans = list(_hiss_spans(symbols, frames, SAMPLE_RATE_HZ, first_sample)) if gain_db > 0.0 else []
    if not spans:
        return samples
    share = np.zeros(len(samples), dtype=np.float32)
    for start, end in spans:
        share[start:end] = 10 ** (gain_db / 20) - 1
    edge = np.hanning(round(_EDGE_S * SAMPLE_RATE_HZ) + 2)[1:-1].astype(np.float32)
    share = convolve_same(share, edge / edge.sum())
    lifted: Samples = (samples + share * _above(samples, SAMPLE_RATE_HZ)).astype(np.float32)
    return lifted


def _hiss_spans(symbols: str, frames: IntArray, rate_hz: int, first_sample: int = 0) -> Iterator[tuple[int, int]]:
    """From and to which sample after a first one each hiss is heard."""
    for symbol, start, end in symbol_spans(symbols, frames, rate_hz, first_sample):
        if symbol in _HISSES and end > 0:
            yield max(0, start), end


def _above(samples: Samples, rate_hz: int) -> Samples:
    taps = high_pass_taps(_NUM_TAPS, LOWEST_HZ, rate_hz)
    treble: Samples = convolve_same(samples, taps).astype(np.float32)
    return treble
