"""Whether people speak at the same time, or one breaks in (pyannote); `conversation` hears one after the other."""

from dataclasses import dataclass

import numpy as np

from myna.analysis.onnx_session import OnnxSession
from myna.audio.mel import SAMPLE_RATE_HZ
from myna.audio.resample import resample
from myna.domain.waveform import Waveform
from myna.weights.store import WeightStore

_PEOPLE_OF_CLASS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], np.float32)
"""[7, 3] which of three people a class of a frame stands for."""
_SURE = 0.5
_MIN_DURATION_S = 1.0
_STRETCH_S = 15.0
"""Heard at once. The network was trained on 10 s; up to 15 s it hears as well."""

MAX_OVERLAP = 0.03
"""Share of speech: 0 on 190 clean recordings; above it 100 % of 95 pairs at one level, 94 % at 6 dB, 86 % at 10 dB."""
MAX_SECOND_VOICE_S = 0.5
"""At most 0.3 s in 99 % of those recordings; above it for 60 % of strangers who break in for 1 s, 71 % for 1.5 s."""


@dataclass(frozen=True, slots=True)
class HeardVoices:
    """Who is heard besides the one who speaks most."""

    overlap: float
    """Share of the speech in which two people are heard at once, 0 to 1."""
    second_voice_s: float
    """How long the second person speaks, also at the same time as the first."""

    @property
    def is_overlapped(self) -> bool:
        return self.overlap > MAX_OVERLAP

    @property
    def has_second_speaker(self) -> bool:
        return self.is_overlapped or self.second_voice_s > MAX_SECOND_VOICE_S


_ONE_VOICE = HeardVoices(0.0, 0.0)


class VoiceCounter:
    """Thread-safe. Source: H. Bredin, pyannote.audio (Interspeech 2023), segmentation-3.0."""

    def __init__(self, store: WeightStore) -> None:
        """Raises: WeightsMissing, WeightsCorrupt."""
        self._session = OnnxSession(store.path("speakers/segmentation.onnx"), keeps_memory=False)

    def hear_voices(self, waveform: Waveform) -> HeardVoices:
        """Any rate; less than a second is one voice, more than 15 s are cut. Takes 0.006 of the duration."""
        samples = resample(waveform, SAMPLE_RATE_HZ).samples[: int(_STRETCH_S * SAMPLE_RATE_HZ)]
        if len(samples) < _MIN_DURATION_S * SAMPLE_RATE_HZ:
            return _ONE_VOICE
        (classes,) = self._session.run({"samples": samples[np.newaxis]})
        is_heard = classes[0] @ _PEOPLE_OF_CLASS > _SURE
        num_speaking = is_heard.sum(axis=1)
        num_speech = max(1, int((num_speaking > 0).sum()))
        frame_s = len(samples) / SAMPLE_RATE_HZ / len(is_heard)
        return HeardVoices(
            overlap=float((num_speaking > 1).sum()) / num_speech,
            second_voice_s=float(np.sort(is_heard.sum(axis=0))[-2]) * frame_s,
        )
