"""Cut stretches out of a recording and join them, without clicks and without dead air."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from myna.domain.waveform import Waveform

_FADE_S = 0.005


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A stretch of a recording, in seconds from its start."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


def cut_spans(waveform: Waveform, spans: Sequence[TimeSpan]) -> Waveform:
    """Join the spans, each faded in and out over 5 ms. Spans are in order and do not overlap; at least one."""
    return Waveform(np.concatenate([_cut(waveform, span) for span in spans]), waveform.sample_rate_hz)


def _cut(waveform: Waveform, span: TimeSpan) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    rate_hz = waveform.sample_rate_hz
    piece = waveform.samples[round(span.start_s * rate_hz) : round(span.end_s * rate_hz)].copy()
    num_faded = min(int(_FADE_S * rate_hz), len(piece) // 2)
    if num_faded:
        ramp = np.linspace(0.0, 1.0, num_faded, dtype=np.float32)
        piece[:num_faded] *= ramp
        piece[-num_faded:] *= ramp[::-1]
    return piece


def shorten_pauses(speech: Sequence[TimeSpan], max_pause_s: float) -> list[TimeSpan]:
    """What to keep so that no pause is longer, half on each side. Neighbours whose pause is kept become one span."""
    kept: list[TimeSpan] = []
    for span in speech:
        if kept and span.start_s - kept[-1].end_s <= max_pause_s:
            kept[-1] = TimeSpan(kept[-1].start_s, span.end_s)
        elif kept:
            kept[-1] = TimeSpan(kept[-1].start_s, kept[-1].end_s + max_pause_s / 2)
            kept.append(TimeSpan(span.start_s - max_pause_s / 2, span.end_s))
        else:
            kept.append(span)
    return kept
