"""From several channels to one voice."""

import numpy as np
import pytest
from tests.unit.audio.recordings_in_formats import read_reference

from myna.audio.channels import mix_to_mono
from myna.audio.container import AudioContainer
from myna.audio.decode import DecodedAudio


def stereo(left: np.ndarray, right: np.ndarray) -> DecodedAudio:
    return DecodedAudio(np.stack([left, right], axis=1).astype(np.float32), 16000, False, AudioContainer.WAV)


@pytest.mark.parametrize("share", [1.0, -1.0, 0.0, 0.001])
def test_the_voice_survives_whatever_the_second_channel_holds(share: float) -> None:
    """Twin, antiphase (which averages to silence), nothing, or crosstalk."""
    voice, _ = read_reference()
    mix = mix_to_mono(stereo(voice, share * voice))
    level = np.sqrt(np.mean(mix.waveform.samples**2)) / np.sqrt(np.mean((voice - voice.mean()) ** 2))
    assert level == pytest.approx(1.0, rel=0.01)
    assert mix.other is None


def test_two_people_on_two_channels_are_not_mixed() -> None:
    """The louder one is kept, and it is said."""
    voice, _ = read_reference(6.0)
    first, second = voice[:48000], 0.5 * voice[48000:96000]
    mix = mix_to_mono(stereo(second, first))
    assert mix.used_channel == 1
    assert mix.other is not None
    assert np.corrcoef(mix.waveform.samples, first)[0, 1] > 0.999


def test_a_constant_offset_is_taken_off() -> None:
    """It would count as loudness and click at every cut."""
    voice, _ = read_reference()
    mix = mix_to_mono(DecodedAudio((voice + 0.25)[:, np.newaxis].astype(np.float32), 16000, False, AudioContainer.WAV))
    assert abs(float(mix.waveform.samples.mean())) < 1e-4
