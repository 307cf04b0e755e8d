"""Waveforms: what audio is inside the service."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from myna.domain.language import LangCode

Samples = npt.NDArray[np.float32]
"""[num_samples] float32, mono, nominally in [-1, 1]."""


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """Mono at a known rate. Raises: ValueError for what is not one-dimensional float32, or a rate not positive."""

    samples: Samples
    """[num_samples] float32 in [-1, 1]."""
    sample_rate_hz: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise ValueError("a waveform is one-dimensional float32")
        if self.sample_rate_hz <= 0:
            raise ValueError("a sample rate is positive")

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sample_rate_hz


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceAudio:
    """What an engine copies a voice from: cleaned, cut speech of one person."""

    waveform: Waveform
    """At the engine's `reference_rate_hz`, at most its longest useful duration."""
    transcript: str
    """What is said in it; may be empty."""
    lang: LangCode
