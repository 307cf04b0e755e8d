"""Speech does not become slower unnoticed: what the graphs do for a fixed sentence, counted, not timed.

After a change that is meant to cost more (or less): `MYNA_WRITE_COUNTS=1 pytest` this file, and commit what it writes.
"""

import json
import os
from pathlib import Path

from tests.hot_path_work import count_work

COUNTS = Path(__file__).parents[3] / "data/hot_path_counts.json"
TOLERANCE = 1.03


def test_a_sentence_takes_no_more_work_than_it_did(weights_dir: Path, tmp_path: Path) -> None:
    works, audio_s = count_work(weights_dir, tmp_path)
    counts = {
        part: {
            "operators": sum(work.operators.values()),
            "multiply-adds": sum(work.multiply_adds.values()),
            "tensors' bytes": sum(work.result_bytes.values()),
        }
        for part, work in works.items()
    }
    if os.environ.get("MYNA_WRITE_COUNTS"):
        COUNTS.write_text(json.dumps({"audio_s": audio_s, **counts}, indent=1) + "\n")
    known = json.loads(COUNTS.read_text())
    assert audio_s == known.pop("audio_s"), "the sentence has another length: its counts say nothing"
    grown = [
        f"{what} of the graph `{part}`: {counts[part][what]}, were {before}"
        for part, before_of in known.items()
        for what, before in before_of.items()
        if counts[part][what] > TOLERANCE * before
    ]
    assert not grown, "; ".join(grown)
