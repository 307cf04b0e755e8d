"""From one machine's measured points to ten thousand streams: a discrete-event simulation.

    python bench/scaling_simulation.py

Reads `bench/results/scaling.json` (`bench/scaling.py`). First every measured point is simulated from one caller's requests and
compared: within 15 % in throughput, or this ends with status 1. (Points of a machine that had more to do than it has cores are
shown, but do not count, unless the bench came first, or the engine sleeps: `bench/paced_engine.py`.) Then a cluster: utterances arrive as people speak, wait for the
slot of a node, and are spoken; the ingress, the database and the object storage do what they do for each. Prints the nodes that
keep first audio below its target, what is busy to which part, and what it costs; the same goes to
`bench/results/scaling_simulation.json` and, as a picture, to `docs/pictures/scaling.svg`.
"""

import argparse
import json
import math
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

import simpy

RESULTS = Path(__file__).parent / "results"
PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "scaling.svg"
TOLERANCE = 0.15
NUM_SLICES = 20
"""A request is worked off in so many pieces; how long each takes depends on who else wants the cores then."""


@dataclass
class Machine:
    """Processes of one slot each that share some cores. A request has its slot for the engine's part; what comes around
    that (HTTP, encoding, the caller himself) needs the process's interpreter, which is one for all its requests."""

    environment: simpy.Environment
    num_workers: int
    cores: float
    cores_wanted: float
    """By one request while it is answered."""
    around: float
    """Share of a request that is not the engine's."""
    slots: list[simpy.Resource] = field(init=False)
    num_busy: list[int] = field(init=False)
    """Requests of each worker that want cores."""

    def __post_init__(self) -> None:
        self.slots = [simpy.Resource(self.environment) for _ in range(self.num_workers)]
        self.num_busy = [0] * self.num_workers

    def speak(self, worker: int, request: dict[str, float]) -> Iterator[Any]:
        """A process: wait for the slot, hold it to the end. Returns the time to the first audio."""
        began_s, engine_s = self.environment.now, request["whole_s"] * (1 - self.around)
        if engine_s:
            with self.slots[worker].request() as turn:
                yield turn
                waited_s = self.environment.now - began_s
                yield from self._work(worker, engine_s)
        else:
            waited_s = 0.0
        worked_s = yield from self._work(worker, request["whole_s"] - engine_s, of_interpreter=1.0)
        slowness = worked_s / (request["whole_s"] - engine_s) if engine_s == 0 else 1.0
        return waited_s + request["first_s"] * slowness

    def _work(self, worker: int, duration_s: float, of_interpreter: float = math.inf) -> Iterator[Any]:
        """It takes longer while others want the cores, or the interpreter. Returns how long it took."""
        began_s = self.environment.now
        self.num_busy[worker] += 1
        for _ in range(NUM_SLICES):
            slowness = max(
                1.0,
                sum(self.num_busy) * self.cores_wanted / self.cores,
                self.num_busy[worker] * self.cores_wanted / of_interpreter,
            )
            yield self.environment.timeout(duration_s / NUM_SLICES * slowness)
        self.num_busy[worker] -= 1
        return self.environment.now - began_s


def per_audio_s(run: dict[str, Any]) -> float:
    """Seconds that one caller waits for a second of audio."""
    service = next(point["service"] for point in run["points"] if point.get("service"))
    return sum(request["whole_s"] for request in service) / sum(request["audio_s"] for request in service)


def simulate_point(
    run: dict[str, Any], service: Sequence[dict[str, float]], around: float, num_callers: int, seed: int
) -> dict[str, float]:
    """One measured point again: callers that ask one thing after the other, each at the worker that has its connection."""
    chance = random.Random(seed)  # noqa: S311
    environment = simpy.Environment()
    cores_had = max(point["processor_s_per_audio_s"] * point["audio_s_per_s"] for point in run["points"])
    one = next(point for point in run["points"] if point["callers"] == 1)
    wanted = one["processor_s_per_audio_s"] * one["audio_s_per_s"]
    machine = Machine(environment, run["workers"], max(cores_had, wanted), wanted, around)
    spoken: list[tuple[float, float]] = []
    length_s = 60 * mean(request["whole_s"] for request in service)

    def call(number: int) -> Iterator[Any]:
        while True:
            request = chance.choice(service)
            first_s = yield environment.process(machine.speak(number % run["workers"], request))
            spoken.append((request["audio_s"], first_s))

    for number in range(num_callers):
        environment.process(call(number))
    environment.run(length_s)
    return {
        "audio_s_per_s": sum(audio_s for audio_s, _ in spoken) / length_s,
        "first_audio_p50_s": quantiles([first_s for _, first_s in spoken], n=2)[0],
    }


