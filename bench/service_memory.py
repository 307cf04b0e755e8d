"""How much memory does a running service take: ready, while it makes voices, while it listens to recordings?

    python bench/service_memory.py [--engine kokoro] [--clones 5] [--recordings] [--refine]

Starts `myna serve` with refinement off, speaks, clones a recording again and again, each time speaking with the voice at
once and waiting until it has been listened to, and prints resident memory, what of it is not a mapped file, and the
high-water mark after each. With `--recordings` it then sends recordings of 5 s to 5 min with `validateOnly` and noise
removal; with `--refine` the last voice is refined as well. Linux only.
"""

import argparse
import io
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from server_cost import memory_mb

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.live_server import run_server  # noqa: E402

from myna.client import Client, Encoding, Sample, SpeechOptions  # noqa: E402  (after the path of the checkout)

DURATIONS_S = (12, 15, 5, 60, 300)
RECORDING = ROOT / "tests/data/demo_reference.flac"
SENTENCE = "The harbour was quiet when the last boat came home."
HEARD_LIMIT_S = 900.0
SETTLE_S = 5.0
"""Work at leisure gives its engine back three seconds after the last of it."""


def child_processes(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = [task / "children" for task in tasks]
    return [int(child) for file in children if file.exists() for child in file.read_text().split()]


def show(name: str, pid: int) -> None:
    now, private, peak = (round(memory_mb(pid, field)) for field in ("VmRSS", "RssAnon", "VmHWM"))
    children = [round(memory_mb(child, "VmRSS")) for child in child_processes(pid)]
    print(f"{name:28s} {now:5d} MB, {private} of it private, at most {peak}; decoder {children}", flush=True)


def make_recording(duration_s: float, number: int = 0) -> bytes:
    """Real speech, repeated, with a little noise, so that noise removal has something to do."""
    speech, rate_hz = soundfile.read(RECORDING, dtype="float32")
    noise = np.random.default_rng(number).standard_normal(len(speech)) * 0.01
    content = io.BytesIO()
    soundfile.write(content, np.resize(speech + noise, int(duration_s * rate_hz)), rate_hz, "PCM_16", format="WAV")
    return content.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="kokoro")
    parser.add_argument("--clones", type=int, default=5)
    parser.add_argument("--recordings", action="store_true")
    parser.add_argument("--refine", action="store_true")
    arguments = parser.parse_args()
    settings = {"MYNA_REFINE_VOICES": str(arguments.refine).lower()}
    options = SpeechOptions(Encoding.WAV, 24000)
    with (
        tempfile.TemporaryDirectory() as folder,
        run_server(Path(folder) / "data", arguments.engine, settings=settings) as server,
        Client(server.url, server.key, timeout_s=600) as client,
    ):
        show("ready", server.pid)
        client.say("Dennis", SENTENCE, options)
        show("spoken", server.pid)
        for number in range(arguments.clones):
            report = client.clone([Sample(make_recording(12, number), "memory.wav")], "memory", lang="EN_US")
            assert report.voice is not None
            client.say(report.voice.voice_id, SENTENCE, options)
            client.wait_until_heard(report.voice.voice_id, limit_s=HEARD_LIMIT_S)
            time.sleep(SETTLE_S)
            show(f"clone {number + 1}", server.pid)
        if arguments.refine and report.voice is not None:
            while client.get_voice(report.voice.voice_id).refinement != "done":
                time.sleep(SETTLE_S)
            time.sleep(SETTLE_S)
            show("refined", server.pid)
        for duration_s in DURATIONS_S if arguments.recordings else ():
            sample = Sample(make_recording(duration_s), "memory.wav")
            client.clone([sample], "memory", lang="EN_US", denoise=True, validate_only=True)
            show(f"recording of {duration_s} s", server.pid)


if __name__ == "__main__":
    main()
