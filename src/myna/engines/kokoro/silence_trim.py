"""Where the model's own silence at both ends of a segment ends, and how its sound is cut there."""

import numpy as np

from myna.domain.waveform import Samples
from myna.engines.kokoro.graphs import SAMPLE_RATE_HZ

_STEP = SAMPLE_RATE_HZ // 100
"""10 ms, in samples."""
_THRESHOLD = 0.01
"""Of the loudest step's RMS: -40 dB. Kokoro's silence lies below -60 dB, its weakest fricatives above -35 dB."""
LEAD_S = 0.03
"""Kept before the first sound, so that no soft onset is cut."""
_FADE_S = 0.005


def find_speech(samples: Samples) -> tuple[int, int]:
    """First and last sample of what can be heard, to 10 ms; (0, 0) for silence."""
    num_steps = len(samples) // _STEP
    if num_steps == 0:
        return 0, len(samples)
    rms = np.sqrt(np.mean(samples[: num_steps * _STEP].reshape(num_steps, _STEP).astype(np.float64) ** 2, axis=1))
    loud = np.flatnonzero(rms > _THRESHOLD * rms.max()) if rms.max() > 0 else np.array([], dtype=np.int64)
    if len(loud) == 0:
        return 0, 0
    return int(loud[0]) * _STEP, min(len(samples), (int(loud[-1]) + 1) * _STEP)


def fade_in(samples: Samples) -> None:
    """In place."""
    ramp = _ramp(len(samples))
    samples[: len(ramp)] *= ramp


def fade_out(samples: Samples) -> None:
    """In place."""
    ramp = _ramp(len(samples))
    samples[len(samples) - len(ramp) :] *= ramp[::-1]


def _ramp(num_samples: int) -> Samples:
    return np.linspace(0.0, 1.0, min(round(_FADE_S * SAMPLE_RATE_HZ), num_samples // 2), dtype=np.float32)
