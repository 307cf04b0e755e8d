"""Speaker embeddings: how alike two recordings are.

Two encoders that err differently. A is GE2E (Resemblyzer), B is CAM++ (3D-Speaker); neither alone is a good judge of a
clone, so both are always asked. The front ends are numpy, the networks are ONNX graphs from `myna.weights`.

They agree with the PyTorch originals: over 163 recordings the least cosine between our embedding and the original's
was 0.9999999 for either (torch 2.13, librosa 0.11; `training/graphs/compare_with_torch.py`).
"""

import numpy as np
import numpy.typing as npt

from myna.analysis.onnx_session import OnnxSession
from myna.analysis.speaker_features import FRAME_HOP_S, campplus_features, ge2e_features
from myna.audio.mel import SAMPLE_RATE_HZ
from myna.domain.waveform import Samples, Waveform
from myna.weights.store import WeightStore

Embedding = npt.NDArray[np.float32]
"""[dimension] float32 of unit length: the dot product of two is their cosine."""

_MIN_DURATION_S = 0.1

_PARTIAL_FRAMES = 160
_PARTIAL_HOP_FRAMES = 80
PARTIAL_S = _PARTIAL_FRAMES * FRAME_HOP_S
PARTIAL_HOP_S = _PARTIAL_HOP_FRAMES * FRAME_HOP_S

_BATCH_PARTIALS = 32

_TRIM_DB = 40.0
"""Frames this far below the loudest one are silence at the ends."""
_TRIM_FRAME = 2048
AUDIBLE_BLOCK = 512
"""Samples, 32 ms."""
_MIN_TRIMMED = SAMPLE_RATE_HZ // 2
"""Half a second left or less means that it was not silence that was cut."""


class Ge2eEmbedder:
    """Encoder A: GE2E, 256 dimensions.

    Hears the channel as much as the voice: an equaliser moves it.
    Source: Wan et al. 2018, arXiv 1710.10467; weights and front end of Resemblyzer.
    """

    def __init__(self, store: WeightStore, num_threads: int = 1) -> None:
        """Raises: WeightsMissing, WeightsCorrupt."""
        self._session = OnnxSession(store.path("speakers/ge2e.onnx"), num_threads, keeps_memory=False)

    def embed(self, waveform: Waveform) -> Embedding:
        """Embed a recording of at least 0.1 s at 16 kHz; silence at both ends is left out. Raises: ValueError."""
        return unit_length(self.embed_partials(waveform.samples[audible_span(waveform)]).mean(axis=0))

    def embed_partials(self, samples: Samples) -> npt.NDArray[np.float32]:
        """Embed windows of 1.6 s, one every 0.8 s; audio shorter than a window is padded with silence.

        samples: [num_samples] at 16 kHz. Returns: [num_partials, 256] of unit length, at multiples of 0.8 s.
        """
        features = ge2e_features(samples)
        missing = _PARTIAL_FRAMES - len(features)
        if missing > 0:
            features = np.pad(features, ((0, missing), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(features, _PARTIAL_FRAMES, axis=0)[::_PARTIAL_HOP_FRAMES]
        return self._embed(windows.transpose(0, 2, 1))

    def embed_windows(self, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Embed stretches of 1.6 s, each heard at one level. windows: [n, 25600] at 16 kHz. Returns: [n, 256]."""
        features = np.stack([ge2e_features(window)[:_PARTIAL_FRAMES] for window in windows])
        return self._embed(features)

    def _embed(self, partials: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """[n, 160, 40] to [n, 256], some at a time: five minutes in one go took 0.5 GB."""
        batches = (partials[start : start + _BATCH_PARTIALS] for start in range(0, len(partials), _BATCH_PARTIALS))
        embedded = [self._session.run({"partials": np.ascontiguousarray(batch)})[0] for batch in batches]
        return np.asarray(np.concatenate(embedded), np.float32)


class CampplusEmbedder:
    """Encoder B: CAM++, 192 dimensions.

    The mean of the log spectrum is taken out, so an equaliser hardly moves it.
    Source: Wang et al. 2023, arXiv 2303.00332; weights of 3D-Speaker (Chinese and English).
    """

    def __init__(self, store: WeightStore, num_threads: int = 1) -> None:
        """Raises: WeightsMissing, WeightsCorrupt."""
        self._session = OnnxSession(store.path("speakers/campplus.onnx"), num_threads, keeps_memory=False)

    def embed(self, waveform: Waveform) -> Embedding:
        """As `Ge2eEmbedder.embed`."""
        (embedding,) = self.embed_windows(waveform.samples[audible_span(waveform)][np.newaxis])
        return np.asarray(embedding, np.float32)

    def embed_windows(self, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Embed stretches of equal length. windows: [n, num_samples] at 16 kHz. Returns: [n, 192] of unit length."""
        features = np.stack([campplus_features(window) for window in windows])
        (embeddings,) = self._session.run({"features": features})
        # published thresholds and our figures are all of the rectified embedding
        rectified = np.maximum(embeddings, 0.0)
        return np.asarray(rectified / (np.linalg.norm(rectified, axis=1, keepdims=True) + 1e-9), np.float32)


def audible_span(waveform: Waveform) -> slice:
    """Find what is left when the silence at both ends is cut, as `librosa.effects.trim(top_db=40)` finds it.

    waveform: 16 kHz, at least 0.1 s. Returns: a slice of its samples; all of them where half a second or less is left.
    Raises: ValueError at another rate or for less audio.
    """
    if waveform.sample_rate_hz != SAMPLE_RATE_HZ:
        raise ValueError(f"speaker encoders hear {SAMPLE_RATE_HZ} Hz, not {waveform.sample_rate_hz}")
    if waveform.duration_s < _MIN_DURATION_S:
        raise ValueError(f"{_MIN_DURATION_S} s of audio are needed to tell who speaks")
    num_samples = len(waveform.samples)
    (audible,) = np.nonzero(audible_blocks(waveform.samples))
    start, end = int(audible[0]) * AUDIBLE_BLOCK, min(num_samples, (int(audible[-1]) + 1) * AUDIBLE_BLOCK)
    return slice(start, end) if end - start > _MIN_TRIMMED else slice(0, num_samples)


def audible_blocks(samples: Samples) -> npt.NDArray[np.bool_]:
    """Tell sound from silence. Returns: [num_blocks], one for every 32 ms; at least one is true."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, _TRIM_FRAME // 2), _TRIM_FRAME)[::AUDIBLE_BLOCK]
    power = np.maximum(np.mean(np.square(frames), axis=1), 1e-10)  # librosa's floor
    return np.asarray(power > power.max() * 10 ** (-_TRIM_DB / 10))


def unit_length(vector: npt.NDArray[np.float32]) -> Embedding:
    return np.asarray(vector / (np.linalg.norm(vector) + 1e-9), np.float32)
