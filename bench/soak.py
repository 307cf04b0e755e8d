"""Does a server stay well when it is asked for twice of what it can do?

    python bench/soak.py [--minutes 30] [--engine kokoro] [--json]

Starts `myna serve` and measures in three phases how long short streams take to their first audio:

- *unloaded*: one after the other; their time says what the capacity is;
- *beside a neighbour*: another workspace is spoken to all the time, one request after the other;
- *beside a flood*: the other workspace sends twice the capacity, at random moments, for `--minutes`.

It must be so at the end (exit code 1 otherwise): the server is ready; every answer was speech or a 429 with
`Retry-After`; resident memory of the last third of the flood is at most 5 % over that of the second; first audio took at
most 1.5 times what it takes unloaded, counted from the last sound of others before it (in 95 of 100 cases; streams take
turns at the engine, chunk by chunk, and how many go before is asked apart); the flood did not double the wait of the other workspace. Linux only.
"""

import argparse
import asyncio
import atexit
import bisect
import dataclasses
import json
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from server_cost import memory_mb

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.live_server import LiveServer, run_server

TEXT = "The tide was low, and two boats lay on the sand."
SETTINGS = {"MYNA_PRELOAD_MODELS": "false"}
_PATIENCE_S = 1800.0
"""More than a full line takes on a slow machine: a client that gives up would look like a server that fails."""
CHANCE = random.Random(1)  # noqa: S311  (moments, no secrets)
MAX_MEMORY_GROWTH, MAX_LATENESS, MAX_WAIT_GROWTH = 1.05, 1.5, 2.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, in seconds of one clock."""

    sent_s: float
    status: int
    has_retry_after: bool
    first_s: float = 0.0
    """When the first audio came."""
    end_s: float = 0.0
    heard_s: Sequence[float] = ()
    """When each piece came."""

    @property
    def wait_s(self) -> float:
        return self.first_s - self.sent_s


@dataclass(frozen=True, slots=True)
class Report:
    """What came out. Times are medians in seconds."""

    unloaded_s: float
    """First audio."""
    num_served: int
    num_refused: int
    num_wrong: int
    """Neither speech nor a 429 with `Retry-After`."""
    offered: float
    """Requests that were sent over those that could be served."""
    lateness: float
    """First audio, from the last sound of others before it, over `unloaded_s`: 95 of 100 are at most so late."""
    beside_neighbour_s: float
    beside_flood_s: float
    num_before_beside_flood: int
    """How many were first heard while one of the other workspace waited: most in 95 of 100 cases."""
    memory_growth: float
    """Last third of the flood over the second."""
    memory_mib: int
    is_ready: bool

    @property
    def problems(self) -> list[str]:
        found = {
            "the server is not ready": not self.is_ready,
            "some answers are neither speech nor a 429 with Retry-After": self.num_wrong > 0,
            "nothing was refused: this was no overload": self.num_refused == 0,
            "memory grows": self.memory_growth > MAX_MEMORY_GROWTH,
            "first audio is late": self.lateness > MAX_LATENESS,
            "a flood doubles another's wait": self.beside_flood_s > MAX_WAIT_GROWTH * self.beside_neighbour_s,
        }
        return [problem for problem, is_so in found.items() if is_so]


class Workspace:
    """Speaks with one key, and notes every answer."""

    def __init__(self, http: httpx.AsyncClient, key: str) -> None:
        self._http = http
        self._headers = {"Authorization": f"Basic {key}"}
        self.asked: list[Asked] = []

    async def speak(self) -> None:
        body = {"text": TEXT, "voiceId": "Dennis", "modelId": "inworld-tts-2"}
        sent_s, heard_s = time.monotonic(), []
        try:
            async with self._http.stream("POST", "/tts/v1/voice:stream", json=body, headers=self._headers) as reply:
                is_speech = True
                async for line in reply.aiter_lines():
                    heard_s.append(time.monotonic())
                    is_speech = is_speech and "result" in json.loads(line)
                status = reply.status_code if is_speech or reply.status_code != 200 else 0
                has_retry_after = reply.headers.get("retry-after", "").isdigit()
        except httpx.TransportError as exc:
            print(f"a request failed: {exc!r}", file=sys.stderr)
            status, has_retry_after = 0, False
        first_s = heard_s[0] if heard_s else 0.0
        self.asked.append(Asked(sent_s, status, has_retry_after, first_s, time.monotonic(), heard_s))

    async def speak_one_by_one(self, until_s: float, max_pause_s: float = 0.0) -> None:
        while time.monotonic() < until_s:
            await self.speak()
            await asyncio.sleep(CHANCE.uniform(0, max_pause_s))

    async def flood(self, until_s: float, per_s: float) -> None:
        """At random moments, whatever is answered."""
        async with asyncio.TaskGroup() as running:
            while time.monotonic() < until_s:
                running.create_task(self.speak())
                await asyncio.sleep(CHANCE.expovariate(per_s))

    def take_served(self) -> list[Asked]:
        """Since the last call."""
        taken, self.asked = self.asked, []
        return [one for one in taken if one.status == 200]


@asynccontextmanager
async def watching_memory(pid: int, samples_mib: list[float], pause_s: float) -> AsyncIterator[None]:
    async def watch() -> None:
        while True:
            samples_mib.append(memory_mb(pid, "VmRSS"))
            await asyncio.sleep(pause_s)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


async def soak(server: LiveServer, *, flood_s: float, other_s: float) -> Report:
    """flood_s, other_s: how long the flood and each of the other phases take."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=server.url, timeout=_PATIENCE_S, limits=limits) as http:
        calm = Workspace(http, await asyncio.to_thread(server.create_key, "calm", "read"))
        busy = Workspace(http, server.key)
        await calm.speak()
        calm.take_served()
        await calm.speak_one_by_one(time.monotonic() + other_s)
        unloaded = calm.take_served()
        unloaded_s = statistics.median(one.wait_s for one in unloaded)
        service_s = statistics.median(one.end_s - one.sent_s for one in unloaded)

        until_s = time.monotonic() + other_s
        await asyncio.gather(calm.speak_one_by_one(until_s, 2 * service_s), busy.speak_one_by_one(until_s))
        beside_neighbour_s = statistics.median(one.wait_s for one in calm.take_served())
        busy.take_served()

        memory_mib: list[float] = []
        began_s = time.monotonic()
        async with watching_memory(server.pid, memory_mib, flood_s / 60):
            await asyncio.gather(
                calm.speak_one_by_one(began_s + flood_s, 2 * service_s),
                busy.flood(began_s + flood_s, 2 / service_s),
            )
        asked = calm.asked + busy.asked
        calm_served, served = calm.take_served(), [one for one in asked if one.status == 200]
        third = len(memory_mib) // 3
        return Report(
            unloaded_s=round(unloaded_s, 3),
            num_served=len(served),
            num_refused=sum(one.status == 429 for one in asked),
            num_wrong=sum(not (one.status == 200 or (one.status == 429 and one.has_retry_after)) for one in asked),
            offered=round(len(asked) / len(served), 2),
            lateness=round(_lateness(served) / unloaded_s, 2),
            beside_neighbour_s=round(beside_neighbour_s, 3),
            beside_flood_s=round(statistics.median(one.wait_s for one in calm_served), 3),
            num_before_beside_flood=_num_before(calm_served, served),
            memory_growth=round(
                statistics.median(memory_mib[-third:]) / statistics.median(memory_mib[third : 2 * third]), 3
            ),
            memory_mib=round(memory_mib[-1]),
            is_ready=(await http.get("/readyz")).status_code == 200,
        )


