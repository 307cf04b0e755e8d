"""Make the graphs that the engine speaks with: the decoder, cut where its cheap part ends.

    python -m training.streaming_decoder

    shape: all of a segment at the rate of frames -> what the generator starts from
    sound: a stretch of that, each norm a fixed scale and shift -> samples
    practice: all of that -> what goes through the norms

The spectrum of the pitch source is measured by a convolution: ONNX Runtime's own STFT took a third of the time of `shape`.

In the pulled decoder every norm and every quantisation looks at the whole segment. In `sound` neither does, so a stretch
with enough around it gives the samples that it gives within the whole. Half of the norms follow a convolution
directly and become the scale of its product; the snakes' divisors become scales of the quantisation behind them.

All in eight bits for processors, and the first two in floats for graphics cards (`float_decoder`).
They ship without weights, which are read where the weight file has them (docs/decisions/0017).
"""

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256
from io import BytesIO
from itertools import chain
from pathlib import Path
from zipfile import ZIP_LZMA, ZipFile, ZipInfo

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from training.float_decoder import make_float
from training.record_digests import SHIPPED, record_digests

from myna.config import Settings
from myna.engines.kokoro.streaming_decoder import GRAPH_FILES

DECODER = "kokoro/decoder.onnx"
RANGES = Path(__file__).parent / "results/quantiser_ranges.json"
"""What each quantisation of the generator reaches from and to; chosen by `quantiser_ranges.py`."""
_GENERATOR = "/decoder/decoder/generator/"
_UPSAMPLED = f"{_GENERATOR}ups.0/ConvTranspose_output_0"
_SOURCE = f"{_GENERATOR}Concat_3_output_0"
_SOURCE_BIAS = "decoder.decoder.generator.m_source.l_linear.bias"
_BEFORE_SECOND_STAGE = f"{_GENERATOR}LeakyRelu_1_output_0"
_SECOND_SOURCE = f"{_GENERATOR}noise_convs.1/"
_LARGEST_CONSTANT_BYTES = 400
"""Larger tensors are weights, and stay where they are."""


