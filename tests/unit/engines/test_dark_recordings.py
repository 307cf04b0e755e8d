"""What a recording lacks above 3 kHz is not copied."""

from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import butter, sosfiltfilt

from myna.audio.resample import resample
from myna.domain.waveform import Waveform
from myna.engines.kokoro.making.style_map import load_style_map
from myna.engines.kokoro.making.timbre_spectrum import missing_eq_db, timbre_features
from myna.engines.kokoro.timbre_eq import BAND_HZ

RECORDING = Path(__file__).parents[2] / "data/speakers/ls-2609-reference.flac"


def test_a_voice_from_a_dark_recording_is_as_bright_as_voices_are() -> None:
    """The same speech with and without its treble: below 3 kHz nothing changes, above it little of the loss is left."""
    bright = resample(Waveform(*soundfile.read(RECORDING, dtype="float32")), 16_000).samples
    dark = sosfiltfilt(butter(8, 3_000, fs=16_000, output="sos"), bright).astype(np.float32)
    style_map = load_style_map()
    heard = timbre_features(dark)
    lifted = style_map.lift_treble(heard)
    means = slice(0, 40)
    np.testing.assert_array_equal(lifted[:28], heard[:28])
    deviation = ((lifted - style_map.timbre_mean) / style_map.timbre_sd)[means]
    assert deviation[28:].min() >= -0.71
    assert ((heard - style_map.timbre_mean) / style_map.timbre_sd)[means][30:].min() < -2
    assert missing_eq_db(dark, bright)[BAND_HZ >= 3_000].min() >= 0.0
    assert missing_eq_db(bright, dark)[BAND_HZ >= 3_500].max() > 3.0
