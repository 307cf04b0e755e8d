"""Filters of many taps. `scipy.signal` has the same, and takes a second of processor and 40 MB to be imported."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft


def convolve_same(samples: npt.NDArray[np.floating], taps: npt.NDArray[np.floating]) -> npt.NDArray[Any]:
    """Filter about the middle tap (of an even number the first of the two): as many samples as there were."""
    size = len(samples) + len(taps) - 1
    num_bins = fft.next_fast_len(size, real=True)
    whole = fft.irfft(fft.rfft(samples, num_bins) * fft.rfft(taps, num_bins), num_bins)
    start = (len(taps) - 1) // 2
    filtered: npt.NDArray[Any] = whole[start : start + len(samples)]
    return filtered


def high_pass_taps(num_taps: int, lowest_hz: float, rate_hz: int) -> npt.NDArray[np.float64]:
    """[num_taps], an odd number: what is above `lowest_hz` stays. Windowed by Hamming's window, 1 at half the rate."""
    steps = np.arange(num_taps) - (num_taps - 1) / 2
    cutoff = 2 * lowest_hz / rate_hz
    taps = (np.sinc(steps) - cutoff * np.sinc(cutoff * steps)) * np.hamming(num_taps)
    return np.asarray(taps / np.sum(taps * np.cos(np.pi * steps)))