def check(measured: dict[str, Any]) -> list[dict[str, Any]]:
    """Every point with what is simulated of it. What is not the engine's is as much as all of a request to `tone`, which
    has next to no engine."""
    rows = []
    around_s = min(per_audio_s(run) for label, run in measured.items() if label.startswith("tone, workers"))
    for label, run in measured.items():
        service = next((point["service"] for point in run["points"] if point.get("service")), None)
        if service is None or "workers" not in run:
            continue
        for point in run["points"]:
            around = 1.0 if label.startswith("tone") else around_s / per_audio_s(run)
            found = simulate_point(run, service, around, point["callers"], seed=1)
            is_quiet = label.startswith("paced") or run.get("comes_first") or min(run["load"]) <= run["cores"]
            off = found["audio_s_per_s"] / point["audio_s_per_s"] - 1
            rows.append(
                {
                    "run": label,
                    "callers": point["callers"],
                    "measured": point["audio_s_per_s"],
                    "simulated": round(found["audio_s_per_s"], 3),
                    "off": round(off, 3),
                    "counts": bool(is_quiet),
                    "first_p50_measured": point["first_audio_p50_s"],
                    "first_p50_simulated": round(found["first_audio_p50_s"], 4),
                }
            )
    return rows


@dataclass(frozen=True)
class Assumptions:
    """What is not measured here."""

    num_streams: int = 10_000
    """Streams that are heard at one time; each listener hears as fast as it is spoken."""
    cores_per_node: int = 32
    reserve: float = 0.1
    """Of a node's cores, for the operating system and for listening to clones."""
    most_busy: float = 0.95
    """Of the slots, so that nodes may go away."""
    first_audio_target_s: float = 1.0
    """For 99 of 100 utterances."""
    transactions_per_s: float = 30_000.0
    """Of one PostgreSQL server with 16 cores: short ones, by primary key, without waiting for the disk."""
    gets_per_s: float = 5_500.0
    """Of one S3 prefix. Source: Amazon's S3 user guide, 'Optimizing performance'."""
    artifact_bytes: int = 39_000
    storage_bytes_per_s: float = 12.5e9
    """100 Gbit/s."""
    core_hour: float = 0.04
    """Price of one core for an hour, US dollars: what clouds ask on demand."""


def transactions_per_utterance(audio_s: float) -> float:
    """As the code has them: the key, the voice, the allowances before and after, and a look before each piece of 0.5 s."""
    return 1 + 1 + 2 + audio_s / 0.5


