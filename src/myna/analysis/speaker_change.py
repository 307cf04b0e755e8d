"""Whether a recording could fall into two voices, and how alike those are. A hears windows of 1.6 s and proposes a
change of speaker and, apart, an interruption, by the sound in each; B hears the two sides whole and confirms. People
who talk at the same time are found by `speaker_overlap`."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from myna.analysis.speakers import (
    AUDIBLE_BLOCK,
    PARTIAL_HOP_S,
    PARTIAL_S,
    CampplusEmbedder,
    Ge2eEmbedder,
    audible_blocks,
    audible_span,
    unit_length,
)
from myna.audio.mel import SAMPLE_RATE_HZ
from myna.domain.waveform import Waveform

MAX_LIKENESS_A = 0.76
MAX_LIKENESS_B = 0.60
"""Below both, a stretch is another person. Source: `training/graphs/measure_speakers.py`, 91 people."""

_MIN_CHANGE_PARTIALS = 2
_MIN_INTERRUPTION_PARTIALS = 3
"""A shorter interruption is as often a laugh or a cough as a person."""
_MIN_SOUND_PARTIALS = 1.5


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
    """The stretch least like the rest, of 16 kHz; None for less than 4.8 s or too little sound. Raises: ValueError."""
    span = audible_span(waveform)
    samples = waveform.samples[span]
    partials = a.embed_partials(samples)
    blocks = audible_blocks(samples)
    sound = _sound_in_partials(blocks, len(partials))
    is_sound = np.repeat(blocks, AUDIBLE_BLOCK)[: len(samples)]
    found = []
    last = len(partials) - 1
    # the partial that straddles a change belongs to neither side
    changes = [_Stretch(0, end) for end in range(_MIN_CHANGE_PARTIALS, len(partials) - _MIN_CHANGE_PARTIALS)]
    interruptions = [
        _Stretch(first, end) for first in range(2, last) for end in range(first + _MIN_INTERRUPTION_PARTIALS, last)
    ]
    for proposals in (changes, interruptions):
        scored = [
            (_likeness(partials, sound, stretch), stretch)
            for stretch in proposals
            if min(_sides(sound, stretch)) >= _MIN_SOUND_PARTIALS
        ]
        if not scored:
            continue
        likeness_a, stretch = min(scored, key=lambda pair: pair[0])
        start, end = (round(time_s * SAMPLE_RATE_HZ) for time_s in (stretch.start_s, stretch.end_s))
        is_inside = np.zeros(len(samples), np.bool_)
        is_inside[start:end] = True
        inside, outside = (b.embed_windows(samples[side & is_sound][np.newaxis]) for side in (is_inside, ~is_inside))
        likeness_b = float(inside[0] @ outside[0])
        offset_s = span.start / SAMPLE_RATE_HZ
        found.append(SpeakerChange(offset_s + stretch.start_s, offset_s + stretch.end_s, likeness_a, likeness_b))
    # one that counts as a second person goes before one that does not, however unlike
    return min(found, key=lambda change: (not change.is_second_speaker, change.likeness_b), default=None)


def _sound_in_partials(blocks: npt.NDArray[np.bool_], num_partials: int) -> npt.NDArray[np.float32]:
    """Share of each partial that is not silence. Returns: [num_partials], 0 to 1."""
    starts_s = np.arange(num_partials) * PARTIAL_HOP_S
    edges = np.rint(np.stack([starts_s, starts_s + PARTIAL_S]) * SAMPLE_RATE_HZ / AUDIBLE_BLOCK).astype(np.int64)
    return np.array([blocks[start:end].mean() for start, end in edges.T], np.float32)


def _sides(values: npt.NDArray[np.float32], stretch: _Stretch) -> tuple[npt.NDArray[np.float32], ...]:
    """Sum over the stretch, and over the rest without what overlaps it."""
    inside = values[stretch.first : stretch.end].sum(axis=0)
    return inside, values[: max(0, stretch.first - 1)].sum(axis=0) + values[stretch.end + 1 :].sum(axis=0)


def _likeness(partials: npt.NDArray[np.float32], sound: npt.NDArray[np.float32], stretch: _Stretch) -> float:
    inside, outside = _sides(partials * sound[:, np.newaxis], stretch)
    return float(unit_length(inside) @ unit_length(outside))
