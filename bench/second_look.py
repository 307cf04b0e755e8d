"""What judge D and the second opinion say of audio that `likeness.py --audio` kept, without making the voices anew.

    python bench/second_look.py --data DATA/speech --audio WORK/audio [MORE] [--second-opinion WHEEL]

Likeness is on the ruler of `likeness.py`: 0 strangers, 1 the person's second recording. People who have every voice make up
the summary. Writes `bench/results/second_look.json`.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import platformdirs
from likeness import ROOT, machine
from likeness_judges import SECOND_RECORDING, Judges, on_scale
from likeness_people import load, read_people
from listening_test import read_folder
from second_opinion import SecondOpinion

from myna.weights.store import WeightStore

Row = dict[str, float | None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--audio", type=Path, nargs="+", required=True)
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    parser.add_argument("--second-opinion", type=Path, help="wheel of distillmos 0.9.1")
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/second_look.json")
    arguments = parser.parse_args()
    judges = Judges(WeightStore(arguments.weights), None, "d")
    opinion = SecondOpinion(arguments.second_opinion) if arguments.second_opinion else None
    spoken = [one for folder in arguments.audio for one in read_folder(folder)]
    everybody = read_people(arguments.data)
    people = [person for person in everybody if any(one.person == person.speaker for one in spoken)]
    seen: dict[str, dict[str, Row]] = {}
    for count, person in enumerate(people, start=1):
        scales = judges.scale(person, everybody)
        files = {SECOND_RECORDING: list(person.others)}
        for one in spoken:
            if one.person == person.speaker:
                files.setdefault(one.system, []).append(one.path)
        seen[person.speaker] = {}
        for system, paths in files.items():
            heard = [load(path) for path in paths]
            likeness = [on_scale(judges.cosines(waveform, scales), scales) for waveform in heard]
            seen[person.speaker][system] = {
                "likeness_d": 1.0 if system == SECOND_RECORDING else round(float(np.mean(likeness)), 3),
                "second_opinion": round(float(np.mean([opinion.score(one) for one in heard])), 3) if opinion else None,
            }
        print(f"\r{count}/{len(people)} people", end="", file=sys.stderr, flush=True)
        report = {"machine": machine(), "summary": summarise(seen), "people": seen}
        arguments.out.write_text(json.dumps(report, indent=1) + "\n")
    print(file=sys.stderr)
    print(json.dumps(summarise(seen), indent=1))


def summarise(seen: dict[str, dict[str, Row]]) -> dict[str, Row]:
    """Means over the people who have every voice."""
    systems = {system for of_person in seen.values() for system in of_person}
    complete = [of_person for of_person in seen.values() if set(of_person) == systems]
    summary: dict[str, Row] = {}
    for system in sorted(systems):
        summary[system] = {"speakers": len(complete)}
        for name in ("likeness_d", "second_opinion"):
            values = [value for of_person in complete if (value := of_person[system][name]) is not None]
            summary[system][name] = round(float(np.mean(values)), 3) if values else None
    return summary


if __name__ == "__main__":
    main()
