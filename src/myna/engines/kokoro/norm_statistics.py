"""What goes through the norms of the decoder's generator when a voice speaks; measured once, while it practises."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

HalfArray = npt.NDArray[np.float16]
NUM_CHANNELS = 9216
NUM_BYTES = 2 * 2 * NUM_CHANNELS


@dataclass(frozen=True, slots=True, eq=False)
class NormStatistics:
    """Of a voice: what goes through the generator's 48 norms, one behind the other. 37 KB."""

    mean: HalfArray
    """[9216]"""
    deviation: HalfArray
    """[9216] standard deviation."""

    def to_bytes(self) -> bytes:
        """Little-endian, means first: `NUM_BYTES`."""
        return np.concatenate([self.mean, self.deviation]).astype("<f2").tobytes()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """What `to_bytes` wrote. Raises: ValueError for another length or numbers that are none."""
        numbers = np.frombuffer(content, dtype="<f2").astype(np.float16)
        if len(numbers) != 2 * NUM_CHANNELS or not np.isfinite(numbers).all() or not (numbers[NUM_CHANNELS:] > 0).all():
            raise ValueError("these are no statistics of norms")
        return cls(numbers[:NUM_CHANNELS], numbers[NUM_CHANNELS:])
