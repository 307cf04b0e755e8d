"""An inaudible mark: a filter that raises or lowers each 15.6 Hz from 62 Hz to 2 kHz by a decibel and a half. The
signs are those of PerTh by Resemble AI, whose network changes whatever it hears alike (docs/watermark.md).
`myna.analysis.mark_finder` finds it."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import fft

from myna.audio.mel import hann
from myna.domain.waveform import Samples

STRENGTH_DB = 1.65
_SIGNS = 0x31F8807E_11C64C07_07F07862_305FF003
"""One bit for each of 128 bins, from 0 Hz upwards: 1 is louder."""
_NUM_BINS = 128
_FIRST_BIN = 4
"""Below, speech has nothing to mark."""
_LENGTH_S = 0.064
"""Of the filter, which makes its bins 15.6 Hz wide."""
_BLOCK_S = 0.1


class SpeechMarker:
    """Marks a reply piece by piece; joined they are, bit for bit, what the whole gives, in blocks counted from its
    start. What comes out is late by at most 0.14 s, not moved."""

    def __init__(self, sample_rate_hz: int) -> None:
        num_taps = len(_taps(sample_rate_hz))
        self._num_block = round(_BLOCK_S * sample_rate_hz)
        self._num_needed = self._num_block + num_taps - 1
        self._num_fft = fft.next_fast_len(self._num_needed, real=True)
        self._response = _response(sample_rate_hz, self._num_fft)
        self._pending = np.zeros(num_taps // 2, np.float32)
        self._num_missing = 0
        """Samples that came in and did not come out yet."""

    def push(self, samples: Samples) -> Samples:
        """What is ready after these samples."""
        self._pending = np.concatenate([self._pending, samples])
        blocks = [np.zeros(0, np.float32)]
        while len(self._pending) >= self._num_needed:
            spectrum = fft.rfft(self._pending[: self._num_needed], self._num_fft)
            filtered = fft.irfft(spectrum * self._response, self._num_fft)[self._num_needed - self._num_block :]
            blocks.append(filtered[: self._num_block].astype(np.float32))
            self._pending = self._pending[self._num_block :]
        marked = np.concatenate(blocks)
        self._num_missing += len(samples) - len(marked)
        return marked

    def finish(self) -> Samples:
        """What was kept back."""
        num_missing = self._num_missing
        num_blocks = -(-num_missing // self._num_block)
        num_needed = self._num_needed + (num_blocks - 1) * self._num_block
        return self.push(np.zeros(max(0, num_needed - len(self._pending)), np.float32))[:num_missing]


@lru_cache
def _response(sample_rate_hz: int, num_fft: int) -> npt.NDArray[np.complex128]:
    return np.asarray(fft.rfft(_taps(sample_rate_hz), num_fft))


@lru_cache
def _taps(sample_rate_hz: int) -> npt.NDArray[np.float64]:
    """An odd number of them, the same both ways: nothing is moved."""
    length = round(_LENGTH_S * sample_rate_hz / 2) * 2
    bits = np.array([_SIGNS >> (_NUM_BINS - 1 - index) & 1 for index in range(_NUM_BINS)])
    gains_db = np.where(bits, STRENGTH_DB, -STRENGTH_DB)
    gains_db[:_FIRST_BIN] = 0
    response = np.ones(length // 2 + 1)
    response[:_NUM_BINS] = 10 ** (gains_db / 20)
    around_zero = np.roll(fft.irfft(response, length), length // 2)
    return np.asarray(np.append(around_zero * hann(length), 0.0))
