"""Practice sentences: what a voice in the making says so that it can be listened to."""

import json
from dataclasses import dataclass, replace

import numpy as np

from myna.engines.kokoro.graphs import FloatArray, IntArray, ProsodyCurves, TextEncoding
from myna.engines.kokoro.shipped_file import read_shipped
from myna.engines.kokoro.voice_artifact import KokoroVoice

STRETCH_FRAMES = 80
"""Length of a stretch in the decoder's frames of 25 ms: 2.0 s, the shortest that both judges read well."""
_WEAK_PERCENTILE = 20
_SILENT_EDGE = 2
"""Frames kept of the pads at either end of a sentence; the model makes an eighth of a short sentence of them."""


@dataclass(frozen=True, slots=True, eq=False)
class PracticeSentence:
    """A sentence ready to be spoken in any decoder style."""

    symbols: str
    text: TextEncoding
    frames: IntArray
    """[len(symbols) + 2], with the pads at either end."""
    curves: ProsodyCurves
    """As predicted, before any voice's pitch."""

    @property
    def aligned_features(self) -> FloatArray:
        """[1, 512, F] one column for each frame."""
        return np.repeat(self.text.features, self.frames, axis=2)

    def curves_of(self, voice: KokoroVoice) -> ProsodyCurves:
        """At the voice's pitch."""
        return ProsodyCurves(voice.move_pitch(self.curves.f0_hz), self.curves.energy)


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Two seconds of practice speech, as the gradient graph takes it."""

    features: FloatArray
    """[512, 80]"""
    f0_hz: FloatArray
    """[160]"""
    energy: FloatArray
    """[160]"""


def practice_symbols() -> list[str]:
    """Short sentences of our own, in the symbols of the model: together they hold most English sounds."""
    return [entry["symbols"] for entry in json.loads(read_shipped("practice_sentences.json"))]


def voiced_log_f0(curves: ProsodyCurves) -> FloatArray:
    """ln(F0) of the voiced half frames that a pitch tracker will hear: not of the weakest fifth, at the ends of words.
    Means over all are 0.6 semitones lower than what is heard, without it they agree (0.06 +- 0.25, seven voices, two
    sentences each)."""
    voiced = curves.f0_hz > 40.0
    if not voiced.any():
        return np.zeros(0, dtype=np.float32)
    audible = curves.energy >= np.percentile(curves.energy[voiced], _WEAK_PERCENTILE)
    return np.log(curves.f0_hz[voiced & audible])


def shorten_silence(sentence: PracticeSentence) -> PracticeSentence:
    """Take out what is silent at either end: it costs as much to compute as speech, and says nothing of the voice."""
    frames = sentence.frames.copy()
    frames[[0, -1]] = np.minimum(frames[[0, -1]], _SILENT_EDGE)
    start = int(sentence.frames[0] - frames[0])
    kept = slice(2 * start, 2 * (start + int(frames.sum())))
    curves = ProsodyCurves(sentence.curves.f0_hz[kept], sentence.curves.energy[kept])
    return replace(sentence, frames=frames, curves=curves)


def cut_stretches(voice: KokoroVoice, sentences: list[PracticeSentence]) -> list[Stretch]:
    """Join sentences and cut the whole into stretches of 80 frames."""
    curves = [sentence.curves_of(voice) for sentence in sentences]
    joined = np.concatenate([sentence.aligned_features[0] for sentence in sentences], axis=1)
    f0_hz, energy = np.concatenate([each.f0_hz for each in curves]), np.concatenate([each.energy for each in curves])
    return [
        Stretch(
            np.ascontiguousarray(joined[:, start : start + STRETCH_FRAMES]),
            f0_hz[2 * start : 2 * (start + STRETCH_FRAMES)],
            energy[2 * start : 2 * (start + STRETCH_FRAMES)],
        )
        for start in range(0, joined.shape[1] - STRETCH_FRAMES + 1, STRETCH_FRAMES)
    ]
