"""Whether music sounds in a recording: YAMNet."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from myna.analysis.onnx_session import OnnxSession
from myna.audio.mel import HOP_SAMPLES, SAMPLE_RATE_HZ, frames_of, hann, htk_bands, magnitudes
from myna.audio.resample import resample
from myna.domain.waveform import Samples, Waveform

_WINDOW_SAMPLES = 400
_FFT_SAMPLES = 512
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
        patches = _patches(resample(waveform, SAMPLE_RATE_HZ).samples)
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
    least = _FFT_SAMPLES + (_PATCH_FRAMES - 1) * HOP_SAMPLES
    if len(levelled) < least:
        levelled = np.pad(levelled, (0, least - len(levelled)))
    window = np.pad(hann(_WINDOW_SAMPLES), (_FFT_SAMPLES - _WINDOW_SAMPLES) // 2)
    spectrum = magnitudes(frames_of(levelled, _FFT_SAMPLES), window)
    log_mel = np.log(spectrum @ htk_bands(_NUM_MELS, _FFT_SAMPLES, _LOWEST_HZ, _HIGHEST_HZ) + _LOG_OFFSET)
    starts = range(0, len(log_mel) - _PATCH_FRAMES + 1, _PATCH_HOP_FRAMES)
    return np.asarray([log_mel[start : start + _PATCH_FRAMES] for start in starts], np.float32)
