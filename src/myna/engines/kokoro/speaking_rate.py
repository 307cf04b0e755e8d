"""Durations for another rate than the voice's own."""

import numpy as np

from myna.engines.kokoro.graphs import FloatArray, IntArray


def frames_at_rate(frames: FloatArray, speaking_rate: float) -> IntArray:
    """Whole frames per symbol, at least one, whose sum is that of `frames` divided by the rate.

    A sound has two to four frames; rounding each by itself makes speech at 1.5 times the rate up to 1.7 times as fast.
    Here what is rounded off one sound is given to the next.
    frames: [T] durations at the voice's own rate, not rounded.
    """
    ends = np.floor(np.cumsum(frames.astype(np.float64)) / speaking_rate + 0.5).astype(np.int64)
    whole: IntArray = np.maximum(np.diff(ends, prepend=0), 1)
    return whole
