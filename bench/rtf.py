"""How much computing does a second of speech cost?

    python bench/rtf.py [--threads 1] [--repeats 5] [--json]

Speaks three sentences with a stock voice of the embedded engine, after a warm-up sentence. RTF is seconds of computing
over seconds of audio, below 1 is faster than real time; by the clock (what a caller waits, on this machine as busy as
it is) and by processor time (what it costs, whoever else is at work).
"""

import argparse
import json
import os
import platform
import statistics
import time

import numpy as np

from myna.config import Settings
from myna.domain.language import LangCode
from myna.domain.speech import SynthesisOptions
from myna.engines.base import EngineSettings
from myna.engines.registry import load_spec
from myna.text.plan import plan_speech

SENTENCES = (
    "She answered at once.",
    "The old lighthouse keeper walked slowly along the shore, watching the waves.",
    "When the rain finally stopped, we opened all the windows of the house, and the children ran out into the garden "
    "behind the school to play football until it was dark.",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    spec = load_spec("kokoro")
    loaded_at, loaded_cpu = time.perf_counter(), time.process_time()
    engine = spec.load(EngineSettings(Settings().weights_dir, arguments.threads))
    load_s, load_cpu_s = time.perf_counter() - loaded_at, time.process_time() - loaded_cpu
    voice = engine.load_voice(next(stock.artifact for stock in spec.stock_voices() if stock.name == "Dennis"))

    def speak(text: str) -> tuple[float, float, float]:
        """Seconds of audio, by the clock, of processor."""
        segments = plan_speech(text, LangCode.EN_US, normalize=True, max_segment_chars=400, first_segment_chars=None)
        started, started_cpu = time.perf_counter(), time.process_time()
        chunks = [
            chunk.samples
            for segment in segments
            for chunk in engine.synthesize(voice, segment, SynthesisOptions(LangCode.EN_US))
        ]
        elapsed_s, cpu_s = time.perf_counter() - started, time.process_time() - started_cpu
        return len(np.concatenate(chunks)) / spec.capabilities.sample_rate_hz, elapsed_s, cpu_s

    speak(SENTENCES[0])
    rows = []
    for text in SENTENCES:
        takes = [speak(text) for _ in range(arguments.repeats)]
        clock = [elapsed_s / audio_s for audio_s, elapsed_s, _ in takes]
        cpu = [cpu_s / audio_s for audio_s, _, cpu_s in takes]
        rows.append(
            {
                "chars": len(text),
                "audio_s": round(takes[0][0], 2),
                "rtf_clock": [round(value, 3) for value in (min(clock), statistics.median(clock), max(clock))],
                "rtf_cpu": [round(value, 3) for value in (min(cpu), statistics.median(cpu), max(cpu))],
            }
        )
    report = {
        "question": "rtf",
        "engine": "kokoro",
        "threads": arguments.threads,
        "repeats": arguments.repeats,
        "load_s": round(load_s, 2),
        "load_cpu_s": round(load_cpu_s, 2),
        "machine": {"cores": os.cpu_count(), "load": os.getloadavg()[0], "python": platform.python_version()},
        "sentences": rows,
    }
    if arguments.json:
        print(json.dumps(report))
        return
    print(f"{arguments.threads} thread(s), {report['machine']}")
    print(f"loading took {load_s:.1f} s, {load_cpu_s:.1f} s of processor")
    for row in rows:
        print(
            f"{row['chars']:4d} characters, {row['audio_s']:5.2f} s: RTF min/median/max "
            f"by the clock {row['rtf_clock']}, by the processor {row['rtf_cpu']}"
        )


if __name__ == "__main__":
    main()
