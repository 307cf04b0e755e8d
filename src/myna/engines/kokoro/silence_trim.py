"""Takes the model's own silence off both ends of a segment and leaves pauses that fit what was said."""

import numpy as np

from myna.domain.waveform import Samples
from myna.engines.kokoro.graphs import SAMPLE_RATE_HZ

_STEP = SAMPLE_RATE_HZ // 100
"""10 ms, in samples."""
_THRESHOLD = 0.01
"""Of the loudest step's RMS: -40 dB. Kokoro's silence lies below -60 dB, its weakest fricatives above -35 dB."""
_LEAD_S = 0.03
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


def trim_silence(samples: Samples, tail_s: float) -> tuple[Samples, int]:
    """Cut both ends and leave exactly `tail_s` after the last sound.

    Returns the audio and how many samples were cut off its start.
    """
    first, last = find_speech(samples)
    start = max(0, first - round(_LEAD_S * SAMPLE_RATE_HZ))
    end = last + round(tail_s * SAMPLE_RATE_HZ)
    trimmed = samples[start : min(end, len(samples))].copy()
    fade = min(round(_FADE_S * SAMPLE_RATE_HZ), len(trimmed) // 2)
    if fade:
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        trimmed[:fade] *= ramp
        trimmed[-fade:] *= ramp[::-1]
    missing = end - start - len(trimmed)
    if missing > 0:
        trimmed = np.concatenate([trimmed, np.zeros(missing, dtype=np.float32)])
    return trimmed, start
