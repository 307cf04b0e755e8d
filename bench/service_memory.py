"""How much memory does a running service take while it listens to recordings?

    python bench/service_memory.py [--engine kokoro]

Starts `myna serve`, sends recordings of 5 s to 5 min with `validateOnly` and noise removal, twice each, and prints resident
memory and its high-water mark, of the service and of its decoder process. Linux only.
"""

import argparse
import base64
import io
import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import numpy as np
import soundfile
from server_cost import memory_mb

ROOT = Path(__file__).parent.parent
DURATIONS_S = (12, 15, 5, 60, 300)
NUM_ROUNDS = 2


def memory_mib(pid: int) -> tuple[int, int]:
    """Resident now, and at most so far."""
    return int(memory_mb(pid, "VmRSS")), int(memory_mb(pid, "VmHWM"))


def child_processes(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def make_recording(duration_s: float) -> bytes:
    """Real speech, repeated, with a little noise, so that noise removal has something to do."""
    speech, rate_hz = soundfile.read(ROOT / "tests/data/demo_reference.flac", dtype="float32")
    noise = np.random.default_rng(1).standard_normal(len(speech)) * 0.01
    content = io.BytesIO()
    soundfile.write(content, np.resize(speech + noise, int(duration_s * rate_hz)), rate_hz, "PCM_16", format="WAV")
    return content.getvalue()


def validate(url: str, key: str, recording: bytes) -> None:
    body = {
        "displayName": "memory",
        "langCode": "EN_US",
        "voiceSamples": [{"audioData": base64.b64encode(recording).decode()}],
        "audioProcessingConfig": {"removeBackgroundNoise": True},
        "validateOnly": True,
    }
    headers = {"Authorization": f"Basic {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/voices/v1/voices:clone", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=600) as reply:
        json.load(reply)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="kokoro")
    engine = parser.parse_args().engine
    with tempfile.TemporaryDirectory() as data_dir:
        options = ["--dev", "--json", "--port", "0", "--data-dir", data_dir, "--engine", engine]
        server = subprocess.Popen(
            [sys.executable, "-m", "myna.cli.main", "serve", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert server.stdout is not None
            ready = json.loads(server.stdout.readline())
            print("MiB, now and at most: ready", memory_mib(server.pid))
            for duration_s in DURATIONS_S * NUM_ROUNDS:
                validate(ready["url"], ready["apiKey"], make_recording(duration_s))
                children = [memory_mib(child) for child in child_processes(server.pid)]
                print(f"after {duration_s:3d} s", memory_mib(server.pid), "decoder", *children, flush=True)
        finally:
            server.terminate()
            server.wait(30)


if __name__ == "__main__":
    main()
