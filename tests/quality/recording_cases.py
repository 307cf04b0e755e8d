"""Recordings with something wrong with them, made from clean ones or real."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.signal
import soundfile
from tests.conftest import DATA

RATE_HZ = 16_000
Samples = npt.NDArray[np.float32]


def read_clip(name: str) -> Samples:
    """[num_samples] float32 at 16 kHz, of tests/data."""
    samples, rate_hz = soundfile.read(DATA / name, dtype="float32")
    assert rate_hz == RATE_HZ
    return samples


def write_flac(samples: Samples, rate_hz: int = RATE_HZ) -> bytes:
    content = io.BytesIO()
    soundfile.write(content, np.clip(samples, -1.0, 1.0), rate_hz, "PCM_24", format="FLAC")
    return content.getvalue()


def woman() -> Samples:
    return read_clip("speakers/ls-3331-reference.flac")


def man() -> Samples:
    return read_clip("speakers/ls-2609-reference.flac")


def silence(duration_s: float) -> Samples:
    return np.zeros(round(duration_s * RATE_HZ), np.float32)


def add_noise(speech: Samples, noise: Samples, snr_db: float) -> Samples:
    noise = np.resize(noise, len(speech))
    gain = np.sqrt(np.mean(speech**2) / np.mean(noise**2)) * 10 ** (-snr_db / 20)
    mixture = speech + np.float32(gain) * noise
    return mixture / max(1.0, float(np.abs(mixture).max()))


def white_noise(num_samples: int) -> Samples:
    return np.random.default_rng(7).standard_normal(num_samples).astype(np.float32)


def telephone(speech: Samples) -> bytes:
    band = scipy.signal.butter(6, [300, 3400], "bandpass", fs=RATE_HZ, output="sos")
    narrow = scipy.signal.resample_poly(scipy.signal.sosfilt(band, speech), 1, 2)
    content = io.BytesIO()
    soundfile.write(content, narrow / np.abs(narrow).max() * 0.7, 8000, "ULAW", format="WAV")
    return content.getvalue()


def stereo_of_two_people() -> bytes:
    first, second = woman(), man()
    num_samples = min(len(first), len(second))
    return write_flac(np.stack([first[:num_samples], 0.7 * second[:num_samples]], axis=1))


def talking_at_once(interrupter_db: float) -> Samples:
    """A man, and a woman at the same time, so much quieter."""
    num_samples = min(len(man()), len(woman()))
    return add_noise(man()[:num_samples], woman()[:num_samples], -interrupter_db)


def through_mp3(speech: Samples) -> bytes:
    content = io.BytesIO()
    soundfile.write(content, speech, RATE_HZ, "MPEG_LAYER_III", format="MP3")
    return content.getvalue()


def breaking_up(speech: Samples) -> Samples:
    """Every third 20 ms are lost, as on a bad line."""
    return speech * (np.arange(len(speech)) // 320 % 3 > 0).astype(np.float32)


def fading(speech: Samples) -> Samples:
    """The speaker walks away: 24 dB over the recording."""
    return speech * np.geomspace(1.0, 0.063, len(speech)).astype(np.float32)


def with_vibrato(singing: Samples) -> Samples:
    """Up and down by 0.7 semitones, 5.5 times a second."""
    times = np.arange(len(singing))
    swing = RATE_HZ * np.log(2) / 12 * 0.7 / (2 * np.pi * 5.5) * np.sin(2 * np.pi * 5.5 * times / RATE_HZ)
    return np.interp(times + swing, times, singing).astype(np.float32)


@dataclass(frozen=True, slots=True)
class RecordingCase:
    code: str
    """What must be found."""
    make: Callable[[], bytes]
    is_usable: bool = True


CASES = {
    "digital silence": RecordingCase("SILENT", lambda: write_flac(silence(5.0)), False),
    "room tone": RecordingCase("SILENT", lambda: write_flac(2.5e-4 * white_noise(5 * RATE_HZ)), False),
    "street without speech": RecordingCase("NO_SPEECH", lambda: write_flac(read_clip("edge/street.flac")), False),
    "white noise": RecordingCase("NO_SPEECH", lambda: write_flac(0.1 * white_noise(6 * RATE_HZ)), False),
    "music without speech": RecordingCase("MUSIC", lambda: write_flac(read_clip("edge/music.flac")), False),
    "half a second": RecordingCase("SPEECH_TOO_SHORT", lambda: write_flac(man()[8000:16000]), False),
    "one sample": RecordingCase("SILENT", lambda: write_flac(np.ones(1, np.float32) * 0.1), False),
    "two seconds": RecordingCase("SAMPLE_SHORT", lambda: write_flac(woman()[8000:40000])),
    "over fifteen seconds": RecordingCase("SAMPLE_LONG", lambda: write_flac(np.concatenate([woman()] * 3))),
    "long silences": RecordingCase(
        "MOSTLY_SILENCE",
        lambda: write_flac(np.concatenate([silence(9), man()[:48000], silence(9), man()[48000:96000]])),
    ),
    "very quiet": RecordingCase("LEVEL_LOW", lambda: write_flac(0.02 * woman() / np.abs(woman()).max())),
    "overdriven": RecordingCase("CLIPPED", lambda: write_flac(np.clip(man() / np.abs(man()).max() * 4, -1, 1))),
    "overdriven, then turned down": RecordingCase(
        "CLIPPED", lambda: write_flac(0.3 * np.clip(woman() / np.abs(woman()).max() * 4, -1, 1))
    ),
    "overdriven, then through a codec": RecordingCase(
        "CLIPPED", lambda: through_mp3(0.7 * np.clip(woman() / np.abs(woman()).max() * 6, -1, 1))
    ),
    "nearly nothing": RecordingCase("LEVEL_LOW", lambda: write_flac(1e-3 * woman() / np.abs(woman()).max())),
    "gaps as on a bad line": RecordingCase("DAMAGED", lambda: write_flac(breaking_up(woman()))),
    "white noise under speech": RecordingCase(
        "NOISY", lambda: write_flac(add_noise(man(), white_noise(len(man())), 10.0))
    ),
    "street under speech": RecordingCase(
        "NOISY", lambda: write_flac(add_noise(woman(), read_clip("edge/street.flac"), 5.0))
    ),
    "church": RecordingCase("REVERBERANT", lambda: write_flac(read_clip("edge/reverberant.flac"))),
    "music under speech": RecordingCase(
        "MUSIC", lambda: write_flac(add_noise(man(), read_clip("edge/music.flac"), 5.0))
    ),
    "telephone": RecordingCase("BANDWIDTH_NARROW", lambda: telephone(woman())),
    "at 11025 Hz": RecordingCase(
        "BANDWIDTH_NARROW", lambda: write_flac(scipy.signal.resample_poly(man(), 441, 640), 11_025)
    ),
    "two people after one another": RecordingCase(
        "SEVERAL_SPEAKERS", lambda: write_flac(np.concatenate([woman()[: 6 * RATE_HZ], man()[: 6 * RATE_HZ]]))
    ),
    "somebody breaks in": RecordingCase(
        "SEVERAL_SPEAKERS", lambda: write_flac(np.concatenate([man()[:96000], woman()[16000:44000], man()[96000:]]))
    ),
    "people in a meeting": RecordingCase("SEVERAL_SPEAKERS", lambda: write_flac(read_clip("edge/meeting.flac"))),
    "two people at once": RecordingCase("SEVERAL_SPEAKERS", lambda: write_flac(talking_at_once(0.0))),
    "two people at once, one farther away": RecordingCase(
        "SEVERAL_SPEAKERS", lambda: write_flac(talking_at_once(-6.0))
    ),
    "one person on each channel": RecordingCase("CHANNELS_DIFFER", stereo_of_two_people),
    "two people, each on a channel": RecordingCase("SEVERAL_SPEAKERS", stereo_of_two_people),
    "whispering": RecordingCase("WHISPERED", lambda: write_flac(read_clip("edge/whispering_synthetic.flac"))),
    "singing": RecordingCase("SUNG", lambda: write_flac(read_clip("edge/singing.flac"))),
    "singing by computation": RecordingCase("SUNG", lambda: write_flac(read_clip("edge/singing_synthetic.flac"))),
    "singing with vibrato": RecordingCase(
        "SUNG", lambda: write_flac(with_vibrato(read_clip("edge/singing_synthetic.flac")))
    ),
    "walking away": RecordingCase("LEVEL_CHANGES", lambda: write_flac(fading(woman()))),
}
