"""From recording to voice, and what the service holds in memory: against a real server on loopback.

    python bench/clone.py [--repeats 5] [--recording tests/data/demo_reference.flac] [--json]

Starts `myna serve` (embedded engine, listening models loaded, refinement off), clones the same recording once to warm
up and then `repeats` times, and speaks a sentence with each voice. Reports min, median, max of what the client waits
and of the server's processor time, and the server's resident memory when ready, after the clones, and at its peak.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

from server_cost import memory_mb, processor_s

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.live_server import run_server  # noqa: E402

from myna.client import Client, Encoding, Sample, SpeechOptions  # noqa: E402  (after the path of the checkout)

SENTENCE = "The harbour was quiet when the last boat came home."


def summary(values: list[float]) -> dict[str, float]:
    return {
        "min": round(min(values), 2),
        "median": round(statistics.median(values), 2),
        "max": round(max(values), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--recording", type=Path, default=ROOT / "tests" / "data" / "demo_reference.flac")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    clone_s, clone_cpu_s, speak_s = [], [], []
    settings = {"MYNA_REFINE_VOICES": "false"}
    with (
        tempfile.TemporaryDirectory() as folder,
        run_server(Path(folder) / "data", "kokoro", settings=settings) as server,
        Client(server.url, server.key) as client,
    ):
        ready_mb = memory_mb(server.pid, "VmRSS")
        for count in range(arguments.repeats + 1):
            before_s, before_cpu_s = time.perf_counter(), processor_s(server.pid)
            report = client.clone([Sample(arguments.recording)], "bench", lang="EN_US")
            cloned_s, cloned_cpu_s = time.perf_counter(), processor_s(server.pid)
            assert report.voice is not None
            client.say(report.voice.voice_id, SENTENCE, SpeechOptions(Encoding.WAV, 24000))
            if count:
                clone_s.append(cloned_s - before_s)
                clone_cpu_s.append(cloned_cpu_s - before_cpu_s)
                speak_s.append(time.perf_counter() - cloned_s)
        figures = {
            "question": "clone",
            "recording": arguments.recording.name,
            "repeats": arguments.repeats,
            "clone_s": summary(clone_s),
            "clone_cpu_s": summary(clone_cpu_s),
            "speak_s": summary(speak_s),
            "memory_mb": {
                "ready": round(ready_mb),
                "after": round(memory_mb(server.pid, "VmRSS")),
                "peak": round(memory_mb(server.pid, "VmHWM")),
            },
            "machine": {"cores": os.cpu_count(), "load": os.getloadavg()[0], "python": platform.python_version()},
        }
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:12s} {value}")


if __name__ == "__main__":
    main()