def simulate_cluster(
    service: Sequence[dict[str, float]],
    work_s: float,
    http_s: float,
    num_nodes: int,
    given: Assumptions,
    seconds: float = 20.0,
) -> dict[str, float]:
    """Nodes of one-thread slots; each utterance goes to the node with the most free slots.

    work_s, http_s: seconds of processor for a second of audio, of the engine and of everything around it.
    """
    chance = random.Random(7)  # noqa: S311
    environment = simpy.Environment()
    audio_s = mean(request["audio_s"] for request in service)
    slots_per_node = int(given.cores_per_node * (1 - given.reserve) / (1 + http_s / work_s))
    # What a balancer makes of nodes that all have room or a line: one line before all slots.
    slots = simpy.Resource(environment, slots_per_node * num_nodes)
    database = simpy.Resource(environment, 16)
    firsts_s: list[float] = []
    busy = {"slots": 0.0, "database": 0.0}

    def utter() -> Iterator[Any]:
        began_s = environment.now
        request = chance.choice(service)
        asks_s = transactions_per_utterance(request["audio_s"]) * 16 / given.transactions_per_s
        with database.request() as turn:
            yield turn
            yield environment.timeout(asks_s)
        busy["database"] += asks_s
        with slots.request() as turn:
            yield turn
            firsts_s.append(environment.now - began_s + request["first_s"])
            yield environment.timeout(request["whole_s"])
        busy["slots"] += request["whole_s"]

    def arrive() -> Iterator[Any]:
        while True:
            yield environment.timeout(chance.expovariate(given.num_streams / audio_s))
            environment.process(utter())

    environment.process(arrive())
    environment.run(seconds)
    late = firsts_s[len(firsts_s) // 4 :]
    return {
        "nodes": num_nodes,
        "slots": slots.capacity,
        "first_audio_p50_s": round(quantiles(late, n=100)[49], 3),
        "first_audio_p99_s": round(quantiles(late, n=100)[98], 3),
        "slots_busy": round(busy["slots"] / seconds / slots.capacity, 3),
        "database_busy": round(busy["database"] / seconds / database.capacity, 3),
    }


def project(measured: dict[str, Any], given: Assumptions) -> dict[str, Any]:
    """The smallest cluster that keeps its promise, and how much of each part it takes."""
    alone = measured["kokoro, workers 2"]["points"][0]  # one caller, one thread: the slot has a core
    service = alone["service"]
    audio_s = mean(request["audio_s"] for request in service)
    tone = [run for name, run in measured.items() if name.startswith("tone, workers")]
    http_s = min(point["processor_s_per_audio_s"] for run in tone for point in run["points"])
    work_s = alone["processor_s_per_audio_s"] - http_s
    least = given.num_streams * (work_s + http_s) / (given.cores_per_node * (1 - given.reserve))
    sizes = [simulate_cluster(service, work_s, http_s, round(least * more), given) for more in (1.02, 1.05, 1.1, 1.2)]
    utterances_per_s = given.num_streams / audio_s
    wanted_slots = utterances_per_s * audio_s * work_s
    enough = next(
        size
        for size in sizes
        if size["first_audio_p99_s"] <= given.first_audio_target_s and wanted_slots / size["slots"] <= given.most_busy
    )
    shares = {
        "engine": wanted_slots / enough["slots"],
        "database": utterances_per_s * transactions_per_utterance(audio_s) / given.transactions_per_s,
        "storage, requests": utterances_per_s / given.gets_per_s,
        "storage, bytes": utterances_per_s * given.artifact_bytes / given.storage_bytes_per_s,
    }
    return {
        "processor_s_per_audio_s": {"engine": round(work_s, 4), "http, encoding, store": round(http_s, 4)},
        "utterances_per_s": round(utterances_per_s),
        "ingress_cores": round(given.num_streams * http_s, 1),
        "busy": {name: round(share, 3) for name, share in shares.items()},
        "sizes": sizes,
        "chosen": enough,
        "dollars_per_hour": round(enough["nodes"] * given.cores_per_node * given.core_hour, 2),
        "streams_that_fill": {name: round(given.num_streams / s) for name, s in shares.items() if name != "engine"},
    }


def draw(rows: Sequence[dict[str, Any]]) -> str:
    """Measured (rings) and simulated (lines) throughput over callers, as SVG; each run on a scale of its own."""
    width, height, left, bottom = 640, 260, 50, 40
    runs = list(dict.fromkeys(row["run"] for row in rows))
    colours = ["#1b6ca8", "#c8553d", "#2e933c", "#7b4b94", "#b8860b", "#555555"]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
    ]
    xs = {callers: left + 40 + 110 * place for place, callers in enumerate(sorted({row["callers"] for row in rows}))}
    parts += [f'<text x="{x}" y="{height - 15}" text-anchor="middle">{callers}</text>' for callers, x in xs.items()]
    parts.append(f'<text x="{width - 10}" y="{height - 15}" text-anchor="end">callers</text>')
    for run, colour in zip(runs, colours, strict=False):
        mine = [row for row in rows if row["run"] == run]
        top = 1.15 * max(max(row["measured"], row["simulated"]) for row in mine)

        def y(value: float, top: float = top) -> float:
            return height - bottom - value / top * (height - bottom - 30)

        line = " ".join(f"{xs[row['callers']]},{y(row['simulated']):.1f}" for row in mine)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{xs[row["callers"]]}" cy="{y(row["measured"]):.1f}" r="4" fill="white" stroke="{colour}"/>'
            for row in mine
        ]
        parts.append(
            f'<text x="{left + 200 * (runs.index(run) % 3)}" y="{15 + 15 * (runs.index(run) // 3)}" fill="{colour}">'
            f"{run}: up to {top / 1.15:.1f} s/s</text>"
        )
    return "\n".join([*parts, "</svg>\n"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measured", type=Path, default=RESULTS / "scaling.json")
    for name in ("num_streams", "cores_per_node", "core_hour", "transactions_per_s"):
        default = getattr(Assumptions(), name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    arguments = parser.parse_args()
    measured = json.loads(arguments.measured.read_text())
    rows = check(measured)
    for row in rows:
        print(row)
    asked = {name: value for name, value in vars(arguments).items() if name != "measured"}
    found = {"check": rows, "cluster": project(measured, Assumptions(**asked))}
    print(json.dumps(found["cluster"], indent=1))
    (RESULTS / "scaling_simulation.json").write_text(json.dumps(found, indent=1) + "\n")
    PICTURE.write_text(draw([row for row in rows if row["counts"]]))
    far = [row for row in rows if row["counts"] and abs(row["off"]) > TOLERANCE]
    sys.exit(f"{len(far)} of {len(rows)} points are off by more than {TOLERANCE:.0%}" if far else 0)


if __name__ == "__main__":
    main()
