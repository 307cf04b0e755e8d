"""How long until the first sound?

    python bench/ttfa.py [--threads 1] [--repeats 5] [--json]

From the text to the first chunk of a stream, in the engine and the text layer alone: planning with a short first
segment as streams do, phonemes, model. No HTTP, no encoder (bench of the whole service: load tests).
"""

import argparse
import json
import os
import statistics
import time

from myna.config import Settings
from myna.domain.language import LangCode
from myna.domain.speech import SynthesisOptions
from myna.engines.base import EngineSettings
from myna.engines.registry import load_spec
from myna.text.plan import plan_speech

FIRST_SEGMENT_CHARS = 60
"""As the synthesis use case asks for."""
TEXTS = {
    "short sentence": "She answered at once. Then nobody spoke for a while.",
    "clause first": "When the rain finally stopped, we opened all the windows of the house and let the air in.",
    "no comma": "The children ran out into the garden behind the school to play football until it was dark outside.",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    spec = load_spec("kokoro")
    engine = spec.load(EngineSettings(Settings().weights_dir, arguments.threads))
    voice = engine.load_voice(next(stock.artifact for stock in spec.stock_voices() if stock.name == "Dennis"))

    def first_chunk(text: str) -> tuple[float, float, float]:
        """Seconds by the clock, of processor, and of audio in the first chunk."""
        started, started_cpu = time.perf_counter(), time.process_time()
        segments = plan_speech(
            text, LangCode.EN_US, normalize=True, max_segment_chars=400, first_segment_chars=FIRST_SEGMENT_CHARS
        )
        chunk = next(iter(engine.synthesize(voice, segments[0], SynthesisOptions(LangCode.EN_US))))
        elapsed_s, cpu_s = time.perf_counter() - started, time.process_time() - started_cpu
        return elapsed_s, cpu_s, len(chunk.samples) / spec.capabilities.sample_rate_hz

    first_chunk("Warm up.")
    rows = {}
    for name, text in TEXTS.items():
        takes = [first_chunk(text) for _ in range(arguments.repeats)]
        rows[name] = {
            "first_chunk_audio_s": round(takes[0][2], 2),
            "ttfa_s": [round(f([take[0] for take in takes]), 2) for f in (min, statistics.median, max)],
            "ttfa_cpu_s": [round(f([take[1] for take in takes]), 2) for f in (min, statistics.median, max)],
        }
    report = {
        "question": "ttfa",
        "engine": "kokoro",
        "threads": arguments.threads,
        "machine": {"cores": os.cpu_count(), "load": os.getloadavg()[0]},
        "texts": rows,
    }
    if arguments.json:
        print(json.dumps(report))
        return
    print(f"{arguments.threads} thread(s), {report['machine']}; min/median/max of {arguments.repeats}")
    for name, row in rows.items():
        print(
            f"{name}: first chunk of {row['first_chunk_audio_s']} s after {row['ttfa_s']} s by the clock, "
            f"{row['ttfa_cpu_s']} s of processor"
        )


if __name__ == "__main__":
    main()
