"""Each kind of sound gets the colour that a person gives it: learnt from two readings, heard when the voice speaks."""

import numpy as np
import pytest

from myna.audio.convolve import convolve_same
from myna.domain.waveform import Samples
from myna.engines.kokoro.phone_colour import colour_phones, colour_taps, learn_phone_colour
from myna.engines.kokoro.speech_timing import sample_bounds
from myna.engines.kokoro.timbre_eq import BAND_HZ, equalizer_taps
from myna.engines.kokoro.voice_artifact import NUM_EQ_BANDS, NUM_PHONE_KINDS

SYMBOLS = "mæsiluʃnɪt" * 6
KIND_OF_AE, KIND_OF_S = 3, 15


def read_aloud(frames: np.ndarray, rate_hz: int, ae_db: np.ndarray | None = None) -> Samples:
    """Noise of one colour for each symbol, in the middle of three seconds' worth of frames; /æ/ changed by a curve."""
    rng = np.random.default_rng(7)
    bounds = sample_bounds(frames, rate_hz)
    samples = 1e-4 * rng.normal(size=bounds[-1])
    for index, symbol in enumerate(SYMBOLS, start=1):
        start, end = bounds[index], bounds[index + 1]
        shape = 12.0 * np.cos(np.arange(NUM_EQ_BANDS) * (1 + SYMBOLS.index(symbol)) / 10.0)
        curve = shape + (ae_db if symbol == "æ" and ae_db is not None else 0.0)
        noise = rng.normal(size=end - start)
        samples[start:end] += 0.05 * convolve_same(noise, equalizer_taps(curve.astype(np.float32), 255))
    return samples.astype(np.float32)


def test_what_sets_a_persons_sound_apart_is_learnt() -> None:
    """Of a reading at another pace, as far as two seconds of a sound can be believed; other sounds stay."""
    own = np.array([4, *[5] * len(SYMBOLS), 4])
    slower = np.array([4, *np.tile([6, 7], len(SYMBOLS) // 2), 4])
    wanted_db = np.where(BAND_HZ > 1500.0, 6.0, -2.0)
    learnt = learn_phone_colour(
        read_aloud(own, 16_000), SYMBOLS, own, read_aloud(slower, 16_000, ae_db=wanted_db).astype(np.float32)
    )
    assert learnt.shape == (NUM_PHONE_KINDS, NUM_EQ_BANDS)
    step_db = learnt[KIND_OF_AE][BAND_HZ > 2000.0].mean() - learnt[KIND_OF_AE][BAND_HZ < 1200.0].mean()
    assert 4.0 < step_db <= 8.0
    others_db = learnt[KIND_OF_S][BAND_HZ > 2000.0].mean() - learnt[KIND_OF_S][BAND_HZ < 1200.0].mean()
    assert abs(others_db) < 2.0


@pytest.fixture
def colour_db() -> np.ndarray:
    return np.random.default_rng(3).normal(0.0, 4.0, (NUM_PHONE_KINDS, NUM_EQ_BANDS)).astype(np.float32)


def test_a_stretch_is_coloured_as_the_whole(colour_db: np.ndarray) -> None:
    """Speech is coloured as it is decoded: what comes later changes nothing but the last 5 ms."""
    frames = np.full(len(SYMBOLS) + 2, 3)
    samples, taps = read_aloud(frames, 24_000), colour_taps(colour_db)
    whole = colour_phones(samples, SYMBOLS, frames, taps)
    assert np.abs(whole - samples).max() > 0.01
    for end in (9_000, 20_011, 70_000):
        part = colour_phones(samples[:end], SYMBOLS, frames, taps)
        np.testing.assert_allclose(part[: end - 128], whole[: end - 128], atol=1e-5)


def test_only_its_own_sounds_are_coloured(colour_db: np.ndarray) -> None:
    """Everything more than 15 ms from an /s/ stays as it is, sample by sample."""
    frames = np.full(len(SYMBOLS) + 2, 4)
    samples = read_aloud(frames, 24_000)
    one = np.zeros_like(colour_db)
    one[KIND_OF_S] = colour_db[KIND_OF_S]
    bounds = sample_bounds(frames, 24_000)
    far = np.ones(len(samples), dtype=bool)
    for index in np.flatnonzero(np.isin(list(SYMBOLS), list("sʃ"))) + 1:
        far[max(0, bounds[index] - 361) : bounds[index + 1] + 361] = False
    coloured = colour_phones(samples, SYMBOLS, frames, colour_taps(one))
    np.testing.assert_allclose(coloured[far], samples[far], atol=1e-6)
    assert np.abs(coloured - samples).max() > 0.005
