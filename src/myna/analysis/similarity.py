"""How alike two recordings sound, as one figure that people can read."""

import numpy as np

from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder
from myna.audio.mel import SAMPLE_RATE_HZ
from myna.audio.resample import resample
from myna.domain.waveform import Waveform

_STRANGERS_GE2E, _SAME_PERSON_GE2E = 0.60, 0.88
_STRANGERS_CAMPPLUS, _SAME_PERSON_CAMPPLUS = 0.37, 0.84
"""Mean cosines over the 95 pairs of the evaluation recordings (`bench/similarity.py`; docs/lab/audio.md)."""


def measure_similarity(first: Waveform, second: Waveform, ge2e: Ge2eEmbedder, campplus: CampplusEmbedder) -> float:
    """0 strangers to 1 one person; any rate, at least 0.1 s. Source: calibration on pairs, docs/lab/audio.md."""
    heard = [resample(waveform, SAMPLE_RATE_HZ) for waveform in (first, second)]
    return calibrate_similarity(
        float(ge2e.embed(heard[0]) @ ge2e.embed(heard[1])), float(campplus.embed(heard[0]) @ campplus.embed(heard[1]))
    )


def calibrate_similarity(cosine_ge2e: float, cosine_campplus: float) -> float:
    """Place each cosine between what strangers and what one person score on average; the mean of both, 0 to 1."""
    first = (cosine_ge2e - _STRANGERS_GE2E) / (_SAME_PERSON_GE2E - _STRANGERS_GE2E)
    second = (cosine_campplus - _STRANGERS_CAMPPLUS) / (_SAME_PERSON_CAMPPLUS - _STRANGERS_CAMPPLUS)
    return float(np.clip((first + second) / 2, 0.0, 1.0))
