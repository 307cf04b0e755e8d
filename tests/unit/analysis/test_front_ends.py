"""What the networks see of a recording is what they and the maps were trained on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from myna.analysis.log_mel import measure_log_mel
from myna.analysis.sound_events import _patches
from myna.analysis.speaker_features import campplus_features, ge2e_features
from myna.domain.waveform import Samples
from myna.engines.kokoro.making.timbre_spectrum import timbre_features

FIGURES = Path(__file__).parents[2] / "data" / "front_ends.npz"
"""Every fifth frame of each, as the code gave them that the style map and the recording map were fitted with."""
FRONT_ENDS: dict[str, Callable[[Samples], np.ndarray]] = {
    "ge2e": lambda samples: ge2e_features(samples)[::5],
    "campplus": lambda samples: campplus_features(samples)[::5],
    "whisper": lambda samples: measure_log_mel(samples)[:, ::5],
    "yamnet": lambda samples: _patches(samples)[:, ::5],
    "timbre": timbre_features,
}


def sound() -> Samples:
    """1.2 s at 16 kHz: a rising tone with harmonics, something like noise, digital silence."""
    time = np.arange(19_200) / 16_000
    phase = 2 * np.pi * (90 * time + 60 * time**2)
    tones = sum(np.sin(k * phase) / k for k in range(1, 25))
    hiss = np.sin(1e6 * np.sin(np.arange(19_200) * 12.9898))
    return (np.where(time < 1.0, 0.2 * tones + 0.01 * hiss, 0.0) * (0.6 + 0.4 * np.sin(9 * time))).astype(np.float32)


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_a_front_end_gives_what_it_gave(name: str) -> None:
    with np.load(FIGURES) as figures:
        np.testing.assert_allclose(FRONT_ENDS[name](sound()), figures[name], rtol=1e-4, atol=1e-4)
