"""Take background noise out of speech: DeepFilterNet3, a whole recording at once."""

import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from myna.analysis.gentle_cleaning import CleaningStrength, clean_gently
from myna.analysis.noise_spectra import (
    NUM_FILTERED_BINS,
    RATE_HZ,
    BandValues,
    Spectra,
    band_features,
    bin_features,
    spread_over_bins,
    to_samples,
    to_spectra,
)
from myna.analysis.onnx_session import OnnxSession
from myna.audio.resample import resample
from myna.domain.errors import WeightsCorrupt
from myna.domain.waveform import Waveform

_LOOK_AHEAD_FRAMES = 2
"""Of the features and of the filters, each."""
_NUM_TAPS = 5

_GRAPHS = ("enc", "erb_dec", "df_dec")


class NoiseRemover:
    """DeepFilterNet3 at full bandwidth, the published graphs with the signal path in numpy: as its library to 35 dB,
    at a ninth of the cost (docs/lab/audio.md). Thread-safe. Source: H. Schröter et al., DeepFilterNet (2023)."""

    def __init__(self, archive_path: Path) -> None:
        """archive_path: the three graphs as they were published. Raises: WeightsCorrupt."""
        self._encoder, self._band_decoder, self._filter_decoder = _open_graphs(archive_path)

    def remove_noise(self, waveform: Waveform, strengths: Sequence[CleaningStrength]) -> list[Waveform]:
        """Speech with less background, one at 48 kHz for each strength; any rate in. Takes 0.03 of its time."""
        samples = resample(waveform, RATE_HZ).samples
        noisy = to_spectra(samples)
        filtered = self._filter(noisy)
        mixtures = (to_samples(clean_gently(noisy, filtered, strength), len(samples)) for strength in strengths)
        return [Waveform(np.clip(mixture, -1.0, 1.0), RATE_HZ) for mixture in mixtures]

    def _filter(self, noisy: Spectra) -> Spectra:
        """All noise out that the network can take out."""
        gains, taps = self._hear(noisy)
        filtered = noisy * spread_over_bins(gains)
        filtered[:, :NUM_FILTERED_BINS] = _weigh_frames(noisy[:, :NUM_FILTERED_BINS], taps)
        return filtered

    def _hear(self, noisy: Spectra) -> tuple[BandValues, npt.NDArray[np.complex64]]:
        """Gains of the bands [num_frames, 32] and filters of the lower bins [num_frames, 96, 5]."""
        feeds = {"feat_erb": band_features(noisy)[np.newaxis], "feat_spec": bin_features(noisy)}
        ahead = {name: _look_ahead(features)[np.newaxis] for name, features in feeds.items()}
        names = ["e0", "e1", "e2", "e3", "emb", "c0"]
        heard = dict(zip(names, self._encoder.run(ahead, names), strict=True))
        filter_feeds = {name: heard[name] for name in ("emb", "c0")}
        (gains,) = self._band_decoder.run({name: heard[name] for name in names if name != "c0"}, ["m"])
        (taps,) = self._filter_decoder.run(filter_feeds, ["coefs"])
        pairs = taps.reshape(len(noisy), NUM_FILTERED_BINS, _NUM_TAPS, 2)
        return np.asarray(gains[0, 0], np.float32), np.asarray(pairs[..., 0] + 1j * pairs[..., 1], np.complex64)


def _open_graphs(archive_path: Path) -> list[OnnxSession]:
    try:
        with tarfile.open(archive_path) as archive:
            contents = {Path(entry.name).stem: archive.extractfile(entry) for entry in archive if entry.isfile()}
            files = [contents[name] for name in _GRAPHS]
            return [OnnxSession(file.read(), keeps_memory=False) for file in files if file is not None]
    except (tarfile.TarError, KeyError) as exc:
        raise WeightsCorrupt("The noise removal model does not load. Run `myna models pull`.") from exc


def _look_ahead(features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """[channels, num_frames, n]: every frame sees what comes two frames later."""
    shifted = np.zeros_like(features)
    shifted[:, :-_LOOK_AHEAD_FRAMES] = features[:, _LOOK_AHEAD_FRAMES:]
    return shifted


def _weigh_frames(noisy: Spectra, taps: npt.NDArray[np.complex64]) -> Spectra:
    """Weigh each bin's two frames before, itself and two after. noisy: [num_frames, n]; taps: [num_frames, n, 5]."""
    padded = np.pad(noisy, ((_NUM_TAPS - 1 - _LOOK_AHEAD_FRAMES, _LOOK_AHEAD_FRAMES), (0, 0)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _NUM_TAPS, axis=0)
    return np.asarray(np.einsum("fbt,fbt->fb", frames, taps), np.complex64)
