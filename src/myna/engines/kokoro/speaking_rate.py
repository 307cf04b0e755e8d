"""Durations for another rate than the voice's own."""

import numpy as np

from myna.engines.kokoro.graphs import IntArray


def frames_at_rate(frames: IntArray, speaking_rate: float) -> IntArray:
    """Whole frames per symbol, at least one, whose sum is that of `frames` divided by the rate.

    A sound has two to four frames; rounding each by itself makes speech at 1.5 times the rate up to 1.7 times as fast.
    Here what is rounded off one sound is given to the next.
    frames: [T] durations at the voice's own rate; given back as they are for a rate of 1.
    """
    ends = np.floor(np.cumsum(frames) / speaking_rate + 0.5).astype(np.int64)
    whole: IntArray = np.maximum(np.diff(ends, prepend=0), 1)
    return whole
