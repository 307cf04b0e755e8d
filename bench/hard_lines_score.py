"""What a voice gets for the lines it spoke, beside what stock voices get for the same lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hard_lines_sounds import Sounds, measure_sounds
from hard_lines_speech import TimedSpeech
from hard_lines_text import CALM, KINDS, Line
from hard_lines_words import count_wrong, normalise
from second_recogniser import SecondRecogniser

from myna.analysis.dnsmos import RATE_HZ as OPINION_RATE_HZ
from myna.analysis.dnsmos import OpinionModel
from myna.analysis.transcribe import SpeechRecogniser
from myna.audio.resample import resample
from myna.domain.language import LangCode
from myna.domain.waveform import Waveform
from myna.weights.store import WeightStore

_OPINION_S = 9.01
"""What the opinion model hears at a time."""
Figures = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One line by one voice."""

    line: int
    kind: str
    words: int
    heard: str
    wrong: int
    heard_second: str | None
    """None without a second recogniser."""
    wrong_second: int | None
    sounds: Sounds


@dataclass(frozen=True, slots=True)
class Score:
    """One voice. `own`, `stock` (of both stock voices together) and `difference` have the same keys."""

    speaker: str
    sex: str
    lang: str
    own_pitch_hz: float
    recording: str
    method: str
    stock_voices: tuple[str, ...]
    clone_cpu_s: float
    own: Figures
    stock: Figures
    difference: Figures
    rows: tuple[Row, ...]


class Listener:
    """Two recognisers, the measures of single sounds, an opinion model."""

    def __init__(self, weights: WeightStore, second: Path | None) -> None:
        self._recogniser = SpeechRecogniser(weights.path("whisper-base/model.bin").parent)
        self._second = SecondRecogniser(second) if second is not None else None
        self._opinion = OpinionModel(weights.path("dnsmos/sig_bak_ovr.onnx"))

    def hear(self, line: Line, speech: TimedSpeech) -> Row:
        heard = self._recogniser.transcribe(speech.waveform, LangCode.EN_US).text
        second = self._second.transcribe(speech.waveform) if self._second is not None else None
        return Row(
            line.index,
            line.kind,
            len(normalise(line.text)),
            heard,
            count_wrong(line.text, heard),
            second,
            None if second is None else count_wrong(line.text, second),
            measure_sounds(speech),
        )

    def opinion(self, spoken: Sequence[TimedSpeech]) -> float:
        """DNSMOS, whole, of all lines one after the other: the mean of pieces as long as the model hears."""
        whole = np.concatenate([resample(speech.waveform, OPINION_RATE_HZ).samples for speech in spoken])
        pieces = np.array_split(whole, max(1, round(len(whole) / OPINION_RATE_HZ / _OPINION_S)))
        scores = [self._opinion.score(Waveform(piece, OPINION_RATE_HZ)).overall for piece in pieces]
        return float(np.mean(scores))


def measure_rows(rows: Sequence[Row], opinions: Sequence[float]) -> Figures:
    """Percentages of words and of lines; levels over phones."""
    hard, calm = [row for row in rows if row.kind != CALM], [row for row in rows if row.kind == CALM]
    sounds = [row.sounds for row in rows]
    return {
        "words_wrong_pct": _wrong_pct(hard),
        "words_wrong_second_pct": _wrong_second_pct(hard),
        "calm_words_wrong_pct": _wrong_pct(calm),
        "calm_words_wrong_second_pct": _wrong_second_pct(calm),
        "extra_sound_pct": _percent(sum(one.sound_before or one.sound_after for one in sounds), len(sounds)),
        "extra_sound_before_pct": _percent(sum(one.sound_before for one in sounds), len(sounds)),
        "extra_sound_after_pct": _percent(sum(one.sound_after for one in sounds), len(sounds)),
        "sound_in_pauses_pct": _percent(sum(one.sound_in_pauses for one in sounds), len(sounds)),
        "early_ms": round(float(np.mean([one.early_ms for one in sounds])), 1),
        "late_ms": round(float(np.mean([one.late_ms for one in sounds])), 1),
        "closure_db": _over_phones([(one.num_closures, one.closure_db) for one in sounds]),
        "fricative_db": _over_phones([(one.num_fricatives, one.fricative_db) for one in sounds]),
        "vowel_flatness_db": _over_phones([(one.num_vowels, one.vowel_flatness_db) for one in sounds]),
        "dnsmos_overall": round(float(np.mean(opinions)), 3),
    }


