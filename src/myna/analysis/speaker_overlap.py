"""Whether people speak at the same time: pyannote's segmentation.

`speaker_change` and `speaker_turns` hear people who speak one after the other.
"""

import numpy as np

from myna.analysis.onnx_session import OnnxSession
from myna.analysis.speaker_features import SAMPLE_RATE_HZ
from myna.audio.resample import resample
from myna.domain.waveform import Waveform
from myna.weights.store import WeightStore

_FIRST_PAIR = 4
"""Classes of a frame: 0 nobody, 1 to 3 one person, 4 to 6 two of the three at once."""
_SURE = 0.5
_MIN_DURATION_S = 1.0
_STRETCH_S = 15.0
"""Heard at once. The network was trained on 10 s; up to 15 s it hears as well."""

MAX_OVERLAP = 0.03
"""Share of speech: 0 on all 190 clean recordings; of 95 pairs of people, above it for 100 % at equal level, 94 % at 6
dB, 86 % at 10 dB (docs/audio.md)."""


class OverlapDetector:
    """Thread-safe. Source: H. Bredin, pyannote.audio (Interspeech 2023), segmentation-3.0."""

    def __init__(self, store: WeightStore) -> None:
        """Raises: WeightsMissing, WeightsCorrupt."""
        self._session = OnnxSession(store.path("speakers/segmentation.onnx"), keeps_memory=False)

    def measure_overlap(self, waveform: Waveform) -> float:
        """Share of the speech in which two people are heard, 0 to 1; any rate. 0 for less than a second.

        Of more than 15 s the beginning is heard. Costs 0.006 of the duration.
        """
        samples = resample(waveform, SAMPLE_RATE_HZ).samples[: int(_STRETCH_S * SAMPLE_RATE_HZ)]
        if len(samples) < _MIN_DURATION_S * SAMPLE_RATE_HZ:
            return 0.0
        (classes,) = self._session.run({"samples": samples[np.newaxis]})
        is_speech = classes[0, :, 0] < 1 - _SURE
        is_overlap = classes[0, :, _FIRST_PAIR:].sum(axis=1) > _SURE
        return float(is_overlap.sum()) / max(1, int(is_speech.sum()))
