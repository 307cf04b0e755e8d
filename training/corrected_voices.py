"""Correct the voices of training speakers by ear (`voice_walk.py`), and keep where each one ends.

    python training/corrected_voices.py --speech DATA/train --out WORK/corrected --count 400

Where sixteen corrections lead for many people is what the look-up should have said at once (`fit_reach_map.py`).
Resumable: 20 speakers a file. About 9 CPU-seconds a speaker.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import platformdirs
from real_voices import LONGEST_S, RATE_HZ, cut, read_speakers
from result_files import keep
from voice_walk import SENTENCES_A_ROUND, walk

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
from myna.domain.errors import InvalidRequest
from myna.domain.waveform import Waveform
from myna.engines.base import EngineSettings
from myna.engines.kokoro.engine import KokoroEngine
from myna.engines.kokoro.making.voice_clone import look_up
from myna.engines.kokoro.spec import SPEC

SPEAKERS_PER_FILE = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--skip", type=int, default=0, help="speakers of the shuffled list that are left out")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--weights", type=Path, default=Path(platformdirs.user_cache_dir("myna")) / "weights")
    arguments = parser.parse_args()
    engine = SPEC.load(EngineSettings(arguments.weights, num_threads=1))
    assert isinstance(engine, KokoroEngine)
    workshop = engine.workshop
    speakers = read_speakers(arguments.speech)[arguments.skip :][: arguments.count]
    arguments.out.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(speakers), SPEAKERS_PER_FILE):
        path = arguments.out / f"{arguments.skip + start:05d}.npz"
        if path.exists():
            continue
        rows = defaultdict(list)
        for speaker, clips in speakers[start : start + SPEAKERS_PER_FILE]:
            samples, _ = cut(clips)
            try:
                heard = workshop.listen(Waveform(samples[: int(LONGEST_S * RATE_HZ)], RATE_HZ))
            except InvalidRequest:
                continue
            voice = look_up(heard, None, workshop)
            rounds = list(walk(voice, workshop.practise(voice, SENTENCES_A_ROUND), heard, workshop))
            rows["speaker"].append(speaker)
            rows["looked_up"].append(voice.timbre_style)
            rows["corrected"].append(np.stack([rounds[min(i, len(rounds) - 1)] for i in range(4)]))
            rows["num_rounds"].append(len(rounds))
        keep(path, rows)
        print(f"\r{min(start + SPEAKERS_PER_FILE, len(speakers))}/{len(speakers)} speakers", end="", file=sys.stderr)
    print(file=sys.stderr)


if __name__ == "__main__":
    main()
