"""How a clone speaks, beside how the person does: pitch range and movement, final lowering, pauses, rate, energy.

    python bench/prosody.py --data DATA/speech --audio WORK/audio [MORE]

The audio is what `likeness.py --audio` keeps. Each aspect is one number of a recording. The distance of a voice from a
person is that between the means over the voice's sentences and over the person's other recordings, which the voice was
not made from; it is given in standard deviations of people, so that aspects compare: two strangers are 1.1 apart in the
mean. Beside it: the recording that was cloned from, which is how well the person keeps to their own ways in other words,
and a stock voice on the same sentences. Mean pitch is not among the aspects: `likeness.py` has it. Rate counts the peaks of
loudness that have a pitch, about one a syllable, in any language. Writes `bench/results/prosody.json`.
"""

import argparse
import json
import sys
from dataclasses import astuple
from pathlib import Path

import numpy as np
import numpy.typing as npt
from likeness import ROOT, machine
from likeness_people import load, read_people
from listening_test import read_folder
from prosody_measures import ASPECTS, measure_prosody

OWN_RECORDING = "recording cloned from"


def measure_mean(paths: list[Path]) -> npt.NDArray[np.float64] | None:
    """[aspects], over the recordings that have a pitch."""
    measured = [astuple(prosody) for prosody in (measure_prosody(load(path)) for path in paths) if prosody]
    return np.mean(measured, axis=0) if measured else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--audio", type=Path, nargs="+", required=True, help="folders that likeness.py wrote")
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/prosody.json")
    arguments = parser.parse_args()
    spoken = [one for folder in arguments.audio for one in read_folder(folder)]
    everybody = read_people(arguments.data)
    ways = {person.speaker: measure_mean(list(person.others)) for person in everybody}
    spread = np.std([way for way in ways.values() if way is not None], axis=0)
    voices = {}
    for count, person in enumerate(everybody, start=1):
        own = [one for one in spoken if one.person == person.speaker]
        voices[person.speaker] = {
            OWN_RECORDING: measure_mean([person.reference]),
            **{
                name: measure_mean([one.path for one in own if one.system == name])
                for name in sorted({one.system for one in own})
            },
        }
        print(f"\r{count}/{len(everybody)} people", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    known = {
        speaker: {system: mean - ways[speaker] for system, mean in measured.items()}
        for speaker, measured in voices.items()
        if len(measured) > 1 and all(mean is not None for mean in (ways[speaker], *measured.values()))
    }
    systems = {system for differences in known.values() for system in differences}
    same = {speaker: differences for speaker, differences in known.items() if set(differences) == systems}
    report = {
        "machine": machine(),
        "spread_of_people": named(spread),
        "summary": summarise(known, spread),
        "summary_of_people_with_every_voice": summarise(same, spread),
        "measured": {
            speaker: {
                "person": rounded(ways[speaker]),
                **{system: rounded(mean) for system, mean in measured.items()},
            }
            for speaker, measured in voices.items()
        },
    }
    arguments.out.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["summary_of_people_with_every_voice"], indent=1))


def summarise(
    differences: dict[str, dict[str, npt.NDArray[np.float64]]], spread: npt.NDArray[np.float64]
) -> dict[str, dict[str, object]]:
    """By system: how far from the people in the mean, and in which direction."""
    by_system: dict[str, list[npt.NDArray[np.float64]]] = {}
    for of_speaker in differences.values():
        for system, difference in of_speaker.items():
            by_system.setdefault(system, []).append(difference)
    return {
        system: {
            "speakers": len(rows),
            "distance_in_spreads": named(np.abs(np.array(rows) / spread).mean(axis=0)),
            "mean_difference": named(np.mean(rows, axis=0)),
        }
        for system, rows in sorted(by_system.items())
    }


def named(values: npt.NDArray[np.float64]) -> dict[str, float]:
    return dict(zip(ASPECTS, values.round(2).tolist(), strict=True))


def rounded(values: npt.NDArray[np.float64] | None) -> list[float] | None:
    """In the order of `ASPECTS`."""
    return None if values is None else values.round(3).tolist()


if __name__ == "__main__":
    main()
