"""Sound that is given stretch by stretch is the sound that is given at once."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myna.domain.speech import SpokenChunk
from myna.engines.kokoro.graphs import FRAME_SAMPLES, SAMPLE_RATE_HZ
from myna.engines.kokoro.phone_colour import colour_taps
from myna.engines.kokoro.phonemes.symbols import SymbolSequence, join_tokens
from myna.engines.kokoro.segment_sound import SegmentSound, plan_stretches
from myna.engines.kokoro.silence_trim import find_speech
from myna.engines.kokoro.timbre_eq import equalizer_taps
from myna.engines.kokoro.voice_artifact import NUM_EQ_BANDS, NUM_PHONE_KINDS
from myna.engines.kokoro.voice_filters import VoiceFilters

SENTENCE = join_tokens(["ðɪ", "ˈOld", "kˈipəɹ", ",", "sˈɛd", "nˈʌʔ", "."], [" ", " ", "", " ", " ", "", ""])
TAIL_S = 0.3
COLOUR = colour_taps(np.random.default_rng(5).normal(0.0, 1.5, (NUM_PHONE_KINDS, NUM_EQ_BANDS)).astype(np.float32))


def speak(frames: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A decoder's samples and pitch: a buzz where there is a sound, noise 60 dB below that never ends."""
    chance = np.random.default_rng(seed)
    level = np.repeat([0.0, *(0.3 if symbol.isalpha() else 0.0 for symbol in SENTENCE.symbols), 0.0], frames)
    level = np.repeat(level, FRAME_SAMPLES)
    phase = 2 * np.pi * 150 * np.arange(len(level)) / SAMPLE_RATE_HZ
    samples = level * (np.sin(phase) + np.sin(7 * phase)) + 0.0003 * chance.normal(size=len(level))
    return samples.astype(np.float32), np.full(2 * int(frames.sum()), 150.0, np.float32)


def give(stretches: list[tuple[int, int]], frames: np.ndarray, seed: int) -> list[SpokenChunk]:
    samples, f0_hz = speak(frames, seed)
    taps = equalizer_taps(np.linspace(-6, 6, 32).astype(np.float32))
    tokens = range(max(SENTENCE.owners) + 1)
    sound = SegmentSound(SENTENCE, frames, f0_hz, VoiceFilters(COLOUR, 4.0, taps), tokens, tail_s=TAIL_S, start_s=0.0)
    chunks = [sound.add(samples[first:end], end) for first, end in stretches]
    return [chunk for chunk in chunks if chunk is not None]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=len(SENTENCE.symbols), max_size=len(SENTENCE.symbols)), st.integers(0, 9))
def test_stretches_give_what_the_whole_gives(lengths: list[int], seed: int) -> None:
    frames = np.array([12, *lengths, 14])
    planned = list(plan_stretches(SENTENCE.symbols, frames))
    assert all(before[1] == after[0] for before, after in pairwise(planned))
    streamed, whole = give(planned, frames, seed), give([(planned[0][0], planned[-1][1])], frames, seed)
    joined = np.concatenate([chunk.samples for chunk in streamed])
    np.testing.assert_allclose(joined, whole[0].samples, atol=1e-5)
    timings = [timing for chunk in streamed for timing in chunk.timings]
    assert timings == list(whole[0].timings)
    assert [timing.token_index for timing in timings] == list(range(max(SENTENCE.owners) + 1))
    _, last = find_speech(joined)
    assert len(joined) / SAMPLE_RATE_HZ - TAIL_S == pytest.approx(last / SAMPLE_RATE_HZ, abs=0.02)


def test_what_has_no_sounds_is_a_pause() -> None:
    """A bare sign: nothing is heard, nothing is lost."""
    frames = np.array([10, 8, 10])
    silent = SymbolSequence(".", (0,))
    f0_hz = np.zeros(56, np.float32)
    unfiltered = VoiceFilters(None, 0.0, None)
    sound = SegmentSound(silent, frames, f0_hz, unfiltered, range(1), tail_s=TAIL_S, start_s=0.0)
    chunks = [sound.add(np.zeros(end - first, np.float32), end) for first, end in plan_stretches(".", frames)]
    (chunk,) = [chunk for chunk in chunks if chunk is not None]
    assert len(chunk.samples) == round(TAIL_S * SAMPLE_RATE_HZ)
    assert len(chunk.timings) == 1
