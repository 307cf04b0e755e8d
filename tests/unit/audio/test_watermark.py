"""The mark: the same in pieces as in one go, in its place, and found by what looks for it after hard treatment."""

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import DATA

from myna.analysis.mark_finder import MarkFinder
from myna.audio.channels import mix_to_mono
from myna.audio.decode import DecodeLimits, decode_audio
from myna.audio.encode import FormatEncoder
from myna.audio.resample import resample
from myna.audio.watermark import SpeechMarker
from myna.domain.speech import AudioEncoding, AudioFormat
from myna.domain.waveform import Samples, Waveform
from myna.weights.store import WeightStore

RATE_HZ = 24000


def mark(samples: Samples, cuts: list[int] | None = None) -> Samples:
    marker = SpeechMarker(RATE_HZ)
    pieces = [marker.push(piece) for piece in np.split(samples, sorted(cuts or []))]
    return np.concatenate([*pieces, marker.finish()])


def read(name: str) -> Waveform:
    decoded = decode_audio((DATA / "speakers" / f"{name}.flac").read_bytes(), DecodeLimits(max_read_s=6))
    return resample(mix_to_mono(decoded).waveform, RATE_HZ)


def through(encoding: AudioEncoding, bit_rate_bps: int, speech: Waveform) -> Waveform:
    encoder = FormatEncoder(AudioFormat(encoding, RATE_HZ, bit_rate_bps), is_stream=False)
    return mix_to_mono(decode_audio(encoder.encode(speech) + encoder.finish(), DecodeLimits())).waveform


def by_telephone(speech: Waveform) -> Waveform:
    narrow = scipy.signal.butter(4, (300, 3400), "bandpass", fs=RATE_HZ, output="sos")
    return resample(Waveform(scipy.signal.sosfilt(narrow, speech.samples).astype(np.float32), RATE_HZ), 8000)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 9000), st.lists(st.integers(0, 9000), max_size=6))
def test_pieces_are_marked_as_the_whole_is(num_samples: int, cuts: list[int]) -> None:
    """Bit for bit, however the speech arrives, and as long as it."""
    samples = np.random.default_rng(num_samples).standard_normal(num_samples).astype(np.float32)
    whole = mark(samples)
    assert len(whole) == num_samples
    np.testing.assert_array_equal(mark(samples, cuts), whole)


def test_speech_stays_in_its_place_and_silence_silent() -> None:
    """Word timestamps stay right: marked speech fits best where it was; the mark lies 15 dB or more below it."""
    speech = read("ls-1998-reference").samples
    marked = mark(speech)
    fit = scipy.signal.correlate(marked, speech, method="fft")
    assert int(np.argmax(fit)) == len(speech) - 1
    assert 10 * np.log10(np.square(speech).sum() / np.square(marked - speech).sum()) > 15
    assert np.abs(mark(np.zeros(RATE_HZ, np.float32))).max() == 0


@pytest.mark.parametrize("name", ["ls-1998-reference", "vctk-p226-target"])
def test_the_mark_is_found_after_hard_treatment(weights: WeightStore, name: str) -> None:
    """MP3, Opus, the telephone, 1.5 s of it; and not in the same recording without it."""
    finder = MarkFinder(weights)
    speech = read(name)
    marked = Waveform(mark(speech.samples), RATE_HZ)
    for treat in (
        lambda it: through(AudioEncoding.MP3, 64_000, it),
        lambda it: through(AudioEncoding.OGG_OPUS, 24_000, it),
        by_telephone,
        lambda it: Waveform(it.samples[2 * RATE_HZ : 7 * RATE_HZ // 2], RATE_HZ),
    ):
        assert finder.find(treat(marked)).is_marked
        assert not finder.find(treat(speech)).is_marked
        assert finder.find(treat(speech)).has_speech


def test_what_is_no_speech_is_not_judged(weights: WeightStore) -> None:
    """Silence, hums, tones, chords, held and plucked, and noise: some of these the network takes for the mark."""
    finder = MarkFinder(weights)
    times_s = np.arange(3 * RATE_HZ) / RATE_HZ
    noise = np.random.default_rng(0).standard_normal(len(times_s))
    fading = np.exp(-4 * (times_s % 0.8))
    sounds = {"silence": 0 * times_s, "nothing": times_s[:0], "white": noise, "pink": np.cumsum(noise) / 100}
    for pitch_hz in (50, 60, 100, 120, 150, 220, 440, 1800, 3000):
        overtones = (np.sin(2 * np.pi * pitch_hz * times_s * part) / part for part in range(1, 11))
        sounds |= {f"tone {pitch_hz}": np.sin(2 * np.pi * pitch_hz * times_s), f"hum {pitch_hz}": sum(overtones)}
    for root_hz in (110, 220, 440):
        tones = (np.sin(2 * np.pi * root_hz * step * times_s) for step in (1, 1.26, 1.5, 2, 2.52, 3))
        sounds |= {f"chord {root_hz}": (chord := sum(tones)), f"plucked {root_hz}": chord * fading}
    for name, samples in sounds.items():
        found = finder.find(Waveform((0.1 * samples + 1e-5 * noise[: len(samples)]).astype(np.float32), RATE_HZ))
        assert (found.has_speech, found.is_marked, found.score) == (False, False, 0.0), name
    assert not finder.find(Waveform(np.zeros(RATE_HZ, np.float32), RATE_HZ)).has_speech