class Wiring:
    """A graph's nodes by what they compute."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.graph = graph
        self.makers = {name: node for node in graph.node for name in node.output}
        self.readers: dict[str, list[onnx.NodeProto]] = {}
        for node in graph.node:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)
        self.tensors = {tensor.name: tensor for tensor in graph.initializer}
        self.norms = [
            node for node in graph.node if node.op_type == "InstanceNormalization" and _GENERATOR in node.output[0]
        ]
        self.quantisers = [
            node
            for node in graph.node
            if node.op_type == "DynamicQuantizeLinear"
            and any(reader.name.startswith(_GENERATOR) and "/fc/" not in reader.name for reader in self._readers(node))
        ]

    def _readers(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        return self.readers.get(node.output[0], [])

    def constant(self, name: str, value: np.ndarray) -> str:
        self.graph.initializer.append(numpy_helper.from_array(value, name))
        return name

    def array(self, name: str) -> np.ndarray:
        return numpy_helper.to_array(self.tensors[name])

    def channels(self, norm: onnx.NodeProto) -> int:
        """Behind each norm stands a snake, whose constants have one number a channel."""
        alpha = next(name for name in self.makers[norm.input[1]].input if name in self.tensors)
        return int(np.prod(self.tensors[alpha].dims))


def make_shape(model: onnx.ModelProto) -> onnx.ModelProto:
    """All that looks at the whole segment: blocks, pitch source, first upsampling, and what the styles ask of norms."""
    wiring = Wiring(model.graph)
    nodes = _convolve_for_spectrum(wiring)
    for output, position in (("gains", 1), ("offsets", 2)):
        parts = [norm.input[position] for norm in wiring.norms]
        nodes.append(helper.make_node("Concat", parts, [output], name=output, axis=0))
    renamed = {_UPSAMPLED: "upsampled", _SOURCE: "source"}
    return _finish(model, nodes, renamed, model.graph.input, [*renamed.values(), "gains", "offsets"])


def make_sound(model: onnx.ModelProto, lowest: Sequence[float] = (), highest: Sequence[float] = ()) -> onnx.ModelProto:
    """The rest. lowest, highest: [num_quantisers] what each quantisation reaches from and to; floats have none."""
    wiring = Wiring(model.graph)
    split = wiring.constant("sizes", np.array([wiring.channels(norm) for norm in wiring.norms], np.int64))
    column = wiring.constant("column", np.array([1, -1, 1], np.int64))
    made: dict[str, list[onnx.NodeProto]] = {}
    first = [
        helper.make_node("Split", [name, split], [f"{name}{k}" for k in range(len(wiring.norms))], axis=0)
        for name in ("scales", "shifts")
    ]
    for k, norm in enumerate(wiring.norms):
        made |= _fix_norm(wiring, k, norm, column)
    for quantiser, low, high in zip(wiring.quantisers, lowest, highest, strict=True):
        made |= _fix_quantiser(wiring, quantiser, low, high)
    nodes = [*first, *(new for node in model.graph.node for new in made.get(node.output[0], [node]))]
    nodes = _cut_second_stage(wiring, nodes)
    renamed = {_UPSAMPLED: "upsampled", _SOURCE: "source"}
    inputs = [
        _port("upsampled", [1, 256, "num_steps"]),
        _port("source", [1, 22, "num_source_steps"]),
        _port("inner_source", [1, 22, "num_inner_source_steps"]),
        _port("scales", ["num_channels"]),
        _port("shifts", ["num_channels"]),
        helper.make_tensor_value_info("inner", TensorProto.INT64, [2]),
    ]
    return _finish(model, nodes, renamed, inputs, ["samples"])


def make_practice(model: onnx.ModelProto) -> onnx.ModelProto:
    """The generator as it was, which tells what goes through its norms: `mean` and `variance`, [num_channels] each."""
    nodes = [*model.graph.node, *_tell_statistics(Wiring(model.graph))]
    renamed = {_UPSAMPLED: "upsampled", _SOURCE: "source"}
    timbre = [port for port in model.graph.input if port.name.startswith("timbre")]
    inputs = [_port("upsampled", [1, 256, "num_steps"]), _port("source", [1, 22, "num_source_steps"]), *timbre]
    practice = _finish(model, nodes, renamed, inputs, ["mean", "variance"])
    _order_by_need(practice.graph)
    return practice


def _order_by_need(graph: onnx.GraphProto) -> None:
    """Put each node right before the first that reads it, the statistics of each norm as soon as there are any.

    Run in this order (`OnnxSession`, `runs_as_written`), what a norm reads is forgotten before the next one's is made.
    """
    wiring = Wiring(graph)
    ordered: list[onnx.NodeProto] = []
    placed: set[str] = set()
    wanted = chain.from_iterable(zip(*(node.input for node in graph.node[-2:]), strict=True))
    waiting = [(name, False) for name in reversed([*wanted, "mean", "variance"])]
    while waiting:
        name, are_inputs_placed = waiting.pop()
        if name in placed or name not in wiring.makers:
            continue
        node = wiring.makers[name]
        if are_inputs_placed:
            ordered.append(node)
            placed.update(node.output)
        else:
            waiting += [(name, True), *((read, False) for read in reversed(node.input))]
    del graph.node[:]
    graph.node.extend(ordered)


def _tell_statistics(wiring: Wiring) -> list[onnx.NodeProto]:
    """Nodes that compute `mean` and `variance` over time of what goes into each norm, one behind the other."""
    axis = wiring.constant("time", np.array([2], np.int64))
    flat = wiring.constant("all", np.array([-1], np.int64))
    nodes = []
    for k, norm in enumerate(wiring.norms):
        x = norm.input[0]
        nodes += [
            helper.make_node("ReduceMean", [x, axis], [f"mean{k}"]),
            helper.make_node("Sub", [x, f"mean{k}"], [f"centred{k}"]),
            helper.make_node("Mul", [f"centred{k}", f"centred{k}"], [f"square{k}"]),
            helper.make_node("ReduceMean", [f"square{k}", axis], [f"variance{k}"]),
            helper.make_node("Reshape", [f"mean{k}", flat], [f"mean{k}~flat"]),
            helper.make_node("Reshape", [f"variance{k}", flat], [f"variance{k}~flat"]),
        ]
    for name in ("mean", "variance"):
        parts = [f"{name}{k}~flat" for k in range(len(wiring.norms))]
        nodes.append(helper.make_node("Concat", parts, [name], axis=0))
    return nodes


def _fix_norm(wiring: Wiring, k: int, norm: onnx.NodeProto, column: str) -> dict[str, list[onnx.NodeProto]]:
    """A norm becomes its input times `scales{k}` plus `shifts{k}`; of a convolution nobody else reads, its product's."""
    x, angle = norm.input[0], norm.output[0]
    turned = wiring.makers[wiring.makers[x].input[0]] if x in wiring.makers else norm
    product = wiring.makers.get(turned.input[0], norm)
    if len(wiring.readers[x]) > 1 or product.op_type != "MatMulIntegerToFloat":
        upright = [f"scale{k}", f"shift{k}"]
        return {
            angle: [
                helper.make_node("Reshape", [f"scales{k}", column], [upright[0]]),
                helper.make_node("Reshape", [f"shifts{k}", column], [upright[1]]),
                helper.make_node("Mul", [x, upright[0]], [f"scaled{k}"]),
                helper.make_node("Add", [f"scaled{k}", upright[1]], [angle]),
            ]
        }
    data, matrix, data_scale, matrix_scale, data_zero, matrix_zero, bias = product.input
    scaled = helper.make_node(product.op_type, [], list(product.output), name=product.name, domain=product.domain)
    scaled.input.extend([data, matrix, data_scale, f"matrix_scale{k}", data_zero, matrix_zero, f"bias{k}"])
    reshaped = wiring.makers[x]
    return {
        product.output[0]: [
            helper.make_node("Mul", [matrix_scale, f"scales{k}"], [f"matrix_scale{k}"]),
            helper.make_node("Mul", [bias, f"scales{k}"], [f"scaled_bias{k}"]),
            helper.make_node("Add", [f"scaled_bias{k}", f"shifts{k}"], [f"bias{k}"]),
            scaled,
        ],
        x: [helper.make_node(reshaped.op_type, list(reshaped.input), [angle], name=reshaped.name)],
        angle: [],
    }


