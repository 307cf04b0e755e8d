"""The lines that are spoken: which there are, and which of them a person speaks."""

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

SEED = 20270214
KINDS = ("short", "dashes", "emphasis", "names", "quotes", "directions", "capitals", "sounds", "talk")
"""What the blocks of the file hold, in their order."""
CALM = "calm"
HARD_TO_CALM = 5
"""Hard lines for each calm one."""


@dataclass(frozen=True, slots=True)
class Line:
    index: int
    """In the file, without comments and blank lines."""
    kind: str
    text: str


def read_lines(path: Path) -> list[Line]:
    """Blank lines part the kinds; those after `# calm` are calm; other lines with `#` are comments."""
    rows = path.read_text().splitlines()
    calm_from = rows.index(f"# {CALM}")
    hard = [list(block) for is_text, block in groupby(rows[:calm_from], lambda row: bool(row.strip())) if is_text]
    blocks = dict(zip(KINDS, hard, strict=True)) | {CALM: rows[calm_from:]}
    texts = [(kind, row) for kind, block in blocks.items() for row in block if row.strip() and not row.startswith("#")]
    return [Line(index, kind, row) for index, (kind, row) in enumerate(texts)]


class Rotation:
    """Deals the lines out, so that people who follow each other speak different ones, and some of every kind."""

    def __init__(self, lines: list[Line]) -> None:
        rng = np.random.default_rng(SEED)
        self._calm = [line for line in lines if line.kind == CALM]
        places = []
        for kind in KINDS:
            members = [line for line in lines if line.kind == kind]
            shuffled = rng.permutation(len(members))
            places += [
                ((place + 0.5) / len(members), members[index].index, members[index])
                for place, index in enumerate(shuffled)
            ]
        self._hard = [line for _, _, line in sorted(places, key=lambda place: place[:2])]

    def deal(self, rank: int, hard_lines: int) -> list[Line]:
        """rank: of the person, from 0; hard_lines: how many (0: everything), and a fifth as many calm ones."""
        if hard_lines == 0:
            return [*self._hard, *self._calm]
        calm_lines = max(1, hard_lines // HARD_TO_CALM)
        return _turn(self._hard, rank, hard_lines) + _turn(self._calm, rank, calm_lines)


def _turn(lines: list[Line], rank: int, count: int) -> list[Line]:
    count = min(count, len(lines))
    return [lines[(rank * count + step) % len(lines)] for step in range(count)]
