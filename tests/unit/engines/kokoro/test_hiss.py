"""Hisses of a dull voice are made brighter, and nothing else is."""

import numpy as np
import pytest
from scipy.signal import firwin, lfilter

from myna.domain.waveform import Samples
from myna.engines.kokoro.graphs import FRAME_SAMPLES, SAMPLE_RATE_HZ
from myna.engines.kokoro.hiss import hiss_levels_db, lift_hisses, missing_hiss_db

SYMBOLS = "asa"
FRAMES = np.array([4, 8, 8, 8, 4])
"""With a pad at either end; the hiss is heard from 0.25 to 0.45 s."""
HISS = slice(int(0.25 * SAMPLE_RATE_HZ), int(0.45 * SAMPLE_RATE_HZ))


def speak(hiss_level: float) -> Samples:
    """Two vowels (a tone) around a hiss (noise above 3 kHz)."""
    times = np.arange(int(FRAMES.sum()) * FRAME_SAMPLES) / SAMPLE_RATE_HZ
    samples = 0.3 * np.sin(2 * np.pi * 200 * times)
    noise = np.random.default_rng(0).normal(size=len(samples))
    samples[HISS] = hiss_level * lfilter(firwin(127, 3_500, fs=SAMPLE_RATE_HZ, pass_zero=False), 1, noise)[HISS]
    return samples.astype(np.float32)


def level_db(samples: Samples) -> float:
    (level,) = hiss_levels_db(samples, SAMPLE_RATE_HZ, SYMBOLS, FRAMES)
    return level


@pytest.mark.parametrize("gain_db", [2.0, 8.0])
def test_a_hiss_is_raised_by_what_is_asked_and_vowels_stay(gain_db: float) -> None:
    """Away from the 10 ms at its edges."""
    before = speak(0.02)
    after = lift_hisses(before, SYMBOLS, FRAMES, gain_db)
    assert level_db(after) - level_db(before) == pytest.approx(gain_db, abs=0.7)
    away = np.r_[0 : HISS.start - 500, HISS.stop + 500 : len(before)]
    np.testing.assert_allclose(after[away], before[away], atol=1e-4)


def test_what_is_missing_brings_a_dull_hiss_to_the_level_of_public_voices_and_no_further() -> None:
    """A bright one is left alone, and so is a voice without any lift."""
    dull = speak(0.02)
    gain_db = missing_hiss_db(level_db(dull))
    assert 0.0 < gain_db < 12.0
    lifted = lift_hisses(dull, SYMBOLS, FRAMES, gain_db)
    assert missing_hiss_db(level_db(lifted)) == pytest.approx(0.0, abs=0.7)
    assert missing_hiss_db(level_db(speak(0.3))) == 0.0
    assert missing_hiss_db(-90.0) == 12.0
    assert lift_hisses(dull, SYMBOLS, FRAMES, 0.0) is dull