def _fix_quantiser(
    wiring: Wiring, quantiser: onnx.NodeProto, lowest: float, highest: float
) -> dict[str, list[onnx.NodeProto]]:
    """One scale for all segments. Where a snake ends in a product with constants, these move into the scale."""
    scale = max(highest - lowest, 1e-6) / 255
    zero = round(min(max(-lowest / scale, 0), 255))
    data, scale_name, zero_name = quantiser.output
    x = quantiser.input[0]
    wiring.constant(scale_name, np.array(scale, np.float32))
    wiring.constant(zero_name, np.array(zero, np.uint8))
    snake = wiring.makers.get(x)
    divisor = next((name for name in snake.input if name in wiring.tensors), None) if snake is not None else None
    if snake is None or snake.op_type != "Mul" or divisor is None or len(wiring.readers[x]) > 2:
        return {data: [helper.make_node("QuantizeLinear", [x, scale_name, zero_name], [data])]}
    bent = next(name for name in snake.input if name != divisor)
    per_channel = (scale / wiring.array(divisor).reshape(-1)).astype(np.float32)
    scales = wiring.constant(f"{scale_name}~channels", per_channel)
    zeros = wiring.constant(f"{zero_name}~channels", np.full(len(per_channel), zero, np.uint8))
    return {data: [helper.make_node("QuantizeLinear", [bent, scales, zeros], [data], axis=1)]}


