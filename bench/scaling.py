"""How does the service scale: with callers, with worker processes, with nodes?

    python bench/scaling.py --engine tone --workers 1 2 --seconds 6
    python bench/scaling.py --engine paced --workers 1 2 --seconds 60
    python bench/scaling.py --engine kokoro --workers 1 2 --seconds 60
    python bench/scaling.py --url http://127.0.0.1:8000 --key KEY --label ray --engine kokoro

Starts `myna serve --workers N` for each N, or asks a server that runs (`--url`: Ray, several machines). At each number of
callers every caller streams one sentence after the other, each over a connection of its own. Measured are seconds of audio
per second (and per core), first audio, what the callers got of it (Jain's index: 1 is fair), and, of a server that is started
here, seconds of processor for a second of audio, which a busy machine changes least. One caller's requests are kept one by
one: they are the service times that `bench/scaling_simulation.py` is fed with. Results go to `bench/results/scaling.json`.
"""

import argparse
import asyncio
import base64
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

import httpx
from paced_engine import install
from server_cost import processor_s
from service_memory import child_processes

RESULTS = Path(__file__).parent / "results" / "scaling.json"
RATE_HZ = 24000
TEXTS = [
    "The ferry leaves at half past nine, so we should be at the harbour by nine.",
    "She read the letter twice, folded it, and put it back into its envelope without a word.",
    "Most of the old town was rebuilt after the fire, but the tower is the one from the beginning.",
    "If the weather holds, the workers will have finished the roof before the end of the week.",
]
WARM_UP = 2


class Caller:
    """One caller's connection and what it got."""

    def __init__(self, url: str, key: str, number: int) -> None:
        headers = {"authorization": f"Basic {key}"}
        limits = httpx.Limits(max_connections=1)
        self._client = httpx.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=600)
        self._number = number
        self.requests: list[dict[str, float]] = []
        self.all_audio_s = 0.0
        """With what came after the end: the server has worked for that, too."""

    async def speak(self) -> dict[str, float]:
        """Seconds to the first audio and to the end, and of audio."""
        self._number += 1
        body = {
            "text": TEXTS[self._number % len(TEXTS)],
            "voiceId": "Dennis",
            "modelId": "inworld-tts-2",
            "audioConfig": {"audioEncoding": "LINEAR16", "sampleRateHertz": RATE_HZ},
        }
        began_s, first_s, num_bytes = time.perf_counter(), 0.0, 0
        async with self._client.stream("POST", "/tts/v1/voice:stream", json=body) as reply:
            reply.raise_for_status()
            async for line in reply.aiter_lines():
                if not line:
                    continue
                first_s = first_s or time.perf_counter() - began_s
                num_bytes += len(base64.b64decode(json.loads(line)["result"]["audioContent"])) - 44
        return {"first_s": first_s, "whole_s": time.perf_counter() - began_s, "audio_s": num_bytes / 2 / RATE_HZ}

    async def speak_until(self, end_s: float) -> None:
        """Counted are requests that end in time."""
        while time.perf_counter() < end_s:
            request = await self.speak()
            self.all_audio_s += request["audio_s"]
            if time.perf_counter() <= end_s:
                self.requests.append(request)

    async def close(self) -> None:
        await self._client.aclose()


async def measure(url: str, key: str, num_callers: int, seconds: float, pids: list[int]) -> dict[str, Any]:
    callers = [Caller(url, key, number) for number in range(num_callers)]
    await asyncio.gather(*(caller.speak() for caller in callers))
    used_s = sum(processor_s(pid) for pid in pids)
    began_s = time.perf_counter()
    await asyncio.gather(*(caller.speak_until(began_s + seconds) for caller in callers))
    used_s = sum(processor_s(pid) for pid in pids) - used_s
    for caller in callers:
        await caller.close()
    requests = [request for caller in callers for request in caller.requests]
    got_s = [sum(request["audio_s"] for request in caller.requests) for caller in callers]
    audio_s = sum(got_s)
    firsts_s = sorted(request["first_s"] for request in requests)
    cuts = quantiles(firsts_s, n=100) if len(firsts_s) > 1 else firsts_s * 99
    point = {
        "callers": num_callers,
        "requests": len(requests),
        "audio_s_per_s": round(audio_s / seconds, 3),
        "audio_s_per_s_per_core": round(audio_s / seconds / (os.cpu_count() or 1), 3),
        "first_audio_p50_s": round(cuts[49], 4) if cuts else None,
        "first_audio_p99_s": round(cuts[98], 4) if cuts else None,
        "fairness": round(audio_s**2 / (num_callers * sum(got**2 for got in got_s)), 3) if audio_s else None,
        "processor_s_per_audio_s": round(used_s / sum(caller.all_audio_s for caller in callers), 4)
        if pids and audio_s
        else None,
    }
    if num_callers == 1:
        point["service"] = [{name: round(value, 5) for name, value in request.items()} for request in requests]
    return point


