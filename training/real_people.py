"""Read what `real_voices.py` heard of the training speakers."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from result_files import finished

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
from myna.engines.kokoro.making.style_map import VoiceSound


@dataclass(frozen=True, slots=True, eq=False)
class RealPerson:
    sound: VoiceSound
    log_f0_sd: float


def read_real(folder: Path) -> list[RealPerson]:
    """In the order of the files: always the same."""
    people = []
    for path in finished(folder):
        with np.load(path) as chunk:
            for a, b, timbre, pitch in zip(chunk["a"], chunk["b"], chunk["timbre"], chunk["pitch"], strict=True):
                people.append(RealPerson(VoiceSound(a, b, timbre, pitch[0]), float(pitch[1])))
    return people
