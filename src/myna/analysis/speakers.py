"""Speaker embeddings: A is GE2E (Resemblyzer), B is CAM++ (3D-Speaker); neither alone judges a clone well, so both
are asked. Front ends in numpy, networks in ONNX: a cosine of 0.9999999 at least with the PyTorch originals on 163
recordings (`training/graphs/compare_with_torch.py`)."""

import numpy as np
import numpy.typing as npt

from myna.analysis.onnx_session import share_session
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
    """Encoder A: GE2E, 256 dimensions; hears the channel like the voice. Source: arXiv 1710.10467; Resemblyzer."""

    def __init__(self, store: WeightStore) -> None:
        """Raises: WeightsMissing, WeightsCorrupt."""
        self._session = share_session(store.path("speakers/ge2e.onnx"))

    def embed(self, waveform: Waveform) -> Embedding:
        """Embed a recording of at least 0.1 s at 16 kHz; silence at both ends is left out. Raises: ValueError."""
        return unit_length(self.embed_partials(waveform.samples[audible_span(waveform)]).mean(axis=0))

    def embed_partials(self, samples: Samples) -> npt.NDArray[np.float32]:
        """[num_partials, 256] of unit length: 1.6 s every 0.8 s, of 16 kHz; what is shorter is padded."""
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
    """Encoder B: CAM++, 192 dimensions; less its mean, so deaf to equalisers. Source: arXiv 2303.00332; 3D-Speaker."""

    def __init__(self, store: WeightStore) -> None:
        """Raises: WeightsMissing, WeightsCorrupt."""
        self._session = share_session(store.path("speakers/campplus.onnx"))

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
    """A slice of 16 kHz without the silence at its ends, as `librosa.effects.trim(top_db=40)`; all where half a second
    is left. Raises: ValueError at another rate or for less than 0.1 s."""
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
