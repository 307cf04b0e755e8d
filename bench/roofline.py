"""Where the time of speech goes: what each graph multiplies and moves, and what the machine can do of either.

    python bench/roofline.py [--json]

One sentence, one thread. For each graph by second of speech: multiply-adds, bytes read and written by its operators, and
how long those take by ONNX Runtime's own clock; then the operators that take the most. Beside it what the machine does at
best: eight-bit products of the generator's commonest size, and copies of arrays that no cache holds. "At least" is what
a graph would take if it did nothing but its products at that rate. Seconds of processor, so a busy machine matters little.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from peers import processor_name

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.hot_path_work import count_work  # noqa: E402  (after the path of the checkout)

from myna.config import Settings  # noqa: E402

NUM_ROWS, NUM_DEEP, NUM_COLUMNS = 4096, 896, 128
"""The product of a kernel of seven over 128 channels, which the generator's second stage makes most of."""
COPIED_BYTES = 256 * 2**20
NUM_TAKES = 5


def best_s(work: Callable[[], object]) -> float:
    """Least seconds of processor of some takes."""
    takes = []
    for _ in range(NUM_TAKES):
        started_s = time.process_time()
        work()
        takes.append(time.process_time() - started_s)
    return min(takes)


def products_per_s() -> float:
    """Multiply-adds of bytes in a second."""
    random = np.random.default_rng(1)
    constants = {
        "matrix": random.integers(-64, 64, (NUM_DEEP, NUM_COLUMNS), np.int8),
        "scale": np.array(0.01, np.float32),
        "zero": np.array(128, np.uint8),
        "signed_zero": np.array(0, np.int8),
    }
    node = helper.make_node(
        "MatMulIntegerToFloat",
        ["rows", "matrix", "scale", "scale", "zero", "signed_zero"],
        ["product"],
        domain="com.microsoft",
    )
    graph = helper.make_graph(
        [node],
        "product",
        [helper.make_tensor_value_info("rows", TensorProto.UINT8, [NUM_ROWS, NUM_DEEP])],
        [helper.make_tensor_value_info("product", TensorProto.FLOAT, [NUM_ROWS, NUM_COLUMNS])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(
        helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString(),
        options,
        providers=["CPUExecutionProvider"],
    )
    rows = random.integers(0, 256, (NUM_ROWS, NUM_DEEP), np.uint8)
    session.run(None, {"rows": rows})
    return NUM_ROWS * NUM_DEEP * NUM_COLUMNS / best_s(lambda: session.run(None, {"rows": rows}))


def bytes_per_s() -> float:
    """Read and written, both counted."""
    source = np.ones(COPIED_BYTES, np.uint8)
    target = np.empty_like(source)
    return 2 * COPIED_BYTES / best_s(lambda: np.copyto(target, source))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        works, audio_s = count_work(Settings().weights_dir, Path(folder))
    products, copied = products_per_s(), bytes_per_s()
    parts: dict[str, Any] = {}
    kernel_us: Counter[str] = Counter()
    for name, work in works.items():
        multiplied = sum(work.multiply_adds.values()) / audio_s
        parts[name] = {
            "operators": sum(work.operators.values()),
            "multiply_adds_1e9": round(multiplied / 1e9, 2),
            "bytes_1e6": round(sum((work.read_bytes + work.result_bytes).values()) / audio_s / 1e6),
            "kernels_s": round(sum(work.kernel_us.values()) / 1e6 / audio_s, 3),
            "at_least_s": round(multiplied / products, 3),
        }
        kernel_us += work.kernel_us
    report = {
        "question": "roofline",
        "machine": {"processor": processor_name(), "cores": os.cpu_count(), "load": os.getloadavg()[0]},
        "audio_s": audio_s,
        "products_1e9_per_s": round(products / 1e9, 1),
        "bytes_1e9_per_s": round(copied / 1e9, 1),
        "by_second_of_speech": parts,
        "share_of_operators": {
            name: round(took_us / kernel_us.total(), 3) for name, took_us in kernel_us.most_common(10)
        },
    }
    if arguments.json:
        print(json.dumps(report))
        return
    print(report["machine"])
    print(f"at best {report['products_1e9_per_s']} 1e9 products, {report['bytes_1e9_per_s']} 1e9 bytes a second")
    for name, part in parts.items():
        print(f"{name:10s} {part}")
    print(report["share_of_operators"])


if __name__ == "__main__":
    main()
