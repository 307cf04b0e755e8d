"""The gradient of "how much does this sound like that person" with respect to the style, without torch.

One ONNX graph: style -> decoder (float, from the int8 weights) -> samples -> both embeddings -> loss -> gradient.
Built from the weight files that the engine has anyway, for one fixed stretch of speech, and kept beside them.
"""

import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

from myna.engines.kokoro.heap_trim import trim_heap
from myna.engines.kokoro.style_autodiff import GraphBuilder, differentiate, lstm
from myna.engines.kokoro.timbre_spectrum import slaney_mel_weights
from myna.engines.kokoro.voice_artifact import STYLE_DIM, FloatArray
from myna.engines.kokoro.voice_practice import STRETCH_FRAMES
from myna.weights.store import WeightStore

logger = logging.getLogger(__name__)

_SOURCES = ("kokoro/decoder.onnx", "speakers/ge2e.onnx", "speakers/campplus.onnx")
_BUILDERS = ("style_gradient.py", "style_autodiff.py", "timbre_spectrum.py")
_SAMPLES_PER_FRAME = 600
_NUM_SAMPLES_16K = STRETCH_FRAMES * _SAMPLES_PER_FRAME * 2 // 3
_PARTIAL_FRAMES = 160
"""GE2E reads 1.6 s at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class StylePull:
    """What one evaluation gives."""

    gradient: FloatArray
    """[128] of the loss with respect to the timbre style."""
    embedding_a: FloatArray
    """[256] GE2E of the rendition."""
    embedding_b: FloatArray
    """[192] CAM++ of the rendition."""


class StyleGradient:
    """The graph in a session. 0.3 GB while it lives, 0.4 GB more while it computes."""

    def __init__(self, weights: WeightStore, num_threads: int = 1) -> None:
        """Open the graph; the first time on a machine build it (four seconds) and keep it beside the weights.

        Raises: WeightsMissing, WeightsCorrupt.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = num_threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # No arena: it would keep 0.6 GB of activations between calls, and costs no less time.
        options.enable_cpu_mem_arena = False
        # By way of a file, since a session keeps the bytes that it was made from.
        with _graph_file(weights) as path:
            self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def __call__(
        self,
        features: FloatArray,
        f0_hz: FloatArray,
        energy: FloatArray,
        articulation_style: FloatArray,
        timbre_style: FloatArray,
        *,
        target_a: FloatArray,
        target_b: FloatArray,
    ) -> StylePull:
        """Evaluate the loss  -(target_a . A + target_b . B)  and its gradient.

        features: [512, 80]; f0_hz, energy: [160]; styles: [128]; target_a: [256], target_b: [192],
        weighted.
        """
        gradient, embedding_a, embedding_b = self._session.run(
            None,
            {
                "aligned_features": features[np.newaxis],
                "f0_hz": f0_hz[np.newaxis],
                "energy": energy[np.newaxis],
                "articulation_style": articulation_style[np.newaxis],
                "timbre_style": timbre_style[np.newaxis],
                "target_a": target_a[np.newaxis],
                "target_b": target_b[np.newaxis],
            },
        )
        return StylePull(gradient[0], embedding_a[0], embedding_b[0])


