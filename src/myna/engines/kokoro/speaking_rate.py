"""Durations for another rate than the voice's own."""

import numpy as np

from myna.engines.kokoro.graphs import IntArray


def frames_at_rate(frames: IntArray, speaking_rate: float) -> IntArray:
    """Whole frames per symbol, at least one, whose sum is that of `frames` [T] divided by the rate (1: as they are):
    what is rounded off one sound is given to the next, or 1.5 times the rate would be up to 1.7."""
    ends = np.floor(np.cumsum(frames) / speaking_rate + 0.5).astype(np.int64)
    whole: IntArray = np.maximum(np.diff(ends, prepend=0), 1)
    return whole
