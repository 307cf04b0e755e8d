"""Where in a recording somebody speaks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from myna.analysis.onnx_session import OnnxSession
from myna.analysis.runs import find_runs
from myna.audio.resample import resample
from myna.audio.silence import TimeSpan
from myna.domain.waveform import Samples, Waveform

RATE_HZ = 16_000
FRAME_SAMPLES = 512
FRAME_S = FRAME_SAMPLES / RATE_HZ
_CONTEXT_SAMPLES = 64
_STATE_SHAPE = (1, 1, 128)

_SPEECH_THRESHOLD = 0.4
"""Silero's true-positive rate at its default of 0.5 is 0.76 against an energy label (measured on LibriSpeech)."""
_MIN_SPEECH_S = 0.1
_MIN_PAUSE_S = 0.2
_PADDING_S = 0.1
_HEARD_LEVEL_DB = -26.0
"""RMS of the louder frames at which the model listens: it misses speech that is very quiet."""
_MAX_GAIN_DB = 40.0

FrameValues = npt.NDArray[np.float32]
"""[num_frames] float32, one value for each frame of `FRAME_S`."""


@dataclass(frozen=True, slots=True, eq=False)
class SpeechActivity:
    """What the detector heard in one recording."""

    probabilities: FrameValues
    """[num_frames] that a frame of `FRAME_S` is speech."""
    spans: tuple[TimeSpan, ...]
    """Stretches of speech in order, short pauses inside them."""

    @property
    def speech_s(self) -> float:
        """Seconds of frames that are speech; pauses inside spans do not count."""
        return float(np.count_nonzero(self.probabilities >= _SPEECH_THRESHOLD)) * FRAME_S

    def confidence_of(self, span: TimeSpan) -> float:
        """That somebody speaks in one of the spans, 0 to 1."""
        return float(self.probabilities[int(span.start_s / FRAME_S) : int(span.end_s / FRAME_S) + 1].max())

    def speech_within(self, stretches: Sequence[TimeSpan]) -> float:
        """Seconds of frames that are speech inside the stretches."""
        pieces = [self.probabilities[int(span.start_s / FRAME_S) : int(span.end_s / FRAME_S)] for span in stretches]
        return sum(float(np.count_nonzero(piece >= _SPEECH_THRESHOLD)) for piece in pieces) * FRAME_S


class SpeechActivityDetector:
    """Silero VAD v6. Thread-safe, stateless. Source: github.com/snakers4/silero-vad (MIT); sizes as it was trained."""

    def __init__(self, model_path: Path) -> None:
        self._session = OnnxSession(model_path, keeps_memory=False)

    def detect(self, waveform: Waveform) -> SpeechActivity:
        """Find speech. Any rate; times are those of the waveform."""
        samples = resample(waveform, RATE_HZ).samples
        probabilities = self._probabilities(_raise_level(samples))
        return SpeechActivity(probabilities, tuple(find_spans(probabilities, waveform.duration_s)))

    def _probabilities(self, samples: Samples) -> FrameValues:
        num_frames = -(-len(samples) // FRAME_SAMPLES)
        if num_frames == 0:
            return np.zeros(0, np.float32)
        padded = np.zeros(num_frames * FRAME_SAMPLES + _CONTEXT_SAMPLES, np.float32)
        padded[_CONTEXT_SAMPLES : _CONTEXT_SAMPLES + len(samples)] = samples
        windows = np.lib.stride_tricks.sliding_window_view(padded, FRAME_SAMPLES + _CONTEXT_SAMPLES)[::FRAME_SAMPLES]
        state = np.zeros(_STATE_SHAPE, np.float32)
        feeds = {"input": np.ascontiguousarray(windows), "h": state, "c": state}
        (probabilities,) = self._session.run(feeds, ["speech_probs"])
        return np.asarray(probabilities, np.float32).reshape(num_frames)


def find_spans(probabilities: FrameValues, duration_s: float) -> list[TimeSpan]:
    """Join [num_frames] speech frames over short pauses, drop blips, and give each span a little room."""
    spans: list[TimeSpan] = []
    for first, last in find_runs(probabilities >= _SPEECH_THRESHOLD).tolist():
        span = TimeSpan(first * FRAME_S, min(last * FRAME_S, duration_s))
        if spans and span.start_s - spans[-1].end_s < _MIN_PAUSE_S:
            spans[-1] = TimeSpan(spans[-1].start_s, span.end_s)
        else:
            spans.append(span)
    return [
        TimeSpan(max(0.0, span.start_s - _PADDING_S), min(duration_s, span.end_s + _PADDING_S))
        for span in spans
        if span.duration_s >= _MIN_SPEECH_S
    ]


def _raise_level(samples: Samples) -> Samples:
    """Bring the louder half-second blocks near the level that the model was trained at; never turns down."""
    block = RATE_HZ // 2
    num_blocks = len(samples) // block
    loud = float(np.sqrt(np.mean(samples**2, dtype=np.float64))) if len(samples) else 0.0
    if num_blocks:
        blocks = samples[: num_blocks * block].reshape(num_blocks, block)
        loud = float(np.quantile(np.sqrt(np.mean(blocks**2, axis=1, dtype=np.float64)), 0.9))
    gain_db = min(_MAX_GAIN_DB, _HEARD_LEVEL_DB - 20 * np.log10(max(loud, 1e-9)))
    if gain_db <= 0:
        return samples
    return np.asarray(np.clip(samples * np.float32(10 ** (gain_db / 20)), -1.0, 1.0), np.float32)
