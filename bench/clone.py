"""From recording to voice, and what the service holds in memory: against a real server on loopback.

    python bench/clone.py [--repeats 5] [--heard 1] [--recording tests/data/demo_reference.flac] [--json]

Starts `myna serve` (embedded engine, refinement off), clones the same recording once to warm up and then `repeats`
times, and speaks a sentence with each voice at once. The last `heard` voices it waits for until they are listened to
and measured, half a minute each on a quiet machine; the others are deleted, and the next begins when the server is
quiet. Two minutes in all. Reports the first answer, min, median, max of what the client waits for the others and until
a voice is heard, of the server's processor time for either, of the likeness that is then told, and the server's resident
memory when ready, after the clones, and at its peak. With `--busy` other voices are refined meanwhile, and the first audio of a sentence is timed without and with that.
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

from myna.cli.progress import counted_progress  # noqa: E402
from myna.client import Client, Encoding, Sample, SpeechOptions  # noqa: E402  (after the path of the checkout)

HEARD_LIMIT_S = 900.0
QUIET_S = 0.1
"""Of processor in a second."""
SENTENCE = "The harbour was quiet when the last boat came home."


def summary(values: list[float]) -> dict[str, float]:
    return {
        "min": round(min(values), 2),
        "median": round(statistics.median(values), 2),
        "max": round(max(values), 2),
    }


def time_first_audio(client: Client, repeats: int) -> list[float]:
    taken_s = []
    for _ in range(repeats):
        began_s = time.perf_counter()
        with client.stream("Dennis", SENTENCE, SpeechOptions(Encoding.PCM, 24000)) as pieces:
            next(iter(pieces))
            taken_s.append(time.perf_counter() - began_s)
        time.sleep(1.0)  # let the background begin a step
    return taken_s


def time_under_refinement(client: Client, arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    """First audio and answers while nothing else is done, and while a voice is refined."""

    def clone() -> tuple[str, float]:
        began_s = time.perf_counter()
        report = client.clone([Sample(arguments.recording)], "bench", lang="EN_US")
        assert report.voice is not None
        return report.voice.voice_id, time.perf_counter() - began_s

    time_first_audio(client, 1)
    idle_s = time_first_audio(client, arguments.repeats)
    refined, _ = clone()
    client.wait_until_heard(refined, limit_s=HEARD_LIMIT_S)
    busy_s, answers_s = [], []
    while len(answers_s) < arguments.repeats and client.get_voice(refined).refinement == "pending":
        busy_s += time_first_audio(client, 2)
        voice_id, answer_s = clone()
        answers_s.append(answer_s)
        client.delete_voice(voice_id)
    return {
        "first_audio_s": summary(idle_s),
        "first_audio_while_refining_s": summary(busy_s),
        "answer_while_refining_s": summary(answers_s),
    }


def wait_until_quiet(pid: int) -> None:
    """What a voice that was deleted had begun ends within a step."""
    used_s = -1.0
    while (now_s := processor_s(pid)) - used_s > QUIET_S:
        used_s = now_s
        time.sleep(1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--heard", type=int, default=1, help="voices that are waited for until they are listened to")
    parser.add_argument("--recording", type=Path, default=ROOT / "tests" / "data" / "demo_reference.flac")
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    answer_s, answer_cpu_s, heard_s, heard_cpu_s, speak_s, similarity = [], [], [], [], [], []
    settings = {"MYNA_REFINE_VOICES": str(arguments.busy).lower()}
    with (
        tempfile.TemporaryDirectory() as folder,
        run_server(Path(folder) / "data", "kokoro", settings=settings) as server,
        Client(server.url, server.key) as client,
        counted_progress("Clones") as show,
    ):
        ready_mb = memory_mb(server.pid, "VmRSS")
        for count in range(arguments.repeats + 1):
            show(count, arguments.repeats + 1)
            wait_until_quiet(server.pid)
            before_s, before_cpu_s = time.perf_counter(), processor_s(server.pid)
            report = client.clone([Sample(arguments.recording)], "bench", lang="EN_US")
            cloned_s, cloned_cpu_s = time.perf_counter(), processor_s(server.pid)
            assert report.voice is not None
            client.say(report.voice.voice_id, SENTENCE, SpeechOptions(Encoding.WAV, 24000))
            spoken_s, spoken_cpu_s = time.perf_counter(), processor_s(server.pid)
            if count == 0:
                first_answer_s = cloned_s - before_s
            else:
                answer_s.append(cloned_s - before_s)
                answer_cpu_s.append(cloned_cpu_s - before_cpu_s)
                speak_s.append(spoken_s - cloned_s)
            if count > arguments.repeats - arguments.heard:
                voice = client.wait_until_heard(report.voice.voice_id, limit_s=HEARD_LIMIT_S)
                assert voice.similarity is not None, "the voice was not heard in time"
                heard_s.append(time.perf_counter() - before_s)
                heard_cpu_s.append(processor_s(server.pid) - spoken_cpu_s + cloned_cpu_s - before_cpu_s)
                similarity.append(voice.similarity)
            client.delete_voice(report.voice.voice_id)
        busy = time_under_refinement(client, arguments) if arguments.busy else {}
        figures = {
            "question": "clone",
            "recording": arguments.recording.name,
            "repeats": arguments.repeats,
            "first_answer_s": round(first_answer_s, 2),
            "answer_s": summary(answer_s),
            "answer_cpu_s": summary(answer_cpu_s),
            **(
                {
                    "heard_s": summary(heard_s),
                    "heard_cpu_s": summary(heard_cpu_s),
                    "similarity": summary(similarity),
                }
                if heard_s
                else {}
            ),
            **busy,
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
