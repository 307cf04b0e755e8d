"""Measures against what theory says they must be."""

import numpy as np
import pytest
import scipy.signal
import soundfile
from tests.conftest import DATA

from myna.analysis.quality import (
    measure_bandwidth_hz,
    measure_clipped_ratio,
    measure_decay_db_per_s,
    measure_frame_powers,
    measure_level_range_db,
    measure_levels,
    measure_snr_db,
)
from myna.analysis.speech_activity import FRAME_S, FRAME_SAMPLES, find_spans
from myna.analysis.transcribe import measure_compression_ratio
from myna.analysis.transcript_match import measure_match
from myna.analysis.voicing import measure_voicing, track_pitch
from myna.domain.waveform import Waveform

RATE_HZ = 16_000


def speech() -> np.ndarray:
    return soundfile.read(DATA / "demo_reference.flac", dtype="float32")[0][: 6 * RATE_HZ]


def noise(num_samples: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal(num_samples).astype(np.float32)


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 20.0, 30.0])
def test_snr_is_read_within_a_decibel(snr_db: float) -> None:
    """Half speech-like noise, half pause, over white noise of a known level."""
    is_speech = np.arange(200) % 20 < 10
    gate = np.repeat(is_speech, FRAME_SAMPLES).astype(np.float32)
    background = noise(len(gate)) * np.float32(0.01)
    signal = noise(len(gate))[::-1] * gate * np.float32(0.01 * 10 ** (snr_db / 20))
    powers = measure_frame_powers(Waveform((signal + background).astype(np.float32), RATE_HZ))
    assert measure_snr_db(powers, is_speech.astype(np.float32)) == pytest.approx(snr_db, abs=1.0)


def test_snr_without_speech_or_without_a_pause_is_not_a_number() -> None:
    """There is nothing to compare."""
    powers = np.ones(50)
    assert np.isnan(measure_snr_db(powers, np.zeros(50, np.float32)))
    assert np.isnan(measure_snr_db(powers, np.ones(50, np.float32)))


@pytest.mark.parametrize("cutoff_hz", [3400, 5500, 7000])
def test_bandwidth_is_that_of_the_filter(cutoff_hz: int) -> None:
    """Real speech through a steep low-pass."""
    low_pass = scipy.signal.butter(16, cutoff_hz, fs=RATE_HZ, output="sos")
    narrow = scipy.signal.sosfilt(low_pass, speech()).astype(np.float32)
    assert measure_bandwidth_hz(Waveform(narrow, RATE_HZ)) == pytest.approx(cutoff_hz, rel=0.3)


def test_noise_that_fills_the_band_is_not_a_telephone() -> None:
    """White noise 16 dB under speech hides its upper half; what is heard still reaches the top."""
    samples = speech()
    level = float(np.sqrt(np.mean(samples**2))) * 10 ** (-16 / 20)
    noisy = (samples + level * noise(len(samples))).astype(np.float32)
    assert measure_bandwidth_hz(Waveform(noisy, RATE_HZ)) > 7_000


def test_clipping_is_found_at_any_level_and_not_invented() -> None:
    """Plateaus count, not full scale; clean speech has none."""
    samples = speech() / np.abs(speech()).max()
    clipped = np.clip(samples * 3, -1, 1)
    assert measure_clipped_ratio(samples) < 1e-4
    assert measure_clipped_ratio(0.2 * clipped) == pytest.approx(measure_clipped_ratio(clipped), rel=0.05)
    assert measure_clipped_ratio(clipped) > 0.002


def test_a_room_slows_the_decay_down() -> None:
    """An exponential tail of RT60 0.8 s forbids fast decays."""
    dry = speech()
    times_s = np.arange(RATE_HZ) / RATE_HZ
    tail = noise(RATE_HZ) * 10 ** (-3 * times_s / 0.8)
    room = np.concatenate([[1.0], tail / np.linalg.norm(tail)]).astype(np.float32)
    wet = scipy.signal.fftconvolve(dry, room)[: len(dry)].astype(np.float32)
    assert measure_decay_db_per_s(Waveform(wet, RATE_HZ)) < 0.7 * measure_decay_db_per_s(Waveform(dry, RATE_HZ))


def test_the_level_range_is_that_of_the_fade() -> None:
    """20 dB over the recording, read at the middles of its first and last blocks."""
    powers = np.repeat(np.geomspace(1.0, 0.01, 5), 62)
    assert measure_level_range_db(powers, np.ones(len(powers), np.float32)) == pytest.approx(20.0, abs=0.1)


def test_pitch_of_a_tone_is_its_frequency() -> None:
    """Within the width of one lag; fully periodic."""
    times_s = np.arange(RATE_HZ) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * 150 * n * times_s) / n for n in range(1, 6)).astype(np.float32) * 0.2
    pitch_hz, strength, _ = track_pitch(tone)
    assert np.median(pitch_hz) == pytest.approx(150, rel=0.02)
    assert np.median(strength) > 0.95
    held = measure_voicing(Waveform(tone, RATE_HZ))
    assert (held.voiced_ratio, held.sustained_ratio, held.unbroken_ratio) == pytest.approx((1, 1, 1), abs=0.05)


def test_noise_has_no_pitch_and_silence_measures_nothing() -> None:
    """Whispering is noise shaped by a mouth."""
    assert measure_voicing(Waveform(noise(RATE_HZ) * np.float32(0.1), RATE_HZ)).voiced_ratio < 0.1
    assert measure_voicing(Waveform(np.zeros(RATE_HZ, np.float32), RATE_HZ)).voiced_ratio == 0.0
    assert measure_levels(np.zeros(0, np.float32)).peak_db == pytest.approx(-180.0)


def test_speech_frames_become_spans_over_short_pauses() -> None:
    """Blips vanish, short pauses are bridged, each span gets room."""
    probabilities = np.zeros(100, np.float32)
    probabilities[10:30] = probabilities[34:50] = probabilities[70:72] = 1.0
    spans = find_spans(probabilities, 100 * FRAME_S)
    assert len(spans) == 1
    assert spans[0].start_s == pytest.approx(10 * FRAME_S - 0.1)
    assert spans[0].end_s == pytest.approx(50 * FRAME_S + 0.1)


def test_loops_compress_and_sentences_do_not() -> None:
    """What tells a recogniser that stammers."""
    assert measure_compression_ratio("nós, " * 60) > 2.4
    assert measure_compression_ratio("She pulled her hair down and put her feet on the fender.") < 1.5
    assert measure_compression_ratio("") == 0.0


@pytest.mark.parametrize(
    ("given", "heard", "least", "most"),
    [
        ("Don't move, Zoë!", "dont move zoe", 1.0, 1.0),
        ("ブラッシングすると毛羽立ちやすい", "ブラッシングすると毛羽立ち易い", 0.8, 1.0),
        ("The boat leaves at noon from the old harbour.", "Quick zebras jump over my lazy vexed wig.", 0.0, 0.5),
        ("", "something", 0.0, 0.0),
    ],
)
def test_transcripts_are_compared_by_their_letters(given: str, heard: str, least: float, most: float) -> None:
    """Case, punctuation, spaces and accents do not count."""
    assert least <= measure_match(given, heard) <= most