def _lateness(served: Sequence[Asked]) -> float:
    """Seconds. The server has one slot: until others are heard it worked for them."""
    moments_s = sorted(moment_s for one in served for moment_s in one.heard_s)
    late_s = []
    for one in served:
        num_before = bisect.bisect_left(moments_s, one.first_s)
        before_s = moments_s[num_before - 1] if num_before else 0.0
        late_s.append(one.first_s - max(one.sent_s, before_s))
    return statistics.quantiles(late_s, n=20)[-1]


def _num_before(waited: Sequence[Asked], served: Sequence[Asked]) -> int:
    nums = [sum(one.sent_s < other.first_s < one.first_s for other in served) for one in waited]
    return sorted(nums)[int(0.95 * (len(nums) - 1))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--engine", default="kokoro")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    # A shell that starts this in the background has it inherit that SIGINT is ignored; it ends the server well.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if arguments.json:
        atexit.register(print)  # whoever waits for a line has one, whatever happens
    with (
        tempfile.TemporaryDirectory() as folder,
        run_server(Path(folder) / "data", arguments.engine, settings=SETTINGS) as server,
    ):
        flood_s = 60 * arguments.minutes
        report = asyncio.run(soak(server, flood_s=flood_s, other_s=min(60.0, flood_s / 4)))
    fields = dataclasses.asdict(report) | {"problems": report.problems}
    print(json.dumps(fields) if arguments.json else "\n".join(f"{name}: {value}" for name, value in fields.items()))
    if report.problems:
        sys.exit("; ".join(report.problems))


if __name__ == "__main__":
    main()
