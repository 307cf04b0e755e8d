"""Listen to the training speakers as a clone does: two recordings of each, apart.

    python training/heard_people.py --speech DATA/train --out WORK/heard --count 2266

What is heard in one recording is what the look-up starts from, the other says where it should end: a voice that copies
the recording rather than the person gains nothing. A speaker's single clip of seven seconds or more is cut in two.
Resumable: 50 speakers a file, `--part 1/2` shares the work. About 1.5 CPU-seconds a speaker.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import platformdirs
from real_voices import LONGEST_S, RATE_HZ, SHORTEST_OTHER_S, cut, read_speakers
from result_files import keep

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
from myna.domain.errors import InvalidRequest
from myna.domain.waveform import Waveform
from myna.engines.base import EngineSettings
from myna.engines.kokoro.engine import KokoroEngine
from myna.engines.kokoro.spec import SPEC

SPEAKERS_PER_FILE = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=2266)
    parser.add_argument("--part", default="1/1")
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    arguments = parser.parse_args()
    part, num_parts = map(int, arguments.part.split("/"))
    engine = SPEC.load(EngineSettings(arguments.weights, num_threads=1))
    assert isinstance(engine, KokoroEngine)
    workshop = engine.workshop
    speakers = read_speakers(arguments.speech)[: arguments.count]
    arguments.out.mkdir(parents=True, exist_ok=True)
    for index, start in enumerate(range(0, len(speakers), SPEAKERS_PER_FILE)):
        path = arguments.out / f"{index:05d}.npz"
        if path.exists() or index % num_parts != part - 1:
            continue
        rows = defaultdict(list)
        for speaker, clips in speakers[start : start + SPEAKERS_PER_FILE]:
            recordings = [samples[: int(LONGEST_S * RATE_HZ)] for samples in cut(clips)]
            if min(map(len, recordings)) < SHORTEST_OTHER_S * RATE_HZ:
                continue
            try:
                heard = [workshop.listen(Waveform(samples, RATE_HZ)) for samples in recordings]
            except InvalidRequest:
                continue
            rows["speaker"].append(speaker)
            rows["seconds"].append([len(samples) / RATE_HZ for samples in recordings])
            rows["features"].append([workshop.style_map.features(one.sound) for one in heard])
            rows["a"].append([one.sound.embedding_a for one in heard])
            rows["b"].append([one.sound.embedding_b for one in heard])
            rows["pitch"].append([(one.pitch.log_f0_mean, one.pitch.log_f0_sd) for one in heard])
            rows["clean_share"].append([one.clean_share for one in heard])
        keep(path, rows)
        print(f"\r{min(start + SPEAKERS_PER_FILE, len(speakers))}/{len(speakers)} speakers", end="", file=sys.stderr)
    print(file=sys.stderr)


if __name__ == "__main__":
    main()
