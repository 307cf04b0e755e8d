"""A buzz with syllables, a pause and a fall at the end: every aspect is what was put into it."""

import sys
from pathlib import Path

import numpy as np

from myna.domain.waveform import Waveform

sys.path.insert(0, str(Path(__file__).parents[3] / "bench"))
from prosody_measures import Prosody, measure_prosody

RATE_HZ = 16_000


def speak(*, swing: float = 0.0, fall: float = 0.0, pause_s: float = 0.0, syllable_s: float = 0.2) -> Prosody:
    """Twelve syllables around 150 Hz, the last one `fall` semitones lower, with a pause after the sixth."""
    parts = []
    for place in range(12):
        time = np.arange(int(syllable_s * RATE_HZ)) / RATE_HZ
        semitones = swing * np.sin(2 * np.pi * 3.0 * (time + place * syllable_s)) - (fall if place == 11 else 0.0)
        phase = 2 * np.pi * np.cumsum(150.0 * 2 ** (semitones / 12)) / RATE_HZ
        buzz = sum(np.cos(number * phase) / number for number in range(1, 20))
        parts += [
            0.1 * buzz * (0.15 + np.sin(np.pi * time / syllable_s)),
            np.zeros(int(pause_s * RATE_HZ * (place == 5))),
        ]
    sound = np.concatenate([np.zeros(RATE_HZ // 4), *parts, np.zeros(RATE_HZ // 4)])
    noise = 1e-4 * np.random.default_rng(1).standard_normal(len(sound))
    prosody = measure_prosody(Waveform((sound + noise).astype(np.float32), RATE_HZ))
    assert prosody is not None
    return prosody


def test_every_aspect_follows_what_it_is_named_for() -> None:
    level, lively = speak(), speak(swing=2.0, fall=4.0, pause_s=0.6)
    assert level.pitch_range_semitones < 0.2 < 1.2 < lively.pitch_range_semitones < 2.2
    assert level.pitch_movement_semitones_per_s < 1.5
    assert 15 < lively.pitch_movement_semitones_per_s < 30  # 2 semitones at 3 Hz: 24
    assert abs(level.final_lowering_semitones) < 0.2
    assert 3.0 < speak(fall=4.0).final_lowering_semitones < 4.5
    assert level.pause_share < 0.05
    assert abs(lively.pause_share - 0.6 / 3.0) < 0.05
    assert abs(level.rate_syllables_per_s - 5.0) < 0.6
    assert speak(syllable_s=0.3).rate_syllables_per_s < 4.0


def test_silence_has_no_prosody() -> None:
    assert measure_prosody(Waveform(np.zeros(RATE_HZ, np.float32), RATE_HZ)) is None
