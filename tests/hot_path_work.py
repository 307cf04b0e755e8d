"""What the graphs of speech do for one sentence, counted: operators, multiply-adds, bytes of results. No clock in it.

ONNX Runtime's own profile says which operators run, on what shapes; what an operator multiplies follows from those.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from myna.analysis import onnx_session
from myna.engines.kokoro.graphs import KokoroGraphs, ProsodyCurves
from myna.engines.kokoro.phonemes.symbols import WEIGHT_NAME, Vocabulary
from myna.engines.kokoro.segment_sound import plan_stretches
from myna.engines.kokoro.streaming_decoder import StreamingDecoder
from myna.engines.kokoro.timbre_space import load_timbre_space
from myna.engines.kokoro.voice_artifact import unpack_norms, unpack_voice
from myna.engines.kokoro.voice_stock import stock_voices
from myna.weights.store import WeightStore

SYMBOLS = "wˌɛn ðə ɹˈAn fˈInᵊli stˈɑpt, wi ˈOpᵊnd ˈɔl ðə wˈɪndOz"
_FRAMES = (2, 3, 3)
"""Of 25 ms each, for the symbols in turn: one that is predicted may be longer by one on another processor."""
PARTS = ("text", "duration", "prosody", "shape", "sound")
"""In the order in which the engine opens them."""
_PRODUCTS = {"MatMul", "MatMulInteger", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "FusedMatMul", "Gemm"}
_CONVOLUTIONS = {"Conv", "FusedConv", "ConvInteger", "QLinearConv"}


@dataclass(slots=True)
class Work:
    """Of one graph, for the sentence."""

    operators: Counter[str] = field(default_factory=Counter)
    multiply_adds: Counter[str] = field(default_factory=Counter)
    """By operator, as what follows."""
    result_bytes: Counter[str] = field(default_factory=Counter)
    read_bytes: Counter[str] = field(default_factory=Counter)
    kernel_us: Counter[str] = field(default_factory=Counter)
    """The one figure that a clock gave."""


def count_work(weights_dir: Path, folder: Path) -> tuple[dict[str, Work], float]:
    """Each part's work, and how many seconds of speech it made. folder: for the profiles."""
    weights = WeightStore(weights_dir)
    with _profiling(folder) as sessions:
        graphs, decoder = KokoroGraphs(weights, 1), StreamingDecoder(weights, 1)
    artifact = next(stock.artifact for stock in stock_voices() if stock.name == "Dennis")
    voice, norms = unpack_voice(artifact), unpack_norms(artifact)
    assert norms is not None
    text = graphs.encode_text(Vocabulary(weights.path(WEIGHT_NAME)).encode(SYMBOLS))
    durations = graphs.predict_durations(text, voice.prosody_style)
    frames = np.resize(_FRAMES, len(durations.frames))
    curves = graphs.predict_prosody(durations.hidden, frames, voice.prosody_style)
    curves = ProsodyCurves(voice.move_pitch(curves.f0_hz), curves.energy)
    styles = load_timbre_space().styles(voice)
    shape = decoder.shape(np.repeat(text.features, frames, axis=2), curves, styles, norms)
    num_samples = sum(len(decoder.sound(shape, first, end)) for first, end in plan_stretches(SYMBOLS, frames))
    profiles = [json.loads(Path(session.end_profiling()).read_text()) for session in sessions]
    return {part: _read(profile) for part, profile in zip(PARTS, profiles, strict=True)}, num_samples / 24_000


@contextmanager
def _profiling(folder: Path) -> Iterator[list[ort.InferenceSession]]:
    """Sessions that are opened within write down what they run."""
    opened: list[ort.InferenceSession] = []
    plain = ort.InferenceSession

    def open_profiled(graph: str | bytes, options: ort.SessionOptions, **rest: Any) -> ort.InferenceSession:
        options.enable_profiling = True
        options.profile_file_prefix = str(folder / f"graph-{len(opened)}")
        opened.append(plain(graph, options, **rest))
        return opened[-1]

    onnx_session.ort.InferenceSession = open_profiled
    try:
        yield opened
    finally:
        onnx_session.ort.InferenceSession = plain


def _read(profile: Sequence[Mapping[str, Any]]) -> Work:
    work = Work()
    for event in profile:
        if event.get("cat") != "Node" or not event["name"].endswith("_kernel_time"):
            continue
        about = event["args"]
        operator = about["op_name"]
        work.operators[operator] += 1
        work.multiply_adds[operator] += _count_multiply_adds(operator, about)
        work.result_bytes[operator] += int(about["output_size"])
        work.read_bytes[operator] += int(about["activation_size"]) + int(about["parameter_size"])
        work.kernel_us[operator] += event["dur"]
    return work


def _count_multiply_adds(operator: str, about: Mapping[str, Any]) -> int:
    """Weights that were packed when the graph was opened have no shape any more: theirs follows from the results."""
    inputs, outputs = (_shapes(about[f"{side}_type_shape"]) for side in ("input", "output"))
    if operator in _PRODUCTS:
        return math.prod(outputs[0]) * inputs[0][-1]
    if operator in _CONVOLUTIONS:
        return math.prod(outputs[0]) * math.prod(inputs[1][1:])
    if operator == "ConvTranspose" and len(inputs) > 1 and len(inputs[1]) == 3:
        return math.prod(inputs[0]) * math.prod(inputs[1][1:])
    if operator == "ConvTranspose":  # a kernel is two strides long, that of the inverse spectrum four
        return math.prod(outputs[0]) * inputs[0][1] * (4 if outputs[0][1] == 1 else 2)
    if operator == "DynamicQuantizeLSTM":
        length, directions, _, width = outputs[0]
        return length * directions * 4 * width * (inputs[0][-1] + width)
    return 0


def _shapes(listed: Sequence[Mapping[str, Sequence[int]]]) -> list[Sequence[int]]:
    return [next(iter(shape.values())) for shape in listed]
