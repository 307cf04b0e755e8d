"""Whether more than one person speaks in a recording: where it could fall into two voices, and how alike those are.

Encoder A proposes, encoder B confirms. A hears windows of 1.6 s, so that every way to set one stretch against the rest
costs next to nothing; B then hears the two sides of the best proposal whole. Two kinds are proposed apart, since the
best of one kind would hide the other: a change of speaker (a stretch from the beginning) and an interruption (a stretch
inside). People who talk at the same time are not found.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from myna.analysis.speaker_features import SAMPLE_RATE_HZ
from myna.analysis.speakers import PARTIAL_HOP_S, PARTIAL_S, CampplusEmbedder, Ge2eEmbedder, audible_span, unit_length
from myna.domain.waveform import Waveform

MAX_LIKENESS_A = 0.76
MAX_LIKENESS_B = 0.60
"""Below both, a stretch is another person. Source: `training/graphs/measure_speakers.py` on 91 speakers; the figures
are in docs/weights.md."""

_MIN_CHANGE_PARTIALS = 2
_MIN_INTERRUPTION_PARTIALS = 3
"""A shorter interruption is as often a laugh or a cough as a person."""


@dataclass(frozen=True, slots=True)
class SpeakerChange:
    """The stretch of a recording that sounds least like the rest of it."""

    start_s: float
    end_s: float
    likeness_a: float
    """Cosine between the stretch and the rest, by encoder A."""
    likeness_b: float
    """The same by encoder B."""

    @property
    def is_second_speaker(self) -> bool:
        return self.likeness_a < MAX_LIKENESS_A and self.likeness_b < MAX_LIKENESS_B


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Partials `first` to `end` (exclusive) against those that do not overlap them."""

    first: int
    end: int

    @property
    def start_s(self) -> float:
        return self.first * PARTIAL_HOP_S

    @property
    def end_s(self) -> float:
        return (self.end - 1) * PARTIAL_HOP_S + PARTIAL_S


def measure_speaker_change(waveform: Waveform, a: Ge2eEmbedder, b: CampplusEmbedder) -> SpeakerChange | None:
    """Find the stretch that sounds least like the rest.

    waveform: 16 kHz. Returns: None for less than 4 s of sound, too short to tell.
    Raises: ValueError at another rate or for less than 0.1 s.
    """
    span = audible_span(waveform)
    samples = waveform.samples[span]
    partials = a.embed_partials(samples)
    found = []
    for proposals in (_changes(len(partials)), _interruptions(len(partials))):
        scored = [(_likeness(partials, stretch), stretch) for stretch in proposals]
        if not scored:
            continue
        likeness_a, stretch = min(scored, key=lambda pair: pair[0])
        start, end = (round(time_s * SAMPLE_RATE_HZ) for time_s in (stretch.start_s, stretch.end_s))
        inside, outside = samples[start:end], np.concatenate([samples[:start], samples[end:]])
        likeness_b = b.embed_windows(inside[np.newaxis])[0] @ b.embed_windows(outside[np.newaxis])[0]
        offset_s = span.start / SAMPLE_RATE_HZ
        found.append(SpeakerChange(offset_s + stretch.start_s, offset_s + stretch.end_s, likeness_a, float(likeness_b)))
    # one that counts as a second person goes before one that does not, however unlike
    return min(found, key=lambda change: (not change.is_second_speaker, change.likeness_b), default=None)


def _changes(num_partials: int) -> Iterator[_Stretch]:
    # the partial that straddles the change belongs to neither side
    for end in range(_MIN_CHANGE_PARTIALS, num_partials - _MIN_CHANGE_PARTIALS):
        yield _Stretch(0, end)


def _interruptions(num_partials: int) -> Iterator[_Stretch]:
    for first in range(2, num_partials):
        for end in range(first + _MIN_INTERRUPTION_PARTIALS, num_partials - 1):
            yield _Stretch(first, end)


def _likeness(partials: npt.NDArray[np.float32], stretch: _Stretch) -> float:
    inside = partials[stretch.first : stretch.end].sum(axis=0)
    outside = partials[: max(0, stretch.first - 1)].sum(axis=0) + partials[stretch.end + 1 :].sum(axis=0)
    return float(unit_length(inside) @ unit_length(outside))