async def warm_up(url: str, key: str, num_callers: int) -> None:
    """Each asks once, all at the same time."""
    warm = [Caller(url, key, number) for number in range(num_callers)]
    await asyncio.gather(*(caller.speak() for caller in warm))
    for caller in warm:
        await caller.close()


async def measure_all(url: str, key: str, arguments: argparse.Namespace, pids: list[int]) -> list[dict[str, Any]]:
    await warm_up(url, key, WARM_UP * max(1, len(pids)))
    points = []
    for num_callers in arguments.callers:
        points.append(await measure(url, key, num_callers, arguments.seconds, pids))
        print({name: value for name, value in points[-1].items() if name != "service"}, flush=True)
    return points


def measure_own(arguments: argparse.Namespace, num_workers: int) -> dict[str, Any]:
    """A server of our own with so many workers."""
    with tempfile.TemporaryDirectory() as data_dir:
        options = ["--dev", "--json", "--port", "0", "--data-dir", data_dir, "--engine", arguments.engine]
        settings = {"MYNA_PRELOAD_MODELS": "0"}
        if arguments.engine == "paced":
            install(Path(data_dir))
            settings["PYTHONPATH"] = f"{data_dir}:{Path(__file__).parent}:{os.environ.get('PYTHONPATH', '')}"
        if arguments.threads:
            settings["MYNA_ENGINE_THREADS"] = str(arguments.threads)
        server = subprocess.Popen(
            [sys.executable, "-m", "myna.cli.main", "serve", *options, "--workers", str(num_workers)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **settings},
        )
        try:
            assert server.stdout is not None
            ready = json.loads(server.stdout.readline())
            pids = child_processes(server.pid) if num_workers > 1 else [server.pid]
            points = asyncio.run(measure_all(ready["url"], ready["apiKey"], arguments, pids))
            memory = [pss_mib(pid) for pid in pids]
        finally:
            server.terminate()
            server.wait(60)
    return {"workers": num_workers, "pss_mib": memory, "points": points}


def pss_mib(pid: int) -> dict[str, int]:
    """Resident memory of a process: all of it, and with what it shares counted in parts."""
    rollup = dict(line.split()[:2] for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return {"rss": int(rollup["Rss:"]) // 1024, "pss": int(rollup["Pss:"]) // 1024}


def describe_machine() -> dict[str, Any]:
    """comes_first: what else runs gets what this leaves (`setsid`, then -20 in `/proc/PID/autogroup`), so its load counts
    for nothing."""
    group = Path("/proc/self/autogroup")
    return {
        "cores": os.cpu_count(),
        "processor": platform.processor() or platform.machine(),
        "comes_first": group.exists() and group.read_text().endswith(" nice -20\n"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="tone")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--callers", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=0, help="of one slot; 0: as the service has them")
    parser.add_argument("--url", default="", help="ask this server instead of starting one")
    parser.add_argument("--key", default="")
    parser.add_argument("--label", default="", help="under which the result is kept")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    kept: dict[str, Any] = {}
    if arguments.url:
        pairs = [(arguments.label or "url", None)]
    else:
        pairs = [(f"{arguments.label or 'workers'} {number}", number) for number in arguments.workers]
    for label, num_workers in pairs:
        load = [round(os.getloadavg()[0], 1)]
        if num_workers is None:
            points = asyncio.run(measure_all(arguments.url, arguments.key, arguments, []))
            found: dict[str, Any] = {"points": points}
        else:
            found = measure_own(arguments, num_workers)
        load.append(round(os.getloadavg()[0], 1))
        kept = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
        kept[f"{arguments.engine}, {label}"] = {
            "seconds": arguments.seconds,
            "load": load,
            **describe_machine(),
            **found,
        }
        arguments.out.write_text(json.dumps(kept, indent=1) + "\n")
    requests = [r for r in kept.values() for p in r["points"] for r in p.get("service", ())]
    print(
        f"{len(requests)} single requests kept, mean {mean(r['whole_s'] for r in requests):.3f} s" if requests else ""
    )


if __name__ == "__main__":
    main()