def _cut_second_stage(wiring: Wiring, nodes: Sequence[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """The second stage sees less far: it is computed for the steps from `inner[0]` to `inner[1]` only."""
    axis = wiring.constant("axis~2", np.array([2], np.int64))
    one = wiring.constant("one", np.array([1, 1], np.int64))
    cut = [
        helper.make_node("Split", ["inner", one], ["inner_from", "inner_to"], axis=0),
        helper.make_node("Slice", [_BEFORE_SECOND_STAGE, "inner_from", "inner_to", axis], ["inner_steps"]),
    ]
    source, inner_source, quantised = _SOURCE, "inner_source", []
    for quantiser in (node for node in wiring.quantisers if node.input[0] == _SOURCE):  # there is none among floats
        source, scale, zero = quantiser.output
        quantised = [helper.make_node("QuantizeLinear", [inner_source, scale, zero], ["inner_source_quantised"])]
        inner_source = "inner_source_quantised"
    result: list[onnx.NodeProto] = []
    for node in nodes:
        if node.op_type == "ConvTranspose" and _BEFORE_SECOND_STAGE in node.input:
            result += cut
            node.input[0] = "inner_steps"
        if node.name.startswith(_SECOND_SOURCE) and source in node.input:
            result += quantised
            node.input[0] = inner_source
        result.append(node)
    return result


def _convolve_for_spectrum(wiring: Wiring) -> list[onnx.NodeProto]:
    """The STFT of the pitch source as a convolution with its windowed cosines and sines.

    Where nothing is voiced the source is one number, and all but the lowest two bins are what STFT rounds to; but their
    phase counts as any other does. A bias makes the convolution round to the same there.
    """
    stft = next(node for node in wiring.graph.node if node.op_type == "STFT")
    samples, step, window, length = stft.input
    num, hop = (int(wiring.array(name)) for name in (length, step))
    turns = np.outer(np.arange(num // 2 + 1), np.arange(num)) / num
    waves = np.exp(-2j * np.pi * turns) * wiring.array(window).astype(np.float64)
    rows = np.concatenate([waves.real, waves.imag]).astype(np.float32)[:, np.newaxis]
    level = np.tanh(wiring.array(_SOURCE_BIAS))
    convolution = helper.make_node("Conv", ["upright", "rows", "rounding"], ["spectrum"], strides=[hop])
    unbiased = helper.make_node("Conv", ["upright", "rows"], ["spectrum"], strides=[hop])
    silence = np.full((1, num), level, np.float32)
    rounded = _compute(stft, wiring, {samples: silence})
    plain = _compute(unbiased, wiring, {"upright": silence[:, np.newaxis], "rows": rows})
    bias = rounded[0, 0].T.reshape(-1) - plain.reshape(-1)
    wiring.constant("rows", rows)
    wiring.constant("rounding", bias)
    channel = wiring.constant("channel", np.array([1], np.int64))
    turned = next(node for node in wiring.readers[stft.output[0]])
    parts = sorted(wiring.readers[turned.output[0]], key=lambda node: int(wiring.array(node.input[1])))
    new = [
        helper.make_node("Unsqueeze", [samples, channel], ["upright"]),
        convolution,
        helper.make_node("Split", ["spectrum"], [node.output[0] for node in parts], axis=1, num_outputs=2),
    ]
    replaced = {id(node) for node in (turned, *parts)}
    nodes = (new if node is stft else [node] for node in wiring.graph.node if id(node) not in replaced)
    return [node for some in nodes for node in some]


def _compute(node: onnx.NodeProto, wiring: Wiring, given: dict[str, np.ndarray]) -> np.ndarray:
    """What ONNX Runtime makes of a node whose other inputs are constants."""
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape) for name, value in given.items()]
    constants = [wiring.tensors[name] for name in node.input if name not in given]
    graph = helper.make_graph([node], "one", inputs, [_port(node.output[0], None)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, given)[0])


def _finish(
    model: onnx.ModelProto,
    nodes: Iterable[onnx.NodeProto],
    renamed: dict[str, str],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[str],
) -> onnx.ModelProto:
    """Keep what leads from the inputs to the outputs."""
    given = {port.name for port in inputs}
    needed, kept = set(outputs), []
    for node in reversed(list(nodes)):
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
        if any(name in needed and name not in given for name in node.output):
            kept.append(node)
            needed.update(node.input)
    graph = helper.make_graph(
        kept[::-1],
        "kokoro_streaming",
        list(inputs),
        [_port(name, None) for name in outputs],
        [tensor for tensor in model.graph.initializer if tensor.name in needed],
    )
    finished = helper.make_model(graph, opset_imports=list(model.opset_import))
    finished.ir_version = model.ir_version
    return finished


def _port(name: str, shape: Sequence[int | str] | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def leave_weights(model: onnx.ModelProto, content: bytes) -> bytes:
    """Replace each weight by where it lies in the weight file, whose content is given."""
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) > _LARGEST_CONSTANT_BYTES and (place := content.find(tensor.raw_data)) >= 0:
            entries = {"location": DECODER, "offset": place, "length": len(tensor.raw_data)}
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in entries.items():
                tensor.external_data.add(key=key, value=str(value))
    return model.SerializeToString(deterministic=True)


def make_graph_files(content: bytes, lowest: Sequence[float], highest: Sequence[float]) -> dict[str, bytes]:
    """Archives of the graphs, by the device that they are for. content: of the weight file."""

    def decoder() -> onnx.ModelProto:
        return onnx.load_model_from_string(content)

    shape, sound = make_shape(decoder()), make_sound(decoder(), lowest, highest)
    float_shape, float_sound = make_shape(make_float(decoder())), make_sound(make_float(decoder()))
    return {
        "cpu": _archive({"shape": shape, "sound": sound, "practice": make_practice(decoder())}, content),
        "cuda": _archive({"shape": float_shape, "sound": float_sound}, content),
    }


def _archive(models: dict[str, onnx.ModelProto], content: bytes) -> bytes:
    parts = {f"{name}.onnx": leave_weights(model, content) for name, model in models.items()}
    parts["source.txt"] = sha256(content).hexdigest().encode()
    archive = BytesIO()
    with ZipFile(archive, "w", ZIP_LZMA) as zipped:
        for name, part in parts.items():
            zipped.writestr(ZipInfo(name), part, ZIP_LZMA)
    return archive.getvalue()


def main() -> None:
    content = (Settings().weights_dir / DECODER).read_bytes()
    ranges = json.loads(RANGES.read_text())
    made = make_graph_files(content, ranges["lowest"], ranges["highest"])
    for device, graph_file in made.items():
        (SHIPPED / GRAPH_FILES[device]).write_bytes(graph_file)
    record_digests()


if __name__ == "__main__":
    main()
