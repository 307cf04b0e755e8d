"""Finds the mark that `myna.audio.watermark` puts into speech, with PerTh's network over a spectrum of our own."""

import threading
from functools import cached_property

import numpy as np
from scipy import fft

from myna.analysis.onnx_session import OnnxSession
from myna.audio.mel import hann
from myna.audio.resample import resample
from myna.domain.speech import FoundMark
from myna.domain.waveform import Samples, Waveform
from myna.weights.store import WeightStore

THRESHOLD = 0.62
"""Of the score. What it catches and what it lets through: docs/watermark.md."""

_RATE_HZ = 8000
_WINDOW, _HOP = 512, 80
"""64 ms, every 10 ms, which is what the network was trained with at 32 kHz."""
_TRAINED_WINDOW = 2048
_NUM_BINS = 128
_FLOOR, _FLOOR_DB, _RANGE_DB = 1e-9, -180.0, 195.0
"""A level of 0 is the floor, one of 1 is 195 dB above it."""
_SPEECH_LEVEL = 0.1
"""Root mean square that speech is brought to before it is judged."""
_PAUSE_DB = 50.0
"""Frames this far below the loudest hold no mark, only what a codec puts there."""
_PIECE_S = 10.0
"""Longer recordings are judged in pieces of about this length: part of them may be marked."""
_LEAST_S = 0.3
"""Shorter ones tell nothing."""
_OTHERS = ((-0.04, 0.06), (-0.08, 0.04))
"""Trust and verdict of the two branches that are left out, the same for whatever was heard: the score is PerTh's."""


class MarkFinder:
    """Thread-safe. Loads when first asked."""

    def __init__(self, store: WeightStore) -> None:
        self._store = store
        self._loading = threading.Lock()

    def find(self, recording: Waveform) -> FoundMark:
        """Any rate and any length. Raises: WeightsMissing, WeightsCorrupt."""
        with self._loading:
            session = self._session
        samples = resample(recording, _RATE_HZ).samples
        pieces = np.array_split(samples, max(1, round(len(samples) / _RATE_HZ / _PIECE_S)))
        heard = (piece for piece in pieces if len(piece) >= _LEAST_S * _RATE_HZ and piece.any())
        score = max((_score(session, piece) for piece in heard), default=0.0)
        return FoundMark(score >= THRESHOLD, score)

    @cached_property
    def _session(self) -> OnnxSession:
        return OnnxSession(self._store.path("watermark/perth.onnx"), keeps_memory=False)


def _score(session: OnnxSession, samples: Samples) -> float:
    frames = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
    power = np.square(frames).mean(axis=1)
    if not power.max() > 0.0:
        return 0.0
    is_speech = power > power.max() * 10 ** (-_PAUSE_DB / 10)
    level = _SPEECH_LEVEL / np.sqrt(power[is_speech].mean())
    magnitudes = np.abs(fft.rfft(frames * hann(_WINDOW), axis=1)[:, :_NUM_BINS]) * level * (_TRAINED_WINDOW / _WINDOW)
    levels = (20 * np.log10(np.maximum(magnitudes, _FLOOR)) - _FLOOR_DB) / _RANGE_DB
    (verdicts,) = session.run({"levels": levels.T[np.newaxis].astype(np.float32)})
    trust, verdict = np.array([verdicts[0][:, is_speech].mean(axis=1), *_OTHERS]).T
    return float(np.clip(np.average(verdict, weights=np.exp(trust)), 0.0, 1.0))
