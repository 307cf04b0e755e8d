"""What becomes of the decoder's samples: peaks bent, words laid along them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.engines.kokoro.graphs import FRAME_SAMPLES, SAMPLE_RATE_HZ, round_frames
from myna.engines.kokoro.phonemes.symbols import SymbolSequence
from myna.engines.kokoro.segment_sound import limit_peaks
from myna.engines.kokoro.silence_trim import find_speech
from myna.engines.kokoro.speaking_rate import frames_at_rate
from myna.engines.kokoro.speech_timing import FRAME_S, LEAD_S, time_tokens


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * SAMPLE_RATE_HZ), dtype=np.float32)


def test_silence_has_no_speech() -> None:
    """Nothing audible gives nothing but the pause."""
    assert find_speech(silence(0.5)) == (0, 0)


@given(st.lists(st.floats(-4.0, 4.0, width=32), min_size=1, max_size=50))
def test_peaks_never_pass_the_ceiling(values: list[float]) -> None:
    """Order and sign are kept, quiet samples are untouched, nothing is louder than 0.98."""
    samples = np.array(values, dtype=np.float32)
    limited = limit_peaks(samples)
    assert limited.dtype == np.float32
    assert np.abs(limited).max() <= 0.98 + 1e-6
    quiet = np.abs(samples) <= 0.85
    np.testing.assert_array_equal(limited[quiet], samples[quiet])
    assert (np.diff(limited[np.argsort(samples)]) >= 0).all()


def test_rate_is_in_the_durations() -> None:
    """Half the speed doubles each symbol's frames; no symbol vanishes."""
    frames = np.array([4.2, 1.6, 0.2], dtype=np.float32)
    assert round_frames(frames).tolist() == [4, 2, 1]
    assert round_frames(frames, 2.0).tolist() == [8, 3, 1]
    assert round_frames(np.array([5.0, 14.0], np.float32), 1.8).tolist() == [8, 14], "long sounds are not stretched"
    assert round_frames(frames, 0.1).tolist() == [1, 1, 1]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=100), st.floats(0.5, 1.5))
def test_a_rate_is_kept_on_the_whole(frames: list[int], rate: float) -> None:
    """No symbol vanishes; the sum is as asked, but for symbols that are too short to be divided."""
    whole = frames_at_rate(np.array(frames), rate)
    num_short = sum(frame / rate < 1.0 for frame in frames)
    assert whole.min() >= 1
    assert frames_at_rate(np.array(frames), 1.0).tolist() == frames
    assert -1 <= whole.sum() - sum(frames) / rate <= 1 + num_short


def test_words_lie_where_their_symbols_are() -> None:
    """Two words with a space between and a silent token: starts, ends and phones from the frames."""
    sequence = SymbolSequence("ab c.", (0, 0, -1, 2, 2))
    frames = np.array([10, 4, 4, 2, 6, 3, 1])
    first_sample_s = -0.1
    timings = time_tokens(sequence, frames, range(3), first_sample_s=first_sample_s, audible_s=(0.0, 10.0))
    origin_s = first_sample_s - LEAD_S
    assert [timing.token_index for timing in timings] == [0, 1, 2]
    assert timings[0].start_s == pytest.approx(origin_s + 10 * FRAME_S)
    assert timings[0].end_s == pytest.approx(origin_s + 18 * FRAME_S)
    assert timings[1].start_s == timings[1].end_s == timings[0].end_s
    assert timings[2].start_s == pytest.approx(origin_s + 18 * FRAME_S)
    assert timings[2].end_s == pytest.approx(origin_s + 26 * FRAME_S)
    assert [phone.phone for phone in timings[0].phones] == ["a", "b"]
    assert round(FRAME_S * SAMPLE_RATE_HZ) == FRAME_SAMPLES


def test_phones_are_ipa() -> None:
    """The model's own signs are written out; length, nasality and tone belong to the sound before."""
    symbols = "ˈIʧOːÃi→n"
    sequence = SymbolSequence(symbols, (0,) * len(symbols))
    frames = np.full(len(symbols) + 2, 4)
    (timing,) = time_tokens(sequence, frames, range(1), first_sample_s=0.0, audible_s=(0.0, 10.0))
    assert [phone.phone for phone in timing.phones] == ["aɪ", "tʃ", "oʊː", "eɪ̃", "i˥", "n"]
    ends = [phone.start_s + phone.duration_s for phone in timing.phones]
    assert [phone.start_s for phone in timing.phones][1:] == pytest.approx(ends[:-1])
    assert ends[-1] == pytest.approx(timing.end_s)
