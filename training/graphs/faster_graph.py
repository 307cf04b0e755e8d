"""Rewrites the dynamically quantised decoder into operators that ONNX Runtime has fast kernels for.

Three patterns of Kokoro's export, each replaced by what computes the same:

- Integer convolution. `ConvInteger` multiplies unsigned by unsigned and packs its weights anew each time; a matrix
  product of unsigned data with signed constant weights uses the processor's own instruction for it (VNNI) and is
  packed once. The columns of a convolution are gathered from the transposed data. The weights have seven bits, so
  less 64 they fit a signed byte, and no pair of products leaves 16 bits on processors without that instruction
  (2 x 255 x 64 < 32768): the integers are the same on every machine.
- Instance norm, written as seven operators that each pass over memory, becomes one.
- Snake, x + sin(a x)^2 / a: the norm before it yields a x at once.

Biases were rounded to the integers' grid and are no longer. All else differs by float rounding only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import helper, numpy_helper

_SIGNED_SHIFT = 64
_MAX_WEIGHT = 127
_MIN_CHANNELS = 16
"""Convolutions narrower than this stay as they are: pitch and energy have one channel."""


@dataclass(slots=True, eq=False)
class _Graph:
    """A graph with its wiring, and what replaces some of its nodes."""

    proto: Any
    tensors: dict[str, Any] = field(default_factory=dict)
    producers: dict[str, Any] = field(default_factory=dict)
    consumers: dict[str, list[Any]] = field(default_factory=dict)
    replaced: dict[str, list[Any]] = field(default_factory=dict)
    """New nodes by the tensor that they compute."""
    lengths: dict[str, str] = field(default_factory=dict)
    """For each tensor one that is as long: the first of its kind."""
    indices: dict["tuple[str, _Window]", str] = field(default_factory=dict)
    """See `_tap_indices`."""
    _pending: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tensors = {tensor.name: tensor for tensor in self.proto.initializer}
        for node in self.proto.node:
            for output in node.output:
                self.producers[output] = node
            for name in node.input:
                self.consumers.setdefault(name, []).append(node)
            self.lengths[node.output[0]] = self._length_of(node)

    def constant(self, name: str, value: npt.ArrayLike, dtype: npt.DTypeLike) -> str:
        if name not in self.tensors:
            array = np.array(value, dtype=dtype, order="C")
            self.tensors[name] = numpy_helper.from_array(array, name)
            self.proto.initializer.append(self.tensors[name])
        return name

    def array(self, name: str) -> npt.NDArray[Any] | None:
        return numpy_helper.to_array(self.tensors[name]) if name in self.tensors else None

    def add(self, operator: str, inputs: Sequence[str], outputs: str | Sequence[str], **attributes: object) -> str:
        """Queue a node for the next `replace`. Returns its first output."""
        names = [outputs] if isinstance(outputs, str) else list(outputs)
        domain = "com.microsoft" if operator == "MatMulIntegerToFloat" else None
        node = helper.make_node(operator, list(inputs), names, name=names[0], domain=domain)
        node.attribute.extend(helper.make_attribute(key, attributes[key]) for key in sorted(attributes))
        self._pending.append(node)
        return names[0]

    def replace(self, output: str) -> None:
        """What was added since the last time takes the place of the node that computes `output`."""
        self.replaced[output] = self._pending
        self._pending = []

    def producer(self, name: str, *operators: str) -> Any | None:
        node = self.producers.get(name)
        return node if node is not None and node.op_type in operators else None

    def only_consumer(self, name: str, operator: str) -> Any | None:
        consumers = self.consumers.get(name, [])
        return consumers[0] if len(consumers) == 1 and consumers[0].op_type == operator else None

    def _length_of(self, node: Any) -> str:
        keeps = node.op_type in _KEEPS_LENGTH or (node.op_type == "ConvInteger" and _keeps_length(node))
        lengths = (self.lengths.get(name) for name in node.input) if keeps else iter(())
        return next((length for length in lengths if length is not None), node.output[0])

    def finish(self) -> None:
        """Write the replacements into the graph and drop what nothing needs any more."""
        nodes = [new for node in self.proto.node for new in self.replaced.get(node.output[0], [node])]
        needed = {output.name for output in self.proto.output}
        kept = []
        for node in reversed(nodes):
            if any(output in needed for output in node.output):
                kept.append(node)
                needed.update(node.input)
        tensors = [tensor for tensor in self.proto.initializer if tensor.name in needed]
        del self.proto.node[:], self.proto.initializer[:]
        self.proto.node.extend(reversed(kept))
        self.proto.initializer.extend(tensors)


_KEEPS_LENGTH = frozenset({"Add", "Mul", "Sub", "Div", "Sin", "Pow", "LeakyRelu", "DynamicQuantizeLinear", "Cast"})


def make_faster(graph: Any) -> None:
    """Rewrite a GraphProto in place. It needs the domain `com.microsoft` afterwards."""
    wired = _Graph(graph)
    for node in list(graph.node):
        if node.op_type == "Div":
            _join_instance_norm(wired, node)
    for node in list(graph.node):
        if node.op_type == "ConvInteger":
            _multiply_instead(wired, node)
    wired.finish()


def _attributes(node: Any) -> dict[str, Any]:
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def _keeps_length(node: Any) -> bool:
    attributes = _attributes(node)
    reach = attributes["dilations"][0] * (attributes["kernel_shape"][0] - 1)
    return bool(attributes["strides"][0] == 1 and sum(attributes["pads"]) == reach)


def _multiply_instead(graph: _Graph, node: Any) -> None:
    """ConvInteger, bias, cast and scale -> gathered columns times a matrix."""
    weight = graph.array(node.input[1])
    zero = graph.array(node.input[3])
    quantised = graph.producer(node.input[0], "DynamicQuantizeLinear")
    attributes = _attributes(node)
    if weight is None or zero is None or quantised is None or weight.shape[1] < _MIN_CHANNELS:
        return
    if weight.max() > _MAX_WEIGHT or attributes["group"] != 1:
        return
    finished, bias = _follow_to_float(graph, node)
    num_out, num_in, width = weight.shape
    stride, dilation, pads = attributes["strides"][0], attributes["dilations"][0], list(attributes["pads"])
    stem = node.name
    matrix = (weight.astype(np.int16) - _SIGNED_SHIFT).transpose(2, 1, 0).reshape(width * num_in, num_out)
    data, scale, data_zero = quantised.output

    flat = graph.add("Reshape", [data, graph.constant(f"rows~{num_in}", [num_in, -1], np.int64)], f"{stem}~rows")
    columns = graph.add("Transpose", [flat], f"{stem}~columns", perm=[1, 0])
    if any(pads):
        around = graph.constant(f"pads~{pads}", [pads[0], 0, pads[1], 0], np.int64)
        columns = graph.add("Pad", [columns, around, data_zero], f"{stem}~padded")
    if width > 1 or stride > 1:
        taps = _tap_indices(graph, quantised.input[0], _Window(width, stride, dilation, sum(pads)))
        gathered = graph.add("Gather", [columns, taps], f"{stem}~taps", axis=0)
        shape = graph.constant(f"taps~{width * num_in}", [-1, width * num_in], np.int64)
        columns = graph.add("Reshape", [gathered, shape], f"{stem}~matrix")
    inputs = [
        columns,
        graph.constant(f"{node.input[1]}~signed", matrix, np.int8),
        scale,
        f"{node.input[1].removesuffix('_quantized')}_scale",
        data_zero,
        graph.constant(f"zero~{int(zero) - _SIGNED_SHIFT}", int(zero) - _SIGNED_SHIFT, np.int8),
    ]
    product = graph.add("MatMulIntegerToFloat", [*inputs, *([bias] if bias else [])], f"{stem}~product")
    turned = graph.add("Transpose", [product], f"{stem}~turned", perm=[1, 0])
    graph.add("Reshape", [turned, graph.constant(f"channels~{num_out}", [1, num_out, -1], np.int64)], finished)
    graph.replace(finished)


def _follow_to_float(graph: _Graph, node: Any) -> tuple[str, str]:
    """Where the scaled result of an integer convolution is, and its bias ("" for none)."""
    output, bias = node.output[0], ""
    (following,) = graph.consumers[output]
    if following.op_type == "Add":
        rounded = graph.producers[next(name for name in following.input if name != output)]
        while rounded.op_type != "Div":
            rounded = graph.producers[rounded.input[0]]
        output, bias = following.output[0], rounded.input[0]
        (following,) = graph.consumers[output]
    (scaled,) = graph.consumers[following.output[0]]
    return scaled.output[0], bias


@dataclass(frozen=True, slots=True)
class _Window:
    """What of its input a convolution looks at."""

    width: int
    stride: int
    dilation: int
    padding: int


def _tap_indices(graph: _Graph, source: str, window: _Window) -> str:
    """[num_outputs, width] rows of the padded input that each output sees; made once for inputs of one length."""
    key = (graph.lengths.get(source, source), window)
    if key in graph.indices:
        return graph.indices[key]
    width, stride, dilation = window.width, window.stride, window.dilation
    missing = window.padding - dilation * (width - 1)
    stem = f"{source}~taps{width}x{dilation}"
    length = graph.add("Squeeze", [graph.add("Shape", [source], f"{stem}~shape", start=2)], f"{stem}~length")
    end = graph.add("Add", [length, graph.constant(f"integer~{missing}", missing, np.int64)], f"{stem}~end")
    first, step = (graph.constant(f"integer~{value}", value, np.int64) for value in (0, stride))
    starts = graph.add("Range", [first, end, step], f"{stem}~starts")
    upright = graph.add("Unsqueeze", [starts, graph.constant("axis~1", [1], np.int64)], f"{stem}~upright")
    offsets = graph.constant(f"offsets~{width}x{dilation}", np.arange(width)[np.newaxis] * dilation, np.int64)
    graph.indices[key] = graph.add("Add", [upright, offsets], stem)
    return stem


def _join_instance_norm(graph: _Graph, quotient: Any) -> None:
    """(x - mean) / sqrt(mean((x - mean)^2) + eps), times gain, plus offset -> InstanceNormalization, and the snake."""
    centred, root = graph.producer(quotient.input[0], "Sub"), graph.producer(quotient.input[1], "Sqrt")
    mean = graph.producer(centred.input[1], "ReduceMean") if centred is not None else None
    total = graph.producer(root.input[0], "Add") if root is not None else None
    if centred is None or mean is None or total is None or mean.input[0] != centred.input[0]:
        return
    x = centred.input[0]
    epsilon = next(float(array.reshape(-1)[0]) for name in total.input if (array := graph.array(name)) is not None)
    for scaled in graph.consumers[quotient.output[0]]:
        shifted = graph.only_consumer(scaled.output[0], "Add")
        if scaled.op_type != "Mul" or shifted is None:
            return
        gain = next(name for name in scaled.input if name != quotient.output[0])
        offset = next(name for name in shifted.input if name != scaled.output[0])
        output = shifted.output[0]
        snake = _find_snake(graph, output)
        stem = scaled.name
        everything = graph.constant("flat", [-1], np.int64)
        gain = graph.add("Reshape", [gain, everything], f"{stem}~gain")
        offset = graph.add("Reshape", [offset, everything], f"{stem}~offset")
        if snake is None:
            graph.add("InstanceNormalization", [x, gain, offset], output, epsilon=epsilon)
            graph.replace(output)
            continue
        alpha = graph.constant(f"{snake.alpha}~flat", _flat(graph, snake.alpha), np.float32)
        gain = graph.add("Mul", [gain, alpha], f"{stem}~gain_alpha")
        offset = graph.add("Mul", [offset, alpha], f"{stem}~offset_alpha")
        angle = graph.add("InstanceNormalization", [x, gain, offset], f"{stem}~angle", epsilon=epsilon)
        sine = graph.add("Sin", [angle], f"{stem}~sine")
        square = graph.add("Mul", [sine, sine], f"{stem}~square")
        bent = graph.add("Add", [angle, square], f"{stem}~bent")
        graph.add("Mul", [bent, snake.reciprocal], snake.output)
        graph.replace(snake.output)


def _flat(graph: _Graph, name: str) -> npt.NDArray[Any]:
    array = graph.array(name)
    assert array is not None
    return array.reshape(-1)


@dataclass(frozen=True, slots=True)
class _Snake:
    alpha: str
    reciprocal: str
    output: str


def _find_snake(graph: _Graph, x: str) -> _Snake | None:
    consumers = graph.consumers.get(x, [])
    if sorted(node.op_type for node in consumers) != ["Add", "Mul"]:
        return None
    product, total = sorted(consumers, key=lambda node: node.op_type, reverse=True)
    sine = graph.only_consumer(product.output[0], "Sin")
    power = graph.only_consumer(sine.output[0], "Pow") if sine is not None else None
    scaled = graph.only_consumer(power.output[0], "Mul") if power is not None else None
    if power is None or scaled is None or scaled.output[0] not in total.input:
        return None
    alpha = next(name for name in product.input if name != x)
    reciprocal = next(name for name in scaled.input if name != power.output[0])
    if graph.array(alpha) is None or graph.array(reciprocal) is None:
        return None
    return _Snake(alpha, reciprocal, total.output[0])
