"""Which part of a long recording is used, and how it is cut."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from myna.audio.loudness import MAX_PEAK, measure_loudness, normalize_loudness
from myna.audio.silence import TimeSpan, cut_spans, shorten_pauses
from myna.audio.window import MAX_PAUSE_S, MAX_WINDOW_S, SpeechWindow, choose_window
from myna.domain.waveform import Waveform

lengths = st.floats(0.2, 40.0)
speech = st.lists(st.tuples(lengths, st.floats(0.2, 8.0)), min_size=1, max_size=12)


def spans_of(stretches: list[tuple[float, float]]) -> list[TimeSpan]:
    spans, time_s = [], 0.0
    for length_s, pause_s in stretches:
        spans.append(TimeSpan(time_s, time_s + length_s))
        time_s += length_s + pause_s
    return spans


def choose(spans: list[TimeSpan]) -> SpeechWindow:
    return choose_window(spans, lambda span: [span.start_s + 0.4 * span.duration_s], lambda w: w.duration_s, len_s)


def len_s(window: SpeechWindow) -> float:
    return window.duration_s


@given(speech)
def test_the_window_fits_and_is_in_order(stretches: list[tuple[float, float]]) -> None:
    """Never longer than 15 s, never out of the recording, never overlapping."""
    spans = spans_of(stretches)
    window = choose(spans)
    assert 0.0 < window.duration_s <= MAX_WINDOW_S + 1e-9
    assert window.start_s >= spans[0].start_s - 1e-9
    assert window.end_s <= spans[-1].end_s + 1e-9
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in zip(window.kept, window.kept[1:], strict=False))


@given(speech)
def test_speech_that_fits_is_used_whole(stretches: list[tuple[float, float]]) -> None:
    """Nothing is thrown away without need."""
    spans = spans_of(stretches)
    fits = sum(span.duration_s for span in shorten_pauses(spans, MAX_PAUSE_S)) <= MAX_WINDOW_S
    assert choose(spans).is_whole == fits


def test_cuts_fall_into_pauses() -> None:
    """Sentences of 4 s: three fit, and none is cut."""
    window = choose([TimeSpan(5.0 * n, 5.0 * n + 4.0) for n in range(10)])
    assert window.duration_s == 3 * 4.0 + 2 * MAX_PAUSE_S
    assert window.start_s % 5.0 == 0.0


def test_a_stretch_without_pauses_is_cut_where_it_is_told() -> None:
    """Forty seconds in one breath: cut at 40 % of each piece."""
    window = choose([TimeSpan(0.0, 40.0)])
    assert 5.0 < window.duration_s <= MAX_WINDOW_S


def test_the_full_rating_decides() -> None:
    """Of windows that are equally long the best rated is taken."""
    spans = [TimeSpan(20.0 * n, 20.0 * n + 12.0) for n in range(4)]
    window = choose_window(spans, lambda span: [], len_s, lambda w: -abs(w.start_s - 40.0))
    assert window.start_s == 40.0


def test_cutting_leaves_no_click_and_exact_lengths() -> None:
    """Each piece begins and ends in silence."""
    waveform = Waveform(np.ones(16000 * 4, np.float32), 16000)
    cut = cut_spans(waveform, [TimeSpan(0.5, 1.5), TimeSpan(2.0, 3.25)])
    assert cut.duration_s == 2.25
    assert [cut.samples[0], cut.samples[15999], cut.samples[16000], cut.samples[-1]] == [0.0] * 4


@given(st.floats(0.01, 0.9))
def test_loudness_is_brought_to_the_target_without_clipping(level: float) -> None:
    """Within a tenth of a unit, unless the peaks stand in the way."""
    noise = np.random.default_rng(1).standard_normal(48000).astype(np.float32) * np.float32(level / 5)
    loud = normalize_loudness(Waveform(noise, 24000))
    assert np.abs(loud.samples).max() <= MAX_PEAK + 1e-6
    assert abs(measure_loudness(loud) + 23.0) < 0.1
