"""What all tests share: where the recordings are."""

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Recording:
    """A clip of a known speaker."""

    speaker: str
    sex: str
    role: str
    path: Path
    transcript: str


@pytest.fixture(scope="session")
def speaker_recordings() -> list[Recording]:
    """Ten speakers, five women and five men: a `reference` to clone from and a `target` to compare with."""
    with (DATA / "speakers" / "manifest.csv").open() as rows:
        return [
            Recording(r["speaker"], r["sex"], r["role"], DATA / "speakers" / r["file"], r["transcript"])
            for r in csv.DictReader(rows)
        ]
