"""Many callers at once: how much speech leaves, how soon it begins, who is served fairly, and what the rest costs.

    python bench/throughput.py [--engine kokoro] [--callers 1,2,4,8,16] [--seconds 10] [--json]
    python bench/throughput.py --engine tone --voices 10,10000,100000

First: callers that each ask again as soon as they have all of their speech, for some seconds, over HTTP and over the
socket: seconds of audio by second and core, first audio (median and the 99th percentile), and fairness (Jain's index of
the seconds of audio that each caller had: 1 is equal, 1 over their number is one alone).

Then, with `--voices`, what the service itself costs: its processor time for a request of 10 s of speech with an engine
that makes tones, the time of lists of voices, and first audio with one of so many stored voices. Linux only.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from peers import processor_name
from server_cost import processor_s
from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from streams import Heard, open_socket, stream_http, stream_socket

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.live_server import LiveServer, run_server  # noqa: E402  (after the path of the checkout)

from myna.cli.server import DEV_WORKSPACE  # noqa: E402
from myna.domain.language import LangCode  # noqa: E402
from myna.domain.voice import Voice, VoiceArtifact, VoiceId, VoiceSource  # noqa: E402
from myna.engines.registry import load_spec  # noqa: E402
from myna.runtime.clock import SystemClock  # noqa: E402
from myna.store.opening import open_stores  # noqa: E402
from myna.store.tables import VoiceRow  # noqa: E402

TEXT = "The old lighthouse keeper walked slowly along the shore, watching the waves. Nobody had seen the boat come in."
TEN_SECONDS = "word " * 40
VOICE = "Dennis"
NUM_REQUESTS = 30
NUM_LISTS = 5
BATCH = 5_000
"""Rows in one statement."""
_OWN_COLUMNS = ("id", "voice_id", "display_name", "sort_name")
LISTS = {
    "100 a page": "/voices/v1/voices?pageSize=100",
    "2000 a page": "/voices/v1/voices?pageSize=2000",
    "2000 a page, by name, of a filter": "/voices/v1/voices?pageSize=2000&orderBy=display_name&filter=source%3DIVC%20lang_code%3Den",
    "languages": "/voices/v1/supportedLanguages",
    "all, OpenAI": "/v1/audio/voices",
    "all, ElevenLabs": "/v1/voices",
}


async def ask_for_s(server: LiveServer, kind: str, num_callers: int, seconds: float) -> tuple[list[list[Heard]], int]:
    """What each caller heard in that time, and how many requests were refused."""
    until_s = time.perf_counter() + seconds
    num_refused = 0

    async def over_http() -> list[Heard]:
        nonlocal num_refused
        heard = []
        headers = {"Authorization": f"Basic {server.key}"}
        async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=600) as client:
            while time.perf_counter() < until_s:
                try:
                    heard.append(await stream_http(client, VOICE, TEXT))
                except httpx.HTTPStatusError:
                    num_refused += 1
                    await asyncio.sleep(1.0)
        return heard

    async def over_socket() -> list[Heard]:
        heard = []
        async with open_socket(server.url, server.key) as connection:
            while time.perf_counter() < until_s:
                heard.append(await stream_socket(connection, VOICE, TEXT))
        return heard

    caller = over_http if kind == "HTTP" else over_socket
    return list(await asyncio.gather(*(caller() for _ in range(num_callers)))), num_refused


async def measure_callers(server: LiveServer, numbers: Sequence[int], seconds: float) -> list[dict[str, Any]]:
    rows = []
    await ask_for_s(server, "HTTP", 1, 0.1)
    for num_callers in numbers:
        for kind in ("HTTP", "WebSocket"):
            started_s, started_cpu_s = time.perf_counter(), processor_s(server.pid)
            callers, num_refused = await ask_for_s(server, kind, num_callers, seconds)
            elapsed_s, cpu_s = time.perf_counter() - started_s, processor_s(server.pid) - started_cpu_s
            audio_s = np.array([sum(one.audio_s for one in heard) for heard in callers])
            first_s = [one.first_s for heard in callers for one in heard]
            rows.append(
                {
                    "callers": num_callers,
                    "kind": kind,
                    "requests": len(first_s),
                    "refused": num_refused,
                    "audio_s_per_s": round(float(audio_s.sum()) / elapsed_s, 2),
                    "audio_s_per_core_s": round(float(audio_s.sum()) / elapsed_s / (os.cpu_count() or 1), 2),
                    "audio_s_per_processor_s": round(float(audio_s.sum()) / cpu_s, 2),
                    "first_audio_s": {
                        "p50": round(float(np.percentile(first_s, 50)), 2),
                        "p99": round(float(np.percentile(first_s, 99)), 2),
                    },
                    "fairness": round(float(audio_s.sum() ** 2 / (len(audio_s) * (audio_s**2).sum())), 3),
                }
            )
    return rows


async def measure_request(server: LiveServer) -> dict[str, float]:
    """Milliseconds of processor for a request, with all that is around the engine; the tones are nearly free."""
    headers = {"Authorization": f"Basic {server.key}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60) as client:
        costs = {}
        for name, text in (("a word", "Hello."), ("ten seconds", TEN_SECONDS)):
            await stream_http(client, VOICE, text)
            started_cpu_s, audio_s = processor_s(server.pid), 0.0
            for _ in range(NUM_REQUESTS):
                audio_s += (await stream_http(client, VOICE, text)).audio_s
            costs[f"{name}, ms"] = round((processor_s(server.pid) - started_cpu_s) * 1000 / NUM_REQUESTS, 2)
            costs[f"{name}, s of audio"] = round(audio_s / NUM_REQUESTS, 2)
    return costs


async def fill(data_dir: Path, engine: str, num_voices: int) -> str:
    """As many voices as that, in a store before anybody serves it: one as the service keeps it, and copies of its row.

    Gives the last one's id.
    """
    spec, clock = load_spec(engine), SystemClock()
    artifact = VoiceArtifact(spec.stock_voices()[0].artifact, spec.id, spec.version)
    voice_id = VoiceId(f"{DEV_WORKSPACE}__copied")
    voice = Voice(voice_id, DEV_WORKSPACE, "Copied", LangCode.EN_US, VoiceSource.IVC, clock.now())
    stores = open_stores(data_dir, clock)
    await stores.prepare()
    await stores.voices.add(DEV_WORKSPACE, voice, artifact, ())
    others = [column.name for column in VoiceRow.__table__.columns if column.name not in _OWN_COLUMNS]

    def copy(session: Session) -> None:
        row = session.execute(select(*(VoiceRow.__table__.columns[name] for name in others))).one()
        copied = dict(zip(others, row, strict=True))
        for first in range(1, num_voices, BATCH):
            names = {k: f"Voice {-k % 997}" for k in range(first, min(first + BATCH, num_voices))}
            rows = [
                {"voice_id": f"{voice_id}_{k}", "display_name": name, "sort_name": name.casefold()}
                for k, name in names.items()
            ]
            session.execute(insert(VoiceRow), [copied | row for row in rows])

    await stores.database.write(copy)
    await stores.release()
    return f"{voice_id}_{num_voices - 1}"


async def measure_voices(engine: str, num_voices: int) -> dict[str, Any]:
    settings = {"MYNA_PRELOAD_MODELS": "false"}
    with tempfile.TemporaryDirectory() as folder:
        started_s = time.perf_counter()
        last_id = await fill(Path(folder) / "data", engine, num_voices)
        filled_s = time.perf_counter() - started_s
        with run_server(Path(folder) / "data", engine, settings=settings) as server:
            report = await measure_store(server, num_voices, last_id)
    return {"voices": num_voices, "filled_s": round(filled_s, 1), **report}


async def measure_store(server: LiveServer, num_voices: int, last_id: str) -> dict[str, Any]:
    headers = {"Authorization": f"Basic {server.key}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=600) as client:
        lists = {}
        for name, path in LISTS.items():
            taken_s, started_cpu_s = [], processor_s(server.pid)
            for _ in range(NUM_LISTS):
                started_s = time.perf_counter()
                reply = (await client.get(path)).raise_for_status()
                taken_s.append(time.perf_counter() - started_s)
            cpu_s = (processor_s(server.pid) - started_cpu_s) / NUM_LISTS
            assert len(reply.json().get("voices", "")) >= (min(100, num_voices) if "voices?" in path else 0)
            lists[name] = {"ms": in_ms(taken_s), "processor_ms": round(cpu_s * 1000, 1)}
        first_s = {
            name: [(await stream_http(client, voice_id, "Hello.")).first_s for _ in range(NUM_REQUESTS)]
            for name, voice_id in (("stock", VOICE), ("stored", last_id))
        }
    return {"lists": lists, "first_audio_ms": {name: in_ms(taken_s) for name, taken_s in first_s.items()}}


def in_ms(taken_s: Sequence[float]) -> list[float]:
    """Least, median, most."""
    return [round(f(taken_s) * 1000, 1) for f in (min, statistics.median, max)]


async def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    report: dict[str, Any] = {
        "question": "throughput",
        "engine": arguments.engine,
        "machine": {
            "processor": processor_name(),
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
            "python": platform.python_version(),
        },
    }
    if arguments.voices:
        report["stores"] = []
        for num_voices in arguments.voices:
            report["stores"].append(await measure_voices(arguments.engine, num_voices))
            print(report["stores"][-1], file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder, run_server(Path(folder) / "data", "tone") as server:
            report["request"] = await measure_request(server)
        return report
    with tempfile.TemporaryDirectory() as folder, run_server(Path(folder) / "data", arguments.engine) as server:
        report["callers"] = await measure_callers(server, arguments.callers, arguments.seconds)
    return report


def numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="kokoro")
    parser.add_argument("--callers", type=numbers, default=[1, 2, 4, 8, 16])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--voices", type=numbers, default=[])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = asyncio.run(measure(arguments))
    if arguments.json:
        print(json.dumps(report))
        return
    print(report["machine"])
    for row in report.get("callers", ()):
        print(row)
    if "request" in report:
        print(report["request"])


if __name__ == "__main__":
    main()
