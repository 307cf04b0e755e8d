"""Cut a long recording into passages that the recogniser can hear at once, in the pauses where there are any."""

from collections.abc import Iterator, Sequence

import numpy as np

from myna.analysis.speech_activity import FRAME_S, FrameValues, SpeechActivity
from myna.audio.silence import TimeSpan
from myna.domain.transcript import MAX_HEARD_S

_MAX_PAUSE_S = 2.0
"""Longer pauses part passages: the recogniser makes words up in silence."""
_LATEST_SHARE = 0.5
"""Speech without a pause is cut where it is least like speech, in the latter half of what fits."""


def find_passages(activity: SpeechActivity) -> list[TimeSpan]:
    """In order, not overlapping, each at most `MAX_HEARD_S`, with all of the speech."""
    passages: list[TimeSpan] = []
    for span in _short_spans(activity.spans, activity.probabilities):
        last = passages[-1] if passages else None
        is_near = last is not None and span.start_s - last.end_s <= _MAX_PAUSE_S
        if last is not None and is_near and span.end_s - last.start_s <= MAX_HEARD_S:
            passages[-1] = TimeSpan(last.start_s, span.end_s)
        else:
            passages.append(span)
    return passages


def _short_spans(spans: Sequence[TimeSpan], probabilities: FrameValues) -> Iterator[TimeSpan]:
    for span in spans:
        start_s = span.start_s
        while span.end_s - start_s > MAX_HEARD_S:
            first = int((start_s + _LATEST_SHARE * MAX_HEARD_S) / FRAME_S)
            last = int((start_s + MAX_HEARD_S) / FRAME_S)
            cut_s = (first + int(np.argmin(probabilities[first:last]))) * FRAME_S
            yield TimeSpan(start_s, cut_s)
            start_s = cut_s
        yield TimeSpan(start_s, span.end_s)
