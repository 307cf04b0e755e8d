"""The file that `training/style_gradient` makes, for tiny models: the graph is whole and its gradient is right."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.quantised_export import CHANNELS, Export
from training.graphs.faster_graph import make_faster
from training.style_gradient.__main__ import make_graph_file
from training.style_gradient.decoder import DECODER
from training.style_gradient.judges import CAMPPLUS, GE2E

from myna.engines.kokoro.graphs import DecoderStyles
from myna.engines.kokoro.making.style_gradient import StyleGradient, StylePull
from myna.engines.kokoro.making.voice_practice import Stretch
from myna.weights.manifest import Bundle, Manifest, WeightFile
from myna.weights.store import WeightStore

FRAMES = 64
"""1.6 s, the least that GE2E reads."""
STYLE = 8
SHAPES = {
    "aligned_features": (1, CHANNELS, FRAMES),
    "f0_hz": (1, 2 * FRAMES),
    "energy": (1, 2 * FRAMES),
    "articulation_style": (1, STYLE),
    "timbre_style": (1, STYLE),
    "timbre_shift": (1, 2 * CHANNELS),
    "target_a": (1, 6),
    "target_b": (1, 5),
}


@pytest.fixture(scope="module")
def models() -> dict[str, onnx.ModelProto]:
    return {DECODER: tiny_decoder(), GE2E: tiny_ge2e(), CAMPPLUS: tiny_campplus()}


@pytest.fixture(scope="module")
def contents(models: dict[str, onnx.ModelProto]) -> dict[str, bytes]:
    return {name: model.SerializeToString() for name, model in models.items()}


@pytest.fixture(scope="module")
def graph_file(contents: dict[str, bytes]) -> bytes:
    return make_graph_file(contents, SHAPES)


def test_the_gradient_of_the_whole_agrees_with_differences(
    contents: dict[str, bytes], graph_file: bytes, tmp_path: Path
) -> None:
    """Through quantised layers, spectrum, resampling and both judges: axes of the style, ways of the shift."""
    gradient = StyleGradient(store_of(tmp_path, contents), graph_file=graph_file)
    random = np.random.default_rng(5)  # no band is near silence there, where the logarithm bends within a step
    features, f0_hz, energy, articulation, timbre, shift, target_a, target_b = (
        random.normal(size=shape[1:]).astype(np.float32) for shape in SHAPES.values()
    )

    def pull_at(style: np.ndarray, shift: np.ndarray) -> StylePull:
        styles = DecoderStyles(articulation, style, shift)
        return gradient(Stretch(features, f0_hz, energy), styles, target_a=target_a, target_b=target_b)

    def loss_at(style: np.ndarray, shift: np.ndarray) -> float:
        found = pull_at(style, shift)
        return -float(target_a @ found.embedding_a + target_b @ found.embedding_b)

    basis = np.linalg.qr(random.normal(size=(len(shift), 4)))[0].T.astype(np.float32)
    steps = [(0.01 * axis, 0) for axis in np.eye(STYLE, dtype=np.float32)] + [(0, 0.01 * way) for way in basis]
    slopes = np.array([loss_at(timbre + a, shift + b) - loss_at(timbre - a, shift - b) for a, b in steps]) / 0.02
    found = pull_at(timbre, shift)
    for part, expected in ((found.gradient, slopes[:STYLE]), (basis @ found.shift_gradient, slopes[STYLE:])):
        assert np.abs(expected).max() > 1e-3
        assert part == pytest.approx(expected, abs=0.01 * np.abs(expected).max())


def test_the_file_holds_no_weights_and_is_reproducible(
    models: dict[str, onnx.ModelProto], contents: dict[str, bytes], graph_file: bytes
) -> None:
    assert graph_file == make_graph_file(contents, SHAPES)
    weights = [tensor.raw_data for model in models.values() for tensor in model.graph.initializer]
    assert not any(len(data) > 64 and data in graph_file for data in weights)


def store_of(folder: Path, contents: dict[str, bytes]) -> WeightStore:
    files = []
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        files.append(WeightFile(name, (), frozenset({sha256(content).hexdigest()}), len(content)))
    return WeightStore(folder, Manifest((Bundle("tiny", "", "", "", (), tuple(files)),)))


def tiny_decoder() -> onnx.ModelProto:
    """A style of eight numbers bends one quantised layer; 22 rows of spectrum leave it, 120 of them per frame."""
    e = Export()
    e.nodes.append(onnx.helper.make_node("DynamicQuantizeLinear", ["timbre_style"], ["sq", "ss", "sz"], name="style"))
    fc = e.constant("fc_quantized", e.random.integers(-127, 127, (STYLE, 2 * CHANNELS)), np.int8)
    product = e.op("MatMulInteger", "sq", fc, "sz", e.constant("fc_zero_point", np.zeros(2 * CHANNELS), np.int8))
    scale = e.op("Mul", "ss", e.constant("fc_scale", e.random.uniform(0.002, 0.004, 2 * CHANNELS)))
    bent = e.op("Mul", e.op("Cast", product, to=onnx.TensorProto.FLOAT), scale)
    whole = e.op("Add", bent, e.constant("fc_bias", e.random.normal(size=2 * CHANNELS)))
    upright = e.op("Reshape", e.op("Add", whole, "timbre_shift"), e.constant("upright", [1, 2 * CHANNELS, 1], np.int64))
    e.nodes.append(onnx.helper.make_node("Split", [upright], ["gain", "offset"], axis=1, num_outputs=2))

    others = [e.op("ReduceMean", name, keepdims=0) for name in ("f0_hz", "energy", "articulation_style")]
    x = e.op("Add", "aligned_features", e.op("Add", others[0], e.op("Add", *others[1:])))
    x = e.convolved(x, "first", 3, strides=[1], dilations=[1], pads=[1, 1])
    x = e.norm_and_snake(x, "snake")
    x = e.op("Resize", x, "", e.constant("scales", [1, 1, 120]), mode="nearest")
    x = e.op("Pad", x, e.constant("reflected", [0, 0, 1, 0, 0, 0], np.int64), mode="reflect")
    spectrum = e.op("Conv", x, e.constant("post", 0.1 * e.random.normal(size=(22, CHANNELS, 7))), pads=[3, 3])
    basis = e.constant("inverse_basis", e.random.normal(size=(22, 1, 20)))
    model = e.model(
        {name: shape for name, shape in SHAPES.items() if not name.startswith("target")},
        e.op("ConvTranspose", spectrum, basis, strides=[5]),
    )
    make_faster(model.graph)
    return model


def tiny_ge2e() -> onnx.ModelProto:
    e = Export()
    lstm = [
        e.constant(name, 0.3 * e.random.normal(size=size))
        for name, size in (("W", (1, 32, 40)), ("R", (1, 32, 8)), ("B", (1, 64)))
    ]
    states = e.op("LSTM", e.op("Transpose", "partials", perm=[1, 0, 2]), *lstm, hidden_size=8)
    last = e.op("Gather", states, e.constant("last", [159], np.int64), axis=0)
    flat = e.op("Reshape", last, e.constant("flat", [-1, 8], np.int64))
    linear = [e.constant("weight", e.random.normal(size=(6, 8))), e.constant("bias", e.random.normal(size=6) + 3.0)]
    return e.model({"partials": ("n", 160, 40)}, e.op("Gemm", flat, *linear, transB=1), opset=17)


def tiny_campplus() -> onnx.ModelProto:
    e = Export()
    x = e.op("Transpose", "features", perm=[0, 2, 1])
    x = e.op("Conv", x, e.constant("kernel", 0.1 * e.random.normal(size=(12, 80, 3))), pads=[1, 1])
    norm = [e.constant(name, e.random.uniform(0.5, 1.5, 12)) for name in ("gain", "offset", "mean", "variance")]
    x = e.op("Sigmoid", e.op("BatchNormalization", x, *norm))
    x = e.op("AveragePool", x, kernel_shape=[100], strides=[100], ceil_mode=1)
    x = e.op("ReduceMean", x, axes=[2], keepdims=0)
    linear = [e.constant("linear", e.random.normal(size=(5, 12))), e.constant("bias", e.random.normal(size=5) + 3.0)]
    return e.model({"features": ("n", "num_frames", 80)}, e.op("Gemm", x, *linear, transB=1), opset=17)
