"""How often is something found on clean recordings?

    python bench/recording_findings.py DATA/speech

Every recording of kind "speech", with its language and, where the corpus has one, its transcript: each code by how many
of them have it, and which.
"""

import csv
import sys
from collections import defaultdict
from pathlib import Path

import platformdirs

from myna.analysis.sample_analyst import ModelSampleAnalyst
from myna.domain.language import CLONE_LANGUAGES
from myna.domain.sample import SampleRequest

BY_ISO639 = {lang.iso639: lang for lang in CLONE_LANGUAGES}


def main(folder: Path) -> None:
    weights_dir = Path(platformdirs.user_cache_dir("myna")) / "weights"
    analyst = ModelSampleAnalyst(weights_dir, max_sample_bytes=32 * 2**20, max_sample_s=300.0)
    with (folder / "manifest.csv").open() as rows:
        clean = [row for row in csv.DictReader(rows) if row["kind"] == "speech"]
    found: dict[str, list[str]] = defaultdict(list)
    for row in clean:
        lang = BY_ISO639.get(row["language"].split("-")[0])
        transcript = row["transcript"] if lang is not None and row["transcript_source"] == "corpus" else ""
        sample = analyst.analyse(SampleRequest((folder / row["path"]).read_bytes(), transcript, lang))
        for code in {finding.code for finding in sample.findings}:
            found[code].append(row["path"])
    analyst.close()
    for code, paths in sorted(found.items()):
        print(f"{code:24s} {len(paths):3d} of {len(clean)} ({100 * len(paths) / len(clean):.1f} %)", *paths[:4])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
