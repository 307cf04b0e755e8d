"""Is a voice understood? It says short, dramatic lines, and a recogniser tells how sure it is of each word: in long
calm sentences it guesses from the context, as people do."""

import json

import numpy as np

from myna.analysis.transcribe import SpeechRecogniser, share_recogniser
from myna.domain.language import LangCode
from myna.domain.waveform import Samples, Waveform
from myna.engines.kokoro.shipped_file import read_shipped
from myna.weights.store import WeightStore

_RATE_HZ = 16_000
_GAP_S = 0.2
CLEAR = -0.08
"""Mean log probability of a word. Stock voices for English lie between -0.02 and -0.06; a clone whose timbre style was
also in the blocks that articulate, and which garbled one word in eight, at -0.13.
"""


def clarity_symbols() -> list[str]:
    """The lines, our own, in the symbols of the model."""
    return [entry["symbols"] for entry in _lines()]


class ClarityListener:
    """Holds the recogniser from the first hearing until `release`; the service has it open anyway."""

    def __init__(self, weights: WeightStore) -> None:
        self._weights = weights
        self._recogniser: SpeechRecogniser | None = None
        self._text = " ".join(entry["text"] for entry in _lines())

    def certainty(self, spoken: list[Samples]) -> float:
        """Mean log probability of the lines' words, 0 the best; see `CLEAR`. spoken: [num_samples] at 16 kHz each, in
        order, heard in one go 0.2 s apart. Raises: WeightsMissing, WeightsCorrupt."""
        if self._recogniser is None:
            folder = self._weights.path("whisper-base/model.bin").parent
            self._recogniser = share_recogniser(folder)
        gap = np.zeros(int(_GAP_S * _RATE_HZ), dtype=np.float32)
        joined = np.concatenate([part for line in spoken for part in (line, gap)])
        return self._recogniser.certainty(Waveform(joined, _RATE_HZ), self._text, LangCode.EN_US)

    def release(self) -> None:
        """Give the memory back."""
        self._recogniser = None


def _lines() -> list[dict[str, str]]:
    lines: list[dict[str, str]] = json.loads(read_shipped("clarity_lines.json"))
    return lines
