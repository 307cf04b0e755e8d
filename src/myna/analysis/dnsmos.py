"""DNSMOS P.835: what listeners would say of a recording's speech, background and whole."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from myna.analysis.onnx_session import share_session
from myna.audio.resample import resample
from myna.domain.waveform import Waveform

RATE_HZ = 16_000
_INPUT_SAMPLES = 144_160
"""9.01 s: the model hears no other length; shorter recordings are repeated, of longer ones the middle is heard."""

_OVERALL = (-0.06766283, 1.11546468, 0.04602535)
_SIGNAL = (-0.08397278, 1.22083953, 0.0052439)
_BACKGROUND = (-0.13166888, 1.60915514, -0.39604546)
"""Polynomials from the network's output to mean opinion scores. Source: microsoft/DNS-Challenge, dnsmos_local.py."""


@dataclass(frozen=True, slots=True)
class OpinionScores:
    """Mean opinion scores, 1 bad to 5 excellent."""

    overall: float
    signal: float
    background: float


class OpinionModel:
    """Thread-safe. Source: C. K. A. Reddy et al., DNSMOS P.835 (ICASSP 2022)."""

    def __init__(self, model_path: Path) -> None:
        self._session = share_session(model_path)

    def score(self, waveform: Waveform) -> OpinionScores:
        """Any rate; what lies above 8 kHz is not heard. At least one sample."""
        samples = resample(waveform, RATE_HZ).samples
        start = max(0, (len(samples) - _INPUT_SAMPLES) // 2)
        heard = np.resize(samples[start : start + _INPUT_SAMPLES], _INPUT_SAMPLES)
        (scores,) = self._session.run({"input_1": heard[np.newaxis]})
        signal, background, overall = (float(value) for value in scores[0])
        return OpinionScores(
            overall=float(np.polyval(_OVERALL, overall)),
            signal=float(np.polyval(_SIGNAL, signal)),
            background=float(np.polyval(_BACKGROUND, background)),
        )
