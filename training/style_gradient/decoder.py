"""The decoder in floats and without its last step, so that it can be differentiated."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from training.style_gradient.builder import GraphBuilder
from training.style_gradient.existing import Recipe, append, is_weight, keep_needed

DECODER = "kokoro/decoder.onnx"


def decode(b: GraphBuilder, decoder: onnx.ModelProto) -> str:
    """Add the decoder, whose inputs have the names that they have in the builder. Returns [1, 1, 600 F] at 24 kHz."""
    made = dequantise(decoder)
    basis = _cut_before_inverse_stft(decoder)
    (spectrum,) = append(b, decoder, DECODER, {value.name: value.name for value in decoder.graph.input}, made)
    factor = b.constant((20 / 5) / 1.5)
    kernel = b.op("Mul", leaf(b, basis), factor)
    return b.op("ConvTranspose", spectrum, kernel, strides=[5], pads=[10, 10])


def dequantise(model: onnx.ModelProto) -> dict[str, Recipe]:
    """Replace integer convolutions and products by float ones, in place; the weights keep their int8 values.

    Those of wide convolutions stay int8 in memory and become float, for a moment, when they are used.
    Returns: how to make the weights that the model then reads.
    """
    integer = _Integer(model.graph)
    for node in model.graph.node:
        if node.op_type == "MatMulIntegerToFloat":
            integer.undo_faster(node)
        elif node.op_type in {"ConvInteger", "MatMulInteger"}:
            integer.undo_quantised(node)
    nodes = [new for node in model.graph.node for new in integer.floats.get(node.output[0], [node])]
    keep_needed(model.graph, nodes)
    return integer.made


def leaf(b: GraphBuilder, tensor: TensorProto) -> str:
    """A tensor of the decoder: a weight, or a constant if it is tiny."""
    if is_weight(tensor):
        return b.weight(DECODER, tensor)
    array = numpy_helper.to_array(tensor)
    return b.constant(array, array.dtype)


@dataclass(slots=True, eq=False)
class _Integer:
    """The quantised graph with its wiring, and what replaces some of its nodes."""

    graph: onnx.GraphProto
    tensors: dict[str, TensorProto] = field(default_factory=dict)
    producers: dict[str, onnx.NodeProto] = field(default_factory=dict)
    consumers: dict[str, list[onnx.NodeProto]] = field(default_factory=dict)
    floats: dict[str, list[onnx.NodeProto]] = field(default_factory=dict)
    """New nodes by the first output of the old one, or of what it feeds."""
    made: dict[str, Recipe] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tensors = {tensor.name: tensor for tensor in self.graph.initializer}
        for node in self.graph.node:
            self.producers.update(dict.fromkeys(node.output, node))
            for name in node.input:
                self.consumers.setdefault(name, []).append(node)

    def undo_quantised(self, product: onnx.NodeProto) -> None:
        """ConvInteger or MatMulInteger, bias, cast and scale -> Conv or MatMul."""
        weight_name = product.input[1]
        weight, scale = self.tensors[weight_name], self.tensors[weight_name.removesuffix("_quantized") + "_scale"]
        zero = self.tensors[product.input[3]]
        output, bias = product.output[0], []
        following = self.consumers[output][0]
        if following.op_type == "Add":
            other = self.producers[next(name for name in following.input if name != output)]
            while other.op_type != "Div":
                other = self.producers[other.input[0]]
            output, bias = following.output[0], [other.input[0]]
            following = self.consumers[output][0]
        finished = self.consumers[following.output[0]][0].output[0]

        def widen(b: GraphBuilder) -> str:
            whole, nothing = (b.op("Cast", leaf(b, tensor), to=TensorProto.FLOAT) for tensor in (weight, zero))
            return b.op("Mul", b.op("Sub", whole, nothing), leaf(b, scale))

        name = f"{weight_name}~float"
        self.made[name] = widen
        kind = product.op_type.removesuffix("Integer")
        source = self.producers[product.input[0]].input[0]
        replacement = helper.make_node(kind, [source, name, *bias], [finished], name=f"{product.name}~float")
        replacement.attribute.extend(product.attribute)
        self.floats[finished] = [replacement]

    def undo_faster(self, product: onnx.NodeProto) -> None:
        """What `training.graphs.faster_graph` made a product of gathered columns -> Conv."""
        width, stride, dilation, pads = 1, 1, 1, [0, 0]
        node = self.producers[product.input[0]]
        if node.op_type == "Reshape":
            gathered = self.producers[node.input[0]]
            taps = self.producers[gathered.input[1]]
            offsets = self._constant(taps.input[1]).reshape(-1).tolist()
            starts = self.producers[self.producers[taps.input[0]].input[0]]
            width, stride, dilation = len(offsets), int(self._constant(starts.input[2])), offsets[1] - offsets[0]
            node = self.producers[gathered.input[0]]
        if node.op_type == "Pad":
            around = self._constant(node.input[1])
            pads = [int(around[0]), int(around[2])]
        matrix = self.tensors[product.input[1]]
        rows, num_out = matrix.dims
        by_tap = [width, rows // width, num_out]

        def turn(b: GraphBuilder) -> str:
            return b.op("Transpose", b.op("Reshape", leaf(b, matrix), b.constant(by_tap, np.int64)), perm=[2, 1, 0])

        name, kernel = f"{matrix.name}~kernel", f"{product.name}~kernel"
        self.made[name] = turn
        turned = self.consumers[product.output[0]][0]
        output = self.consumers[turned.output[0]][0].output[0]
        self.floats[output] = [
            helper.make_node("DequantizeLinear", [name, product.input[3], product.input[5]], [kernel], name=kernel),
            helper.make_node(
                "Conv",
                [self.producers[product.input[2]].input[0], kernel, *product.input[6:7]],
                [output],
                name=f"{product.name}~float",
                kernel_shape=[width],
                strides=[stride],
                dilations=[dilation],
                pads=pads,
                group=1,
            ),
        ]

    def _constant(self, name: str) -> npt.NDArray[np.int64]:
        return np.asarray(numpy_helper.to_array(self.tensors[name]))


def _cut_before_inverse_stft(model: onnx.ModelProto) -> TensorProto:
    """End the decoder at its spectrum; returns the inverse basis, [22, 1, 20].

    What the basis lacks is the window's overlap. In the middle of the signal squared Hann windows of 20 samples, 5
    apart, add up to 1.5; the graph's own factor is 20 / 5. The first and last 10 samples differ; they are cut or silent.
    """
    graph = model.graph
    inverse = next(
        node for node in graph.node if node.op_type == "ConvTranspose" and node.input[1].endswith("inverse_basis")
    )
    basis = next(tensor for tensor in graph.initializer if tensor.name == inverse.input[1])
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(inverse.input[0], TensorProto.FLOAT, None))
    keep_needed(graph, list(graph.node))
    return basis