@contextmanager
def _graph_file(weights: WeightStore) -> Iterator[Path]:
    """The graph on disk: as it was kept, or built and kept, or built for once if the cache cannot be written."""
    kept = weights.derived_path("style_gradient.onnx", _SOURCES, _recipe())
    if kept.is_file():
        yield kept
        return
    content = build_gradient_graph(*(weights.path(source) for source in _SOURCES)).SerializeToString()
    with tempfile.TemporaryDirectory() as folder:
        path = kept
        try:
            _write_whole(kept, content)
        except OSError as error:
            logger.info("the style gradient is not kept", extra={"reason": error.strerror})
            path = Path(folder) / kept.name
            path.write_bytes(content)
        del content
        trim_heap()
        yield path


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file such that nobody ever sees half of it; files of former recipes go."""
    path.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        draft = Path(folder) / path.name
        draft.write_bytes(content)
        draft.replace(path)
    for former in path.parent.glob("*-style_gradient.onnx"):
        if former != path:
            former.unlink(missing_ok=True)


def _recipe() -> str:
    """Changes with the code that builds the graph."""
    code = [files("myna.engines.kokoro").joinpath(name).read_bytes() for name in _BUILDERS]
    return sha256(b"".join(code) + f"{ort.__version__} {STRETCH_FRAMES}".encode()).hexdigest()


def build_gradient_graph(decoder_path: Path, ge2e_path: Path, campplus_path: Path) -> onnx.ModelProto:
    """Join the three graphs, append the backward pass. Loads them one after the other, to be gentle on memory.

    Raises: NotImplementedError if a graph holds an operator on the way that has no derivative here.
    """
    decoder = onnx.load(str(decoder_path))
    dequantise(decoder)
    basis, spectrum = _cut_before_inverse_stft(decoder)
    b = GraphBuilder()
    _append(
        b,
        _freeze(
            decoder,
            {
                "aligned_features": (1, 512, STRETCH_FRAMES),
                "f0_hz": (1, 2 * STRETCH_FRAMES),
                "energy": (1, 2 * STRETCH_FRAMES),
                "articulation_style": (1, STYLE_DIM),
                "timbre_style": (1, STYLE_DIM),
            },
        ),
        {},
        "",
    )
    del decoder
    samples_24k = b.op("ConvTranspose", spectrum, b.constant(basis), strides=[5], pads=[10, 10])
    _infer(b)
    samples = _resample_24k_to_16k(b, samples_24k)
    _infer(b)
    embedding_a = _ge2e(b, samples, onnx.load(str(ge2e_path)))
    embedding_b = _campplus(b, samples, onnx.load(str(campplus_path)))
    b.shapes["target_a"], b.shapes["target_b"] = (1, 256), (1, 192)
    likeness = [
        b.op("ReduceSum", b.op("Mul", embedding, target), b.constant([1], np.int64), keepdims=1)
        for embedding, target in ((embedding_a, "target_a"), (embedding_b, "target_b"))
    ]
    loss = b.op("Neg", b.op("Add", *likeness))
    _infer(b)
    (gradient,) = differentiate(b, loss, ["timbre_style"])
    shapes = {
        "aligned_features": (1, 512, STRETCH_FRAMES),
        "f0_hz": (1, 2 * STRETCH_FRAMES),
        "energy": (1, 2 * STRETCH_FRAMES),
        "articulation_style": (1, STYLE_DIM),
        "timbre_style": (1, STYLE_DIM),
        "target_a": (1, 256),
        "target_b": (1, 192),
    }
    outputs = {gradient: (1, STYLE_DIM), embedding_a: (1, 256), embedding_b: (1, 192)}
    return _model(b, shapes, outputs)


def _model(
    b: GraphBuilder, inputs: Mapping[str, tuple[int, ...]], outputs: Mapping[str, tuple[int, ...]]
) -> onnx.ModelProto:
    def described(names: Mapping[str, tuple[int, ...]]) -> list[onnx.ValueInfoProto]:
        return [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in names.items()]

    needed = set(outputs)
    kept: list[onnx.NodeProto] = []
    for node in reversed(b.nodes):
        if any(name in needed for name in node.output):
            kept.append(node)
            needed.update(node.input)
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.GRAPH:
                    needed.update(name for inner in attribute.g.node for name in inner.input)
    graph = helper.make_graph(
        kept[::-1],
        "style_gradient",
        described(inputs),
        described(outputs),
        initializer=[tensor for name, tensor in b.constants.items() if name in needed],
    )
    b.constants.clear()  # copied into the graph; the model is a third copy of 0.2 GB
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    )
    model.ir_version = 9
    return model


def _infer(b: GraphBuilder) -> None:
    """Fill in the shapes of all tensors of a graph whose inputs have static shapes."""
    small = {name: tensor for name, tensor in b.constants.items() if np.prod(tensor.dims) <= 64}
    inputs = {
        name: b.shapes[name]
        for node in b.nodes
        for name in node.input
        if name in b.shapes and name not in b.constants and name in _INPUT_NAMES
    }
    graph = helper.make_graph(
        b.nodes,
        "shapes",
        [
            *(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in inputs.items()),
            *(
                helper.make_tensor_value_info(name, tensor.data_type, tensor.dims)
                for name, tensor in b.constants.items()
                if name not in small
            ),
        ],
        [],
        initializer=list(small.values()),
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    )
    for value in onnx.shape_inference.infer_shapes(model, data_prop=True).graph.value_info:
        dims = value.type.tensor_type.shape.dim
        if all(dim.HasField("dim_value") for dim in dims):
            b.shapes.setdefault(value.name, tuple(dim.dim_value for dim in dims))


_INPUT_NAMES = frozenset(
    {"aligned_features", "f0_hz", "energy", "articulation_style", "timbre_style", "target_a", "target_b"}
)


def dequantise(model: onnx.ModelProto) -> None:
    """Replace integer convolutions and products by float ones, in place; the weights keep their int8 values.

    Those of wide convolutions stay int8 in memory and become float, for a moment, when they are used.
    """
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    producers = {output: node for node in graph.node for output in node.output}
    consumers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            consumers.setdefault(name, []).append(node)
    floats: dict[str, list[onnx.NodeProto]] = {}
    new_tensors: list[onnx.TensorProto] = []
    for node in graph.node:
        if node.op_type == "MatMulIntegerToFloat":
            steps, weight_tensor = _as_convolution(node, tensors, producers, consumers)
            floats[steps[-1].output[0]] = steps
            new_tensors.append(weight_tensor)
        if node.op_type not in {"ConvInteger", "MatMulInteger"}:
            continue
        weight_name = node.input[1]
        weight = numpy_helper.to_array(tensors[weight_name]).astype(np.float32)
        if len(node.input) > 3 and node.input[3]:
            weight = weight - numpy_helper.to_array(tensors[node.input[3]]).astype(np.float32)
        weight = weight * numpy_helper.to_array(tensors[weight_name.removesuffix("_quantized") + "_scale"])
        source = producers[node.input[0]].input[0]
        output, bias = node.output[0], []
        following = consumers[output][0]
        if following.op_type == "Add":
            other = producers[next(name for name in following.input if name != output)]
            while other.op_type != "Div":
                other = producers[other.input[0]]
            bias = [other.input[0]]
            output = following.output[0]
            following = consumers[output][0]
        scaled = consumers[following.output[0]][0]
        name = f"{weight_name}~float"
        new_tensors.append(numpy_helper.from_array(np.ascontiguousarray(weight, dtype=np.float32), name))
        kind = "Conv" if node.op_type == "ConvInteger" else "MatMul"
        replacement = helper.make_node(kind, [source, name, *bias], [scaled.output[0]], name=f"{node.name}~float")
        replacement.attribute.extend(node.attribute)
        floats[scaled.output[0]] = [replacement]
    nodes = [new for node in graph.node for new in floats.get(node.output[0], [node])]
    _keep_needed(graph, nodes, [output.name for output in graph.output], new_tensors)


def _as_convolution(
    product: onnx.NodeProto,
    tensors: Mapping[str, onnx.TensorProto],
    producers: Mapping[str, onnx.NodeProto],
    consumers: Mapping[str, list[onnx.NodeProto]],
) -> tuple[list[onnx.NodeProto], onnx.TensorProto]:
    """The float convolution that `myna.weights.convert.faster_graph` made a product of gathered columns of."""

    def constant(name: str) -> npt.NDArray[np.generic]:
        return np.asarray(numpy_helper.to_array(tensors[name]))

    width, stride, dilation, pads = 1, 1, 1, [0, 0]
    node = producers[product.input[0]]
    if node.op_type == "Reshape":
        gathered = producers[node.input[0]]
        taps = producers[gathered.input[1]]
        offsets = [int(offset) for offset in constant(taps.input[1]).reshape(-1)]
        starts = producers[producers[taps.input[0]].input[0]]
        width, stride = len(offsets), int(constant(starts.input[2]))
        dilation = offsets[1] - offsets[0]
        node = producers[gathered.input[0]]
    if node.op_type == "Pad":
        around = constant(node.input[1])
        pads = [int(around[0]), int(around[2])]
    matrix = constant(product.input[1])
    weight = matrix.reshape(width, -1, matrix.shape[1]).transpose(2, 1, 0)
    tensor = numpy_helper.from_array(np.ascontiguousarray(weight), f"{product.input[1]}~kernel")
    kernel = f"{product.name}~kernel"
    widened = helper.make_node(
        "DequantizeLinear", [tensor.name, product.input[3], product.input[5]], [kernel], name=kernel
    )
    source = producers[product.input[2]].input[0]
    turned = consumers[product.output[0]][0]
    output = consumers[turned.output[0]][0].output[0]
    convolution = helper.make_node(
        "Conv",
        [source, kernel, *product.input[6:7]],
        [output],
        name=f"{product.name}~float",
        kernel_shape=[width],
        strides=[stride],
        dilations=[dilation],
        pads=pads,
        group=1,
    )
    return [widened, convolution], tensor


def _keep_needed(
    graph: onnx.GraphProto, nodes: list[onnx.NodeProto], outputs: list[str], new_tensors: list[onnx.TensorProto]
) -> None:
    needed = set(outputs)
    kept: list[onnx.NodeProto] = []
    for node in reversed(nodes):
        if any(name in needed for name in node.output):
            kept.append(node)
            needed.update(node.input)
    tensors = [tensor for tensor in [*graph.initializer, *new_tensors] if tensor.name in needed]
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(kept[::-1])
    graph.initializer.extend(tensors)


def _cut_before_inverse_stft(model: onnx.ModelProto) -> tuple[npt.NDArray[np.float32], str]:
    """End the decoder at its spectrum; returns the inverse basis, [22, 1, 20], with the window's overlap taken out.

    In the middle of the signal squared Hann windows of 20 samples, 5 apart, add up to 1.5; the graph's own factor is
    20 / 5. The first and last 10 samples differ; they are cut or silent.
    """
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    inverse = next(
        node for node in graph.node if node.op_type == "ConvTranspose" and node.input[1].endswith("inverse_basis")
    )
    basis = numpy_helper.to_array(tensors[inverse.input[1]]) * np.float32((20 / 5) / 1.5)
    spectrum = inverse.input[0]
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(spectrum, onnx.TensorProto.FLOAT, None))
    _keep_needed(graph, list(graph.node), [spectrum], [])
    return basis, spectrum


def _freeze(model: onnx.ModelProto, shapes: dict[str, tuple[int, ...]]) -> onnx.GraphProto:
    """Fix the shapes of the inputs and let ONNX Runtime fold everything that follows from them."""
    for value in model.graph.input:
        value.CopyFrom(helper.make_tensor_value_info(value.name, onnx.TensorProto.FLOAT, shapes[value.name]))
    for output in model.graph.output:
        output.CopyFrom(helper.make_tensor_value_info(output.name, onnx.TensorProto.FLOAT, None))
    with tempfile.TemporaryDirectory() as folder:
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(Path(folder) / "frozen.onnx")
        options.log_severity_level = 3
        options.intra_op_num_threads = 1
        ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return onnx.load(options.optimized_model_filepath).graph


def _append(b: GraphBuilder, graph: onnx.GraphProto, renamed: dict[str, str], prefix: str) -> None:
    """Add the nodes and constants of a graph; `renamed` maps its inputs to names that exist already."""

    def new(name: str) -> str:
        return renamed.get(name, prefix + name if name else name)

    for tensor in graph.initializer:
        copy = onnx.TensorProto()
        copy.CopyFrom(tensor)
        copy.name = new(tensor.name)
        b.constants[copy.name] = copy
        b.shapes[copy.name] = tuple(tensor.dims)
    for value in graph.input:
        b.shapes.setdefault(new(value.name), tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim))
    for node in graph.node:
        copy_node = onnx.NodeProto()
        copy_node.CopyFrom(node)
        if node.op_type == "Constant":
            tensor = onnx.TensorProto()
            tensor.CopyFrom(helper.get_attribute_value(node.attribute[0]))
            tensor.name = new(node.output[0])
            b.constants[tensor.name] = tensor
            b.shapes[tensor.name] = tuple(tensor.dims)
            continue
        del copy_node.input[:], copy_node.output[:]
        copy_node.input.extend(new(name) for name in node.input)
        copy_node.output.extend(new(name) for name in node.output)
        _move_axes_to_input(b, copy_node)
        b.nodes.append(copy_node)


def _move_axes_to_input(b: GraphBuilder, node: onnx.NodeProto) -> None:
    """From opset 17, in which the judges are written, to 20: the axes of a reduction became an input."""
    if not node.op_type.startswith("Reduce") or len(node.input) > 1:
        return
    for attribute in list(node.attribute):
        if attribute.name == "axes":
            node.input.append(b.constant(list(attribute.ints), np.int64))
            node.attribute.remove(attribute)


def _resample_24k_to_16k(b: GraphBuilder, samples: str) -> str:
    """Two samples for three: a strided convolution with two phases of a Kaiser-windowed sinc, 7.75 kHz wide.

    samples: [1, 1, 600 * STRETCH_FRAMES] -> [1, 1, 400 * STRETCH_FRAMES].
    """
    half = 120
    taps = np.arange(-half, half + 1)
    cutoff = 7_750.0 / 24_000.0
    phases = []
    for delay in (0.0, 1.5):
        time = taps - delay
        phases.append(2 * cutoff * np.sinc(2 * cutoff * time) * np.kaiser(2 * half + 1, 8.0))
    kernel = np.stack(phases)[:, np.newaxis, :]
    both = b.op("Conv", samples, b.constant(kernel), strides=[3], pads=[half, half - 2])
    flat = b.op("Transpose", both, perm=[0, 2, 1])
    return b.op("Reshape", flat, b.constant([1, 1, _NUM_SAMPLES_16K], np.int64))


def _power(b: GraphBuilder, samples: str, kernels: npt.NDArray[np.float64], pad: int) -> str:
    """Squared magnitude of windowed frames, 10 ms apart. kernels: [2, num_bins, 400] real and imaginary parts."""
    num_bins = kernels.shape[1]
    parts = b.op(
        "Conv",
        samples,
        b.constant(kernels.reshape(2 * num_bins, 1, -1)),
        strides=[160],
        pads=[pad, pad],
    )
    squared = b.op("Mul", parts, parts)
    _infer(b)
    num_frames = b.shapes[squared][-1]
    split = b.op("Reshape", squared, b.constant([1, 2, num_bins, num_frames], np.int64))
    return b.op("ReduceSum", split, b.constant([1], np.int64), keepdims=0)


def _ge2e(b: GraphBuilder, samples: str, model: onnx.ModelProto) -> str:
    """GE2E over two windows of 1.6 s, at the front and at the end. The front end is that of `myna.analysis.speakers`.

    Source: Resemblyzer 0.1.4: -30 dBFS, 25 ms Hann frames every 10 ms, power in 40 Slaney mel bands.
    """
    mean_square = b.op("ReduceMean", b.op("Mul", samples, samples), b.constant([2], np.int64), keepdims=1)
    rms = b.op("Sqrt", b.op("Add", mean_square, b.constant(1e-12)))
    levelled = b.op("Div", b.op("Mul", samples, b.constant(10 ** (-30 / 20))), rms)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    angle = 2 * np.pi * np.outer(np.arange(201), np.arange(400)) / 400
    power = _power(b, levelled, np.stack([np.cos(angle), -np.sin(angle)]) * window, pad=200)
    mel = b.op("MatMul", b.constant(slaney_mel_weights(16_000, 400, 40)), power)
    _infer(b)
    num_frames = b.shapes[mel][-1]
    axis = b.constant([2], np.int64)
    partials = b.op(
        "Concat",
        *(
            b.op("Slice", mel, b.constant([start], np.int64), b.constant([start + _PARTIAL_FRAMES], np.int64), axis)
            for start in (0, num_frames - _PARTIAL_FRAMES)
        ),
        axis=0,
    )
    states = b.op("Transpose", partials, perm=[2, 0, 1])
    _infer(b)
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "LSTM":
            weights, recurrence, bias = (tensors[name][0] for name in node.input[1:4])
            half = len(bias) // 2
            states = lstm(b, states, weights, recurrence, bias[:half] + bias[half:])
    gemm = next(node for node in model.graph.node if node.op_type == "Gemm")
    trans = next((attribute.i for attribute in gemm.attribute if attribute.name == "transB"), 0)
    last = b.op(
        "Slice",
        states,
        b.constant([_PARTIAL_FRAMES - 1], np.int64),
        b.constant([_PARTIAL_FRAMES], np.int64),
        b.constant([0], np.int64),
    )
    flat = b.op("Reshape", last, b.constant([2, 256], np.int64))
    projected = b.op("Gemm", flat, b.constant(tensors[gemm.input[1]]), b.constant(tensors[gemm.input[2]]), transB=trans)
    unit = _unit_rows(b, b.op("Relu", projected))
    mean = b.op("ReduceMean", unit, b.constant([0], np.int64), keepdims=1)
    return _unit_rows(b, mean)


def _unit_rows(b: GraphBuilder, rows: str) -> str:
    square = b.op("ReduceSum", b.op("Mul", rows, rows), b.constant([1], np.int64), keepdims=1)
    return b.op("Div", rows, b.op("Sqrt", b.op("Add", square, b.constant(1e-12))))


def _campplus(b: GraphBuilder, samples: str, model: onnx.ModelProto) -> str:
    """CAM++ over the whole stretch. The front end is that of `myna.analysis.speakers`.

    Source: 3D-Speaker's Kaldi filter bank: 25 ms frames every 10 ms, DC removed, pre-emphasis 0.97, Povey window,
    512-point power spectrum, 80 mel bands from 20 Hz, logarithm, mean over time removed.
    """
    size = 400
    centre = np.eye(size) - np.full((size, size), 1 / size)
    emphasis = np.eye(size) - 0.97 * np.eye(size, k=-1)
    emphasis[0, 0] = 1.0 - 0.97
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / (size - 1))) ** 0.85
    before = window[:, np.newaxis] * (emphasis @ centre)
    angle = 2 * np.pi * np.outer(np.arange(257), np.arange(size)) / 512
    kernels = 32_768.0 * np.stack([np.cos(angle) @ before, -np.sin(angle) @ before])
    power = _power(b, samples, kernels, pad=0)
    mel = b.op("MatMul", b.constant(kaldi_mel_weights()), power)
    log_mel = b.op("Log", b.op("Add", mel, b.constant(1e-6)))
    centred = b.op("Sub", log_mel, b.op("ReduceMean", log_mel, b.constant([2], np.int64), keepdims=1))
    features = b.op("Transpose", centred, perm=[0, 2, 1])
    _infer(b)
    frozen = _freeze(model, {model.graph.input[0].name: b.shapes[features]})
    _append(b, frozen, {frozen.input[0].name: features}, "campplus/")
    _infer(b)
    return _unit_rows(b, b.op("Relu", f"campplus/{frozen.output[0].name}"))


def kaldi_mel_weights(num_bands: int = 80, num_fft: int = 512) -> npt.NDArray[np.float64]:
    """[num_bands, num_fft / 2 + 1] at 16 kHz from 20 Hz to 8 kHz. Source: Kaldi's mel-computations.cc."""
    bins_mel = 1127.0 * np.log1p(np.arange(num_fft // 2 + 1) * 16_000 / num_fft / 700.0)
    low, high = 1127.0 * np.log1p(np.array([20.0, 8_000.0]) / 700.0)
    step = (high - low) / (num_bands + 1)
    left = low + step * np.arange(num_bands)[:, np.newaxis]
    weights = np.maximum(0.0, np.minimum((bins_mel - left) / step, (left + 2 * step - bins_mel) / step))
    weights[:, -1] = 0.0
    return np.asarray(weights)
