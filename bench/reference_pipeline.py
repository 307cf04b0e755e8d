"""What does preparing a voice sample cost, without the engine?

    python bench/reference_pipeline.py [--json]

Each case runs in a fresh process: models loaded (timed apart), one warm-up, then n = 5 runs of a 12 s recording. CPU
time is the figure that holds on a busy machine; wall time only on an idle one. Peak memory is that of the process with
all models loaded, plus the decoder's child.
"""

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import time
from pathlib import Path

import numpy as np
import platformdirs
import soundfile

from myna.analysis.sample_analyst import ModelSampleAnalyst
from myna.audio.encode import encode_wav
from myna.domain.language import LangCode
from myna.domain.sample import SampleRequest
from myna.domain.waveform import Waveform

ROOT = Path(__file__).parent.parent
DURATION_S = 12.0
NUM_RUNS = 5
CASES = {
    "as it is": {"remove_background_noise": False, "transcript": ""},
    "with noise removal": {"remove_background_noise": True, "transcript": ""},
    "with a transcript": {"remove_background_noise": False, "transcript": "given"},
}


def make_sample() -> bytes:
    """Twelve seconds of real speech with a little noise, so that noise removal has something to do."""
    samples, rate_hz = soundfile.read(ROOT / "tests/data/demo_reference.flac", dtype="float32")
    noise = np.random.default_rng(1).standard_normal(len(samples)).astype(np.float32) * np.float32(0.01)
    return encode_wav(Waveform((samples + noise)[: int(DURATION_S * rate_hz)], rate_hz))


def measure(case: str, results: "multiprocessing.Queue[dict[str, object]]") -> None:
    weights_dir = Path(platformdirs.user_cache_dir("myna")) / "weights"
    analyst = ModelSampleAnalyst(weights_dir, max_sample_bytes=32 * 2**20, max_sample_s=300.0)
    started_s = time.perf_counter()
    analyst.load()
    load_s = time.perf_counter() - started_s
    sample = SampleRequest(
        make_sample(), CASES[case]["transcript"], LangCode.EN_US, CASES[case]["remove_background_noise"]
    )
    analyst.analyse(sample)
    wall_s, cpu_s = [], []
    for _ in range(NUM_RUNS):
        started_s, started_cpu_s = time.perf_counter(), time.process_time()
        analyst.analyse(sample)
        wall_s.append(time.perf_counter() - started_s)
        cpu_s.append(time.process_time() - started_cpu_s)
    peak_kib = peak_memory_kib("self") + sum(peak_memory_kib(child) for child in child_processes())
    analyst.close()
    results.put(
        {
            "case": case,
            "load_s": round(load_s, 2),
            "wall_rtf": summarise(wall_s),
            "cpu_rtf": summarise(cpu_s),
            "peak_memory_mib": peak_kib // 1024,
        }
    )


def child_processes() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


def peak_memory_kib(process: str) -> int:
    """Linux only: the high-water mark of resident memory."""
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def summarise(seconds: list[float]) -> dict[str, float]:
    """RTF: seconds of work by second of audio."""
    per_second = [value / DURATION_S for value in seconds]
    return {
        "min": round(min(per_second), 3),
        "median": round(statistics.median(per_second), 3),
        "max": round(max(per_second), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    context = multiprocessing.get_context("spawn")
    measured = []
    for case in CASES:
        queue = context.Queue()
        process = context.Process(target=measure, args=(case, queue))
        process.start()
        measured.append(queue.get())
        process.join()
    machine = {
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
    }
    if as_json:
        print(json.dumps({"machine": machine, "cases": measured}, indent=2))
        return
    for row in measured:
        print(
            f"{row['case']:20s} cpu {row['cpu_rtf']} wall {row['wall_rtf']} "
            f"load {row['load_s']} s, {row['peak_memory_mib']} MiB"
        )


if __name__ == "__main__":
    main()
