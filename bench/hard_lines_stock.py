"""The stock voices that clones are compared with: each speaks and is heard once a line."""

import numpy as np
from hard_lines_score import Listener, Row
from hard_lines_speech import Narrator, TimedSpeech
from hard_lines_text import Line

from myna.audio.resample import resample
from myna.engines.kokoro.making.pitch_track import SAMPLE_RATE_HZ, measure_pitch

STOCK_VOICES = ("Dennis", "Jason", "Ashley", "Olivia")
"""Two men, two women."""
_COMPARED = 2
_PITCH_SENTENCE = "The old lighthouse keeper walked slowly along the shore, watching the waves break over the rocks."


class StockVoices:
    """Rows are kept in `rows`, by voice and line, to be written down; sound only as long as the process lives."""

    def __init__(self, narrator: Narrator, listener: Listener, rows: dict[str, dict[str, Row]]) -> None:
        self._narrator, self._listener = narrator, listener
        self.rows = rows
        self._spoken: dict[tuple[str, int], TimedSpeech] = {}
        self._pitches = {name: self._measure_log_pitch(name) for name in STOCK_VOICES}

    def nearest(self, pitch_hz: float) -> tuple[str, ...]:
        """The two that speak about as high; 0 for a pitch that is not known."""
        wanted = np.log(pitch_hz) if pitch_hz else float(np.mean(list(self._pitches.values())))
        return tuple(sorted(STOCK_VOICES, key=lambda name: abs(self._pitches[name] - wanted))[:_COMPARED])

    def hear(self, name: str, line: Line) -> Row:
        known = self.rows.setdefault(name, {})
        if str(line.index) not in known:
            known[str(line.index)] = self._listener.hear(line, self.speak(name, line))
        return known[str(line.index)]

    def speak(self, name: str, line: Line) -> TimedSpeech:
        key = (name, line.index)
        if key not in self._spoken:
            self._spoken[key] = self._narrator.speak(name, line.text)
        return self._spoken[key]

    def _measure_log_pitch(self, name: str) -> float:
        spoken = resample(self._narrator.speak(name, _PITCH_SENTENCE).waveform, SAMPLE_RATE_HZ)
        pitch = measure_pitch(spoken.samples)
        assert pitch is not None
        return pitch.log_f0_mean
