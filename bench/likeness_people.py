"""Who is cloned: the evaluation speakers, and the groups that are reported apart."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from myna.domain.language import LangCode, parse_lang_code
from myna.domain.waveform import Waveform

DEEP_HZ, HIGH_HZ = 110.0, 210.0
"""Mean pitch of the reference: about the lower third of men and the upper third of women."""


@dataclass(frozen=True, slots=True)
class Person:
    speaker: str
    sex: str
    lang: str
    reference: Path
    transcript: str
    others: tuple[Path, ...]
    other_transcripts: tuple[str, ...]


def load(path: Path) -> Waveform:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return Waveform(np.ascontiguousarray(samples.mean(axis=1)), rate)


def read_people(data: Path) -> list[Person]:
    """Everybody with a reference and at least one other recording."""
    rows = [row for row in csv.DictReader((data / "manifest.csv").open()) if row["kind"] == "speech"]
    people = []
    for row in rows:
        others = [r for r in rows if r["speaker"] == row["speaker"] and r["role"] == "target"]
        if row["role"] == "reference" and others:
            person = Person(
                row["speaker"],
                row["sex"],
                row["language"],
                data / row["path"],
                row["transcript"],
                tuple(data / r["path"] for r in others),
                tuple(r["transcript"] for r in others),
            )
            people.append(person)
    return people


def groups_of(sex: str, lang: str, pitch_hz: float) -> list[str]:
    """What a speaker counts among. Speakers of other languages are heard speaking English: the accent is not theirs."""
    names = {"F": ["women"], "M": ["men"]}.get(sex, [])
    names.append("English readers" if lang == "en" else "readers of other languages")
    if pitch_hz < DEEP_HZ:
        names.append(f"deep (below {DEEP_HZ:.0f} Hz)")
    if pitch_hz > HIGH_HZ:
        names.append(f"high (above {HIGH_HZ:.0f} Hz)")
    return names


def code_of(lang: str) -> LangCode:
    """Languages that the API does not name are cloned as if they were English."""
    named = {code.iso639 for code in LangCode}
    return (parse_lang_code(lang) if lang.split("-", maxsplit=1)[0] in named else None) or LangCode.EN_US
