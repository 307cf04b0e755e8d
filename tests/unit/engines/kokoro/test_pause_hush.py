"""Pauses are quiet, and nothing else is touched."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from myna.engines.kokoro.graphs import FRAME_SAMPLES
from myna.engines.kokoro.pause_hush import hush_pauses

RATE_HZ = 24_000
F0_HZ = 120.0


def level_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(samples**2) + 1e-12))


def noise(num_frames: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, num_frames * FRAME_SAMPLES).astype(np.float32)


def voice(num_samples: int) -> np.ndarray:
    """Harmonics of 120 Hz."""
    time_s = np.arange(num_samples) / RATE_HZ
    return np.sum([np.sin(2 * np.pi * F0_HZ * k * time_s) / k for k in range(1, 9)], axis=0).astype(np.float32) * 0.2


def test_noise_before_the_first_sound_and_after_the_last_is_hushed() -> None:
    """A line of one fricative between pads of noise: 34 dB less outside, the same inside."""
    frames = np.array([16, 8, 10, 4])
    samples = noise(int(frames.sum()))
    hushed = hush_pauses(samples, "s!", frames, np.full(2 * int(frames.sum()), F0_HZ))
    starts = np.cumsum(frames) * FRAME_SAMPLES
    inside = slice(starts[0] - 2 * FRAME_SAMPLES, starts[1])
    np.testing.assert_array_equal(hushed[inside], samples[inside])
    assert level_db(hushed[: 10 * FRAME_SAMPLES]) < level_db(samples) - 30
    assert level_db(hushed[starts[1] + 3 * FRAME_SAMPLES :]) < level_db(samples) - 30


def test_what_follows_the_voice_of_a_final_vowel_is_hushed() -> None:
    """The vowel has twelve frames, its voice stops after eight; the burst behind it is not heard."""
    frames = np.array([4, 12, 8, 4])
    num_frames = int(frames.sum())
    samples = noise(num_frames)
    sounding = slice(4 * FRAME_SAMPLES, 12 * FRAME_SAMPLES)
    samples[sounding] = voice(8 * FRAME_SAMPLES)
    hushed = hush_pauses(samples, "ɑ!", frames, np.full(2 * num_frames, F0_HZ))
    kept = slice(sounding.start, sounding.stop - FRAME_SAMPLES)
    np.testing.assert_array_equal(hushed[kept], samples[kept])
    assert level_db(hushed[15 * FRAME_SAMPLES :]) < level_db(samples[15 * FRAME_SAMPLES :]) - 30


@given(st.sampled_from(["sa s", "ta, pa", "ən", "", "...", "nˈO. nˈO!"]), st.integers(0, 2**31))
def test_nothing_is_ever_louder_and_the_length_stays(symbols: str, seed: int) -> None:
    """Any symbols, any durations, any pitch."""
    chance = np.random.default_rng(seed)
    frames = chance.integers(1, 12, len(symbols) + 2)
    samples = chance.normal(0, 0.1, int(frames.sum()) * FRAME_SAMPLES).astype(np.float32)
    hushed = hush_pauses(samples, symbols, frames, chance.uniform(0, 500, 2 * int(frames.sum())))
    assert hushed.shape == samples.shape
    assert (np.abs(hushed) <= np.abs(samples) + 1e-7).all()


def test_a_final_stop_is_over_soon_after_its_release() -> None:
    """Closure, burst, and breath for a quarter of a second, of which a tenth is left."""
    frames = np.array([4, 14, 8, 4])
    samples = noise(int(frames.sum()))
    samples[: 6 * FRAME_SAMPLES] *= 1e-4
    hushed = hush_pauses(samples, "t!", frames, np.full(2 * int(frames.sum()), F0_HZ))
    heard = slice(6 * FRAME_SAMPLES, 9 * FRAME_SAMPLES)
    np.testing.assert_array_equal(hushed[heard], samples[heard])
    assert level_db(hushed[12 * FRAME_SAMPLES :]) < level_db(samples[12 * FRAME_SAMPLES :]) - 30
