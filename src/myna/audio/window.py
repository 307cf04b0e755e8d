"""Which stretches of a long recording make the best reference: at most 15 seconds, cut at pauses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from myna.audio.silence import TimeSpan, shorten_pauses

MAX_WINDOW_S = 15.0
"""What the clone request uses of a sample (wire-contract.md#clone)."""
MAX_PAUSE_S = 0.5
"""Longer pauses are shortened to this: dead air teaches an engine nothing and takes room."""
_NUM_FINALISTS = 6


@dataclass(frozen=True, slots=True)
class SpeechWindow:
    """A choice of what to use."""

    kept: tuple[TimeSpan, ...]
    """In order; joined they last at most `MAX_WINDOW_S`."""
    is_whole: bool
    """All speech of the recording is in it."""

    @property
    def start_s(self) -> float:
        return self.kept[0].start_s

    @property
    def end_s(self) -> float:
        return self.kept[-1].end_s

    @property
    def duration_s(self) -> float:
        return sum(span.duration_s for span in self.kept)


def choose_window(
    speech: Sequence[TimeSpan],
    pauses_inside: Callable[[TimeSpan], Sequence[float]],
    rate_cheaply: Callable[[SpeechWindow], float],
    rate_fully: Callable[[SpeechWindow], float],
) -> SpeechWindow:
    """Every run of neighbouring stretches that fits is rated cheaply, the best few fully; speech that fits is taken
    whole, unrated. speech: in order, at least one. pauses_inside: where a stretch too long may be cut, s, best
    first. rate_cheaply, rate_fully: higher is better."""
    whole = shorten_pauses(speech, MAX_PAUSE_S)
    if sum(span.duration_s for span in whole) <= MAX_WINDOW_S:
        return SpeechWindow(tuple(whole), is_whole=True)
    stretches = [piece for span in speech for piece in _split(span, pauses_inside)]
    candidates = _runs_that_fit(stretches)
    finalists = sorted(candidates, key=rate_cheaply, reverse=True)[:_NUM_FINALISTS]
    return finalists[0] if len(finalists) == 1 else max(finalists, key=rate_fully)


def _split(span: TimeSpan, pauses_inside: Callable[[TimeSpan], Sequence[float]]) -> list[TimeSpan]:
    """Cut a stretch that is longer than the window at its best pause, and again until all pieces fit."""
    if span.duration_s <= MAX_WINDOW_S:
        return [span]
    pauses_s = [time_s for time_s in pauses_inside(span) if span.start_s < time_s < span.end_s]
    cut_s = pauses_s[0] if pauses_s else (span.start_s + span.end_s) / 2
    halves = TimeSpan(span.start_s, cut_s), TimeSpan(cut_s, span.end_s)
    return [piece for half in halves for piece in _split(half, pauses_inside)]


def _runs_that_fit(stretches: Sequence[TimeSpan]) -> list[SpeechWindow]:
    """For each stretch the longest run that begins with it and fits, unless a run before it holds all of that."""
    runs: list[SpeechWindow] = []
    last_end = -1
    for first in range(len(stretches)):
        kept: list[TimeSpan] = []
        end = first
        while end < len(stretches):
            longer = shorten_pauses(stretches[first : end + 1], MAX_PAUSE_S)
            if sum(span.duration_s for span in longer) > MAX_WINDOW_S:
                break
            kept, end = longer, end + 1
        if kept and end > last_end:
            runs.append(SpeechWindow(tuple(kept), is_whole=False))
            last_end = end
    return runs
