"""Is a voice understood? How sure the recogniser is of words that are known, as one figure that people can read."""

import math

from myna.analysis.transcribe import SpeechRecogniser
from myna.domain.language import LangCode
from myna.domain.waveform import Waveform

_JUDGED = frozenset({"en", "es"})
"""ISO 639-1: languages in which the figure parts clear voices from garbled ones. Source: docs/lab/audio.md."""


def measure_clarity(recogniser: SpeechRecogniser, spoken: Waveform, text: str, lang: LangCode) -> float | None:
    """Probability that the recogniser gives to a word of the text: geometric mean, 0 to 1; None if it says nothing."""
    if lang.iso639 not in _JUDGED:
        return None
    return read_certainty(recogniser.certainty(spoken, text, lang))


def read_certainty(mean_log_probability: float) -> float:
    """e to the power of it: from at most 0 to at most 1."""
    return math.exp(min(mean_log_probability, 0.0))
