"""What does Ray cost, and does a voice find the replica that knows it?

    python bench/scaling_ray.py --engine tone --seconds 6
    python bench/scaling_ray.py --engine kokoro --threads 1 --callers 1 2 4 --seconds 20

Starts PostgreSQL, an S3 server, the application of `examples/ray/one-machine.yaml` with one engine replica, and `myna serve`
on the same state; asks them in turns (A B A B) as `bench/scaling.py` does, and puts the mean of both turns into
`bench/results/scaling.json`, under `ray` and `beside ray`, and the difference into `scaling_ray.json`. With `--affinity` it then
speaks with more voices than a replica keeps warm, through two replicas, and counts how many turns of speech found their voice.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import mean
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "examples" / "ray"))

from demo import application, make_key, state_outside
from scaling import RESULTS, describe_machine, measure, warm_up
from server_cost import processor_s
from service_memory import child_processes

from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment, SpeechToken, SynthesisOptions
from myna.domain.voice import VoiceArtifact
from myna.engines.tone.artifact import write_artifact
from myna.engines.tone.spec import SPEC

COSTS = RESULTS.with_name("scaling_ray.json")
NUM_TURNS = 2
NUM_VOICES, NUM_ASKED, NUM_CALLERS = 100, 2000, 4


@contextmanager
def one_process() -> Iterator[tuple[str, int]]:
    """`myna serve` on the environment's state; its address and process."""
    command = [sys.executable, "-m", "myna.cli.main", "serve", "--json", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())["url"], server.pid
    finally:
        server.terminate()
        server.wait(60)


def ray_processes() -> list[int]:
    """All that this process has started, and they: Ray's own, the HTTP proxy, the replicas."""
    found = [os.getpid()]
    for pid in found:
        found += child_processes(pid)
    return [pid for pid in found[1:] if Path(f"/proc/{pid}/comm").read_text().startswith(("ray::", "raylet", "gcs"))]


def part_of(pid: int) -> str:
    """What a process is: a deployment, the proxy, one of Ray's own. (Ray's actors add what they are doing.)"""
    title = Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0].split()[0]
    return title.rpartition("/")[2].removeprefix("ray::").partition(".")[0]


async def compare(
    servers: dict[str, tuple[str, list[int]]], key: str, arguments: argparse.Namespace
) -> tuple[dict[str, list[dict[str, Any]]], list[dict[str, Any]]]:
    """Points of both, each the mean of its turns; and what the first costs beside the second."""
    costs: list[dict[str, Any]] = []
    points: dict[str, list[dict[str, Any]]] = {label: [] for label in servers}
    for url, _ in servers.values():
        await warm_up(url, key, 4)
    for num_callers in arguments.callers:
        turns: dict[str, list[dict[str, Any]]] = {label: [] for label in servers}
        parts: dict[str, Counter[str]] = {label: Counter() for label in servers}
        for _ in range(NUM_TURNS):
            for label, (url, pids) in servers.items():
                before_s = [processor_s(pid) for pid in pids]
                turns[label].append(await measure(url, key, num_callers, arguments.seconds, pids))
                for pid, used_s in zip(pids, before_s, strict=True):
                    parts[label][part_of(pid)] += processor_s(pid) - used_s
        for label, measured in turns.items():
            point = {
                name: round(mean(turn[name] for turn in measured), 4)
                for name, value in measured[0].items()
                if isinstance(value, (int, float))
            }
            points[label].append(point | {"service": [one for turn in measured for one in turn.get("service", ())]})
        ours, theirs = (points[label][-1] for label in servers)
        cost: dict[str, Any] = {
            "callers": num_callers,
            "throughput": round(ours["audio_s_per_s"] / theirs["audio_s_per_s"], 3),
            "first_audio_p50_ms": round(1e3 * (ours["first_audio_p50_s"] - theirs["first_audio_p50_s"]), 1),
        }
        for label in servers:
            whole_ms = 1e3 * points[label][-1]["processor_s_per_audio_s"] / parts[label].total()
            spent = {name: round(seconds * whole_ms, 1) for name, seconds in parts[label].most_common(8)}
            cost[f"{label}: processor_ms_per_audio_s"] = spent
        if ours["service"]:
            whole_s = [mean(one["whole_s"] for one in point["service"]) for point in (ours, theirs)]
            cost["request_ms"] = round(1e3 * (whole_s[0] - whole_s[1]), 1)
        costs.append(cost)
        print(cost, flush=True)
    return points, costs


async def count_warm_turns() -> float:
    """Share of turns of speech that found their voice, of many voices asked for at random by a few callers at once."""
    from ray import serve  # noqa: PLC0415  (reads the environment when it is imported)

    from myna.runtime.ray_serve import RayEngineClient  # noqa: PLC0415

    engine, leisure = (serve.get_deployment_handle(name, "myna") for name in ("engine", "leisure"))
    client = RayEngineClient(SPEC, engine, leisure)
    await client.start()
    voices = [VoiceArtifact(write_artifact(80.0 + number), SPEC.id, SPEC.version) for number in range(NUM_VOICES)]
    segments = (SpeechSegment((SpeechToken("words", 0, 5, " "),)),)
    chance = random.Random(1)  # noqa: S311

    async def call() -> None:
        for _ in range(NUM_ASKED // NUM_CALLERS):
            async for _ in await client.synthesize(chance.choice(voices), segments, SynthesisOptions(LangCode.EN_US)):
                pass

    await asyncio.gather(*(call() for _ in range(NUM_CALLERS)))
    about = {one["replica"]: one for one in [await engine.describe.remote() for _ in range(32)]}
    spoken = sum(one["spoken"] for one in about.values())
    print({one["replica"]: (one["spoken"], one["loaded"]) for one in about.values()})
    return 1 - sum(one["loaded"] for one in about.values()) / spoken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="tone")
    parser.add_argument("--callers", type=int, nargs="*", default=[1, 2, 4, 8, 16])
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--threads", type=int, default=2, help="of one slot")
    parser.add_argument("--affinity", action="store_true", help="also count warm turns (tone)")
    arguments = parser.parse_args()
    os.environ |= {
        "MYNA_ENGINE": arguments.engine,
        "MYNA_ENGINE_THREADS": str(arguments.threads),
        "MYNA_PRELOAD_MODELS": "0",
    }
    kept, costs = (json.loads(path.read_text()) if path.exists() else {} for path in (RESULTS, COSTS))
    with state_outside():
        key = asyncio.run(make_key())
        if arguments.callers:
            load = [round(os.getloadavg()[0], 1)]
            with application(1) as url, one_process() as (other_url, pid):
                servers = {"ray": (url, ray_processes()), "beside ray": (other_url, [pid])}
                points, costs[arguments.engine] = asyncio.run(compare(servers, key, arguments))
            load.append(round(os.getloadavg()[0], 1))
            for label in servers:
                about = {"seconds": NUM_TURNS * arguments.seconds, "load": load, **describe_machine()}
                kept[f"{arguments.engine}, {label}"] = about | {"points": points[label]}
        if arguments.affinity:
            with application(2):
                costs["affinity"] = {
                    "voices": NUM_VOICES,
                    "replicas": 2,
                    "requests": NUM_ASKED,
                    "warm": round(asyncio.run(count_warm_turns()), 3),
                }
                print(costs["affinity"])
    for path, found in ((RESULTS, kept), (COSTS, costs)):
        path.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