def subtract(own: Figures, stock: Figures) -> Figures:
    """Percentages become points."""
    return {
        name: None if value is None or stock[name] is None else round(value - stock[name], 3)
        for name, value in own.items()
    }


def summarise(scores: Sequence[Score], stock: dict[str, dict[str, Row]]) -> dict[str, dict]:
    """By recording and method: means over people, the standard error of the differences, who is worst, the kinds.

    stock: rows of the stock voices, by voice and line.
    """
    summary = {}
    for recording, method in dict.fromkeys((score.recording, score.method) for score in scores):
        group = [score for score in scores if (score.recording, score.method) == (recording, method)]
        worst = max(group, key=_points_worse)
        summary[f"{recording}, {method}"] = {
            "people": len(group),
            "own": _mean_figures([score.own for score in group]),
            "stock": _mean_figures([score.stock for score in group]),
            "difference": _mean_figures([score.difference for score in group]),
            "standard_error_of_difference": _standard_errors([score.difference for score in group]),
            "worst_person": {
                "speaker": worst.speaker,
                **{name: worst.difference[name] for name in ("words_wrong_pct", "words_wrong_second_pct")},
            },
            "kinds": {kind: _compare_kind(kind, group, stock) for kind in (*KINDS, CALM)},
        }
    return summary


def _points_worse(score: Score) -> float:
    """By both recognisers together."""
    return (score.difference["words_wrong_pct"] or 0.0) + (score.difference["words_wrong_second_pct"] or 0.0)


def _compare_kind(kind: str, group: Sequence[Score], stock: dict[str, dict[str, Row]]) -> Figures:
    own = [row for score in group for row in score.rows if row.kind == kind]
    beside = [
        stock[voice][str(row.line)]
        for score in group
        for voice in score.stock_voices
        for row in score.rows
        if row.kind == kind
    ]
    return {
        "words_wrong_pct": _wrong_pct(own),
        "stock_words_wrong_pct": _wrong_pct(beside),
        "words_wrong_second_pct": _wrong_second_pct(own),
        "stock_words_wrong_second_pct": _wrong_second_pct(beside),
    }


def _mean_figures(figures: Sequence[Figures]) -> Figures:
    return {name: _round_mean([row[name] for row in figures]) for name in figures[0]}


def _round_mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(float(np.mean(known)), 3) if known else None


def _standard_errors(figures: Sequence[Figures]) -> Figures:
    errors: Figures = {}
    for name in figures[0]:
        values = [row[name] for row in figures if row[name] is not None]
        errors[name] = round(float(np.std(values, ddof=1) / np.sqrt(len(values))), 3) if len(values) > 1 else None
    return errors


def _wrong_pct(rows: Sequence[Row]) -> float | None:
    return _percent(sum(row.wrong for row in rows), sum(row.words for row in rows))


def _wrong_second_pct(rows: Sequence[Row]) -> float | None:
    known = [(row.wrong_second, row.words) for row in rows if row.wrong_second is not None]
    return _percent(sum(wrong for wrong, _ in known), sum(words for _, words in known))


def _percent(part: float, whole: float) -> float | None:
    return round(100 * part / whole, 2) if whole else None


def _over_phones(means: Sequence[tuple[int, float]]) -> float | None:
    """means: of each line, how many phones and their mean."""
    count = sum(number for number, _ in means)
    return round(sum(number * value for number, value in means) / count, 2) if count else None
