"""Whether music sounds in a recording: YAMNet."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import fft

from myna.analysis.onnx_session import OnnxSession
from myna.audio.resample import resample
from myna.domain.waveform import Samples, Waveform

RATE_HZ = 16_000
_WINDOW_SAMPLES = 400
_FFT_SAMPLES = 512
_HOP_SAMPLES = 160
_NUM_MELS = 64
_LOWEST_HZ, _HIGHEST_HZ = 125.0, 7_500.0
_LOG_OFFSET = 0.001
_PATCH_FRAMES = 96
_PATCH_HOP_FRAMES = 48
"""0.96 s patches, half overlapping. Source of all these: tensorflow/models, research/audioset/yamnet/params.py."""

_INPUT_SCALE, _INPUT_ZERO = 0.04793788492679596, 144
_SCORE_SCALE, _SCORE_ZERO = 0.7565417289733887, 190
"""Of the quantised graph; they stand in it as `audio_scale` ... `class_scores_zero_point`."""
_MUSIC_CLASS = 132
"""Row of "Music" in YAMNet's class map."""
_LEVEL = 0.1
"""RMS at which the network hears every recording."""


class MusicDetector:
    """Thread-safe. Source: YAMNet, a MobileNet trained on AudioSet (Gemmeke et al., ICASSP 2017)."""

    def __init__(self, model_path: Path) -> None:
        self._session = OnnxSession(model_path, keeps_memory=False)

    def measure_music(self, waveform: Waveform) -> float:
        """Mean probability of music, 0 to 1; any rate. Costs 0.002 of the duration."""
        patches = _patches(resample(waveform, RATE_HZ).samples)
        quantised = np.clip(np.rint(patches / _INPUT_SCALE + _INPUT_ZERO), 0, 255).astype(np.uint8)
        scores = [
            self._session.run({"audio": patch[np.newaxis, np.newaxis]})[0][0, _MUSIC_CLASS] for patch in quantised
        ]
        logits = (np.asarray(scores, np.float64) - _SCORE_ZERO) * _SCORE_SCALE
        return float(np.mean(1.0 / (1.0 + np.exp(-logits))))


def _patches(samples: Samples) -> npt.NDArray[np.float32]:
    """[num_patches, 96, 64] log mel magnitudes."""
    level = float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
    levelled = samples * np.float32(_LEVEL / max(level, 1e-6))
    least = _FFT_SAMPLES + (_PATCH_FRAMES - 1) * _HOP_SAMPLES
    if len(levelled) < least:
        levelled = np.pad(levelled, (0, least - len(levelled)))
    frames = np.lib.stride_tricks.sliding_window_view(levelled, _FFT_SAMPLES)[::_HOP_SAMPLES]
    margin = (_FFT_SAMPLES - _WINDOW_SAMPLES) // 2
    window = np.pad(np.hanning(_WINDOW_SAMPLES + 1)[:-1], margin).astype(np.float32)
    log_mel = np.log(np.abs(fft.rfft(frames * window, axis=1)) @ _mel_bands() + _LOG_OFFSET)
    starts = range(0, len(log_mel) - _PATCH_FRAMES + 1, _PATCH_HOP_FRAMES)
    return np.asarray([log_mel[start : start + _PATCH_FRAMES] for start in starts], np.float32)


def _mel_bands() -> npt.NDArray[np.float32]:
    """[257, 64] triangles on the mel scale 2595 log10(1 + f/700)."""

    def mel(hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return 2595.0 * np.log10(1.0 + np.asarray(hz, np.float64) / 700.0)

    edges = np.linspace(mel(_LOWEST_HZ), mel(_HIGHEST_HZ), _NUM_MELS + 2)
    edges_hz = 700.0 * (10.0 ** (edges / 2595.0) - 1.0)
    bins_hz = fft.rfftfreq(_FFT_SAMPLES, 1 / RATE_HZ)[:, np.newaxis]
    low, centre, high = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    triangles = np.maximum(0.0, np.minimum((bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre)))
    return np.asarray(triangles, np.float32)
