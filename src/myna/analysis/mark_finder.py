"""Finds the mark that `myna.audio.watermark` puts into speech, with PerTh's network over a spectrum of our own."""

import threading
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
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
_LOUD_DB = 30.0
_NUM_BANDS = 16
_FAINT = 1e-3
"""Of a frame's power; a band with less counts as one with so much."""
_LEAST_LEVEL_DB, _LEAST_SHAPE_DB = 2.0, 2.8
_LEAST_TELLING_S = 1.0
"""Change of level and spectrum in a second of speech, standard deviations: 4.3 and 3.5 of somebody, 2.8 and 3.4 in a
street. The network takes much that is steadier for the mark."""
_OTHERS = ((-0.04, 0.06), (-0.08, 0.04))
"""Trust and verdict of the two branches that are left out, the same for whatever was heard: the score is PerTh's."""

Values = npt.NDArray[Any]


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
        heard = (_score(session, piece) for piece in pieces if len(piece) >= _LEAST_S * _RATE_HZ)
        scores = [score for score in heard if score is not None]
        score = max(scores, default=0.0)
        return FoundMark(score >= THRESHOLD, score, has_speech=bool(scores))

    @cached_property
    def _session(self) -> OnnxSession:
        return OnnxSession(self._store.path("watermark/perth.onnx"), keeps_memory=False)


def _score(session: OnnxSession, samples: Samples) -> float | None:
    """None for what cannot be speech: silence, hums, tones, chords, noise."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
    power = np.square(frames).mean(axis=1)
    if not power.max() > 0.0:
        return None
    is_speech = power > power.max() * 10 ** (-_PAUSE_DB / 10)
    magnitudes = np.abs(fft.rfft(frames * hann(_WINDOW), axis=1)[:, :_NUM_BINS])
    if len(samples) >= _LEAST_TELLING_S * _RATE_HZ and not _changes_as_speech(power, is_speech, magnitudes):
        return None
    magnitudes *= _SPEECH_LEVEL / np.sqrt(power[is_speech].mean()) * (_TRAINED_WINDOW / _WINDOW)
    levels = (20 * np.log10(np.maximum(magnitudes, _FLOOR)) - _FLOOR_DB) / _RANGE_DB
    (verdicts,) = session.run({"levels": levels.T[np.newaxis].astype(np.float32)})
    trust, verdict = np.array([verdicts[0][:, is_speech].mean(axis=1), *_OTHERS]).T
    return float(np.clip(np.average(verdict, weights=np.exp(trust)), 0.0, 1.0))


def _changes_as_speech(power: Values, is_speech: Values, magnitudes: Values) -> bool:
    """power: [num_frames]. is_speech: [num_frames] bool. magnitudes: [num_frames, num_bins]."""
    if np.std(10 * np.log10(power[is_speech])) < _LEAST_LEVEL_DB:
        return False
    loud = np.square(magnitudes[power > power.max() * 10 ** (-_LOUD_DB / 10)])
    bands = loud.reshape(len(loud), _NUM_BANDS, -1).sum(axis=2)
    shapes = 10 * np.log10(bands / np.maximum(bands.sum(axis=1, keepdims=True), _FLOOR**2) + _FAINT)
    return bool(np.sqrt(shapes.var(axis=0).mean()) >= _LEAST_SHAPE_DB)
