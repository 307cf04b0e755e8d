"""Noise removal: the signal path around the graphs, and what the whole does to real speech."""

from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import DATA

from myna.analysis.gentle_cleaning import STRENGTHS
from myna.analysis.noise import NoiseRemover
from myna.analysis.noise_spectra import NUM_BANDS, RATE_HZ, band_features, spread_over_bins, to_samples, to_spectra
from myna.audio.resample import resample
from myna.domain.errors import WeightsCorrupt
from myna.domain.waveform import Samples, Waveform
from myna.weights.store import WeightStore


@pytest.fixture(scope="module")
def remover(weights: WeightStore) -> NoiseRemover:
    return NoiseRemover(weights.path("deepfilternet/DeepFilterNet3_onnx.tar.gz"))


def read_speech() -> Samples:
    samples, rate_hz = soundfile.read(DATA / "speakers" / "ls-2609-reference.flac", dtype="float32")
    return resample(Waveform(samples[: 5 * rate_hz], rate_hz), RATE_HZ).samples


@given(st.integers(1, 5000))
def test_spectra_lose_nothing(num_samples: int) -> None:
    """There and back is the identity for every length, to within rounding, and the gains reach every bin."""
    samples = np.random.default_rng(num_samples).standard_normal(num_samples).astype(np.float32)
    spectra = to_spectra(samples)
    np.testing.assert_allclose(to_samples(spectra, num_samples), samples, atol=1e-5)
    assert band_features(spectra).shape == (len(spectra), NUM_BANDS)
    assert spread_over_bins(np.ones((1, NUM_BANDS), np.float32)).shape == (1, spectra.shape[1])


def test_noise_goes_and_speech_stays_where_it_was(remover: NoiseRemover) -> None:
    """White noise at 5 dB: each strength comes nearer to clean speech than the next; none shifts it."""
    speech = read_speech()
    noise = np.random.default_rng(1).standard_normal(len(speech)).astype(np.float32)
    noise *= np.sqrt(np.mean(speech**2) / np.mean(noise**2)) * np.float32(10 ** (-5 / 20))
    left = [np.mean(noise**2)]
    for cleaned in reversed(remover.remove_noise(Waveform(speech + noise, RATE_HZ), STRENGTHS)):
        assert cleaned.sample_rate_hz == RATE_HZ
        assert len(cleaned.samples) == len(speech)
        assert int(np.argmax(scipy.signal.correlate(cleaned.samples, speech))) == len(speech) - 1
        left.append(np.mean((cleaned.samples - speech) ** 2))
    assert left == sorted(left, reverse=True)
    assert 10 * np.log10(left[0] / left[-1]) > 3.0


@pytest.mark.parametrize("num_samples", [1, 479, 480, 961])
def test_short_and_silent_recordings_pass(remover: NoiseRemover, num_samples: int) -> None:
    """Less than a frame, and digital silence: finite samples, as many as came in."""
    for silent in remover.remove_noise(Waveform(np.zeros(num_samples, np.float32), RATE_HZ), STRENGTHS):
        np.testing.assert_allclose(silent.samples, np.zeros(num_samples), atol=1e-6)


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    """A damaged file is said, with what to do about it."""
    damaged = tmp_path / "graphs.tar.gz"
    damaged.write_bytes(b"not an archive")
    with pytest.raises(WeightsCorrupt, match="myna models pull"):
        NoiseRemover(damaged)
