"""Reverse-mode differentiation of an ONNX graph: the gradient becomes part of the graph, so no torch is needed.

Only what the decoder and the speaker judges are made of, and only with respect to activations: weights are constants.
All shapes must be static, which `freeze_shapes` sees to.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

Array = npt.NDArray[np.generic]


@dataclass(slots=True, eq=False)
class GraphBuilder:
    """A graph under construction: nodes in order, constants by name, shapes where they are needed."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    lstm_weights: dict[str, tuple[str, Array, Array]] = field(default_factory=dict)
    """Of each `lstm`, by its output: input, weights, recurrence."""
    scope: str = ""
    """Sets the names of a subgraph apart from those around it."""
    _count: int = 0

    def name(self, hint: str) -> str:
        self._count += 1
        return f"{self.scope}{hint}~{self._count}"

    def constant(self, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        array = np.asarray(value, dtype=dtype)
        array = np.ascontiguousarray(array)
        if array.size <= 8:
            name = f"{self.scope}const~{array.dtype}~{array.shape}~{array.tolist()}"
        else:
            name = self.name("const")
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(array, name)
            self.shapes[name] = array.shape
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        output = self.name(kind)
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def ops(self, kind: str, count: int, *inputs: str, **attributes: Any) -> list[str]:
        outputs = [self.name(kind) for _ in range(count)]
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, name=outputs[0], **attributes))
        return outputs

    def value(self, name: str) -> Array:
        """The array of a constant."""
        return np.asarray(numpy_helper.to_array(self.constants[name]))


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """Whatever a node holds; onnx does not type it."""
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


Rule = Callable[["_Backward", onnx.NodeProto, str], None]
"""(state, node, gradient of its first output) -> adds to the gradients of its inputs."""


class _Backward:
    """The state of one backward pass."""

    def __init__(self, builder: GraphBuilder, wanted: frozenset[str]) -> None:
        self.builder = builder
        self.wanted = wanted
        self.parts: dict[str, list[str]] = {}
        self.producers = {output: node for node in builder.nodes for output in node.output}

    def add(self, name: str, gradient: str) -> None:
        if name in self.wanted:
            self.parts.setdefault(name, []).append(gradient)

    def add_broadcast(self, name: str, make: Callable[[], str], output_shape: tuple[int, ...]) -> None:
        """Add a gradient of `output_shape` to an input that was broadcast to it."""
        if name not in self.wanted:
            return
        gradient = make()
        shape = self.builder.shapes[name]
        padded = (1,) * (len(output_shape) - len(shape)) + shape
        axes = [axis for axis, (small, big) in enumerate(zip(padded, output_shape, strict=True)) if small != big]
        if axes:
            gradient = self.builder.op("ReduceSum", gradient, self.builder.constant(axes, np.int64), keepdims=1)
        if len(shape) != len(output_shape):
            gradient = self.builder.op("Reshape", gradient, self.builder.constant(shape, np.int64))
        self.add(name, gradient)

    def total(self, name: str) -> str | None:
        parts = self.parts.get(name)
        if not parts:
            return None
        total = parts[0]
        for part in parts[1:]:
            total = self.builder.op("Add", total, part)
        return total


def differentiate(builder: GraphBuilder, loss: str, wrt: Sequence[str]) -> list[str]:
    """Append the backward pass of a scalar to its own graph.

    loss: name of a tensor of one element; wrt: inputs of the graph that it depends on.
    Returns the names of the gradients, in the order of `wrt`.
    Raises: NotImplementedError for an operator without a rule on the way.
    """
    wanted = set(wrt)
    for node in builder.nodes:
        if any(name in wanted for name in node.input):
            wanted.update(node.output)
    state = _Backward(builder, frozenset(wanted))
    state.parts[loss] = [builder.constant(np.ones(builder.shapes[loss]))]
    for node in reversed(list(builder.nodes)):
        if node.op_type == "Split":
            _split(state, node)
            continue
        if node.op_type == "Scan":
            _lstm_scan(state, node)
            continue
        gradient = state.total(node.output[0])
        if gradient is None:
            continue
        if not _snake(state, node, gradient):
            rule = _RULES.get(node.op_type)
            if rule is None:
                raise NotImplementedError(f"no derivative of {node.op_type} ({node.name})")
            rule(state, node, gradient)
    totals = [state.total(name) for name in wrt]
    return [total for total in totals if total is not None]


def _producer(state: _Backward, name: str, kind: str) -> onnx.NodeProto | None:
    node = state.producers.get(name)
    return node if node is not None and node.op_type == kind else None


def _snake(state: _Backward, node: onnx.NodeProto, gradient: str) -> bool:
    """v + sin(v)^2 has the slope 1 + sin(2 v)."""
    square = _producer(state, node.input[1], "Mul") if node.op_type == "Add" else None
    sine = _producer(state, square.input[0], "Sin") if square is not None else None
    if square is None or sine is None or square.input[0] != square.input[1] or sine.input[0] != node.input[0]:
        return False
    b, angle = state.builder, node.input[0]
    bend = b.op("Mul", gradient, b.op("Sin", b.op("Add", angle, angle)))
    state.add(angle, b.op("Add", gradient, bend))
    return True


def _instance_norm(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    """y = gain c / sd + offset with c = x - mean(x), over the last axis.

    d offset = sum(g), d gain = sum(g c) / sd, dx = gain / sd (g - mean(g) - c mean(g c) / var).
    Worked out anew from x, so that nothing but x has to be kept for it.
    """
    b, (x, gain, offset) = state.builder, node.input
    shape = b.shapes[x]
    axes, upright = b.constant([len(shape) - 1], np.int64), b.constant([1, shape[1], 1], np.int64)
    flat = b.constant([shape[1]], np.int64)
    epsilon = _attributes(node).get("epsilon", 1e-5)
    centred = b.op("Sub", x, b.op("ReduceMean", x, axes, keepdims=1))
    variance = b.op("Mul", b.op("ReduceSumSquare", centred, axes, keepdims=1), b.constant(1.0 / shape[-1]))
    inverse = b.op("Reciprocal", b.op("Sqrt", b.op("Add", variance, b.constant(epsilon))))
    mean = b.op("ReduceMean", gradient, axes, keepdims=1)
    slope = b.op("Mul", b.op("ReduceMean", b.op("Mul", gradient, centred), axes, keepdims=1), inverse)
    count = b.constant(float(shape[-1]))
    state.add(offset, b.op("Reshape", b.op("Mul", mean, count), flat))
    state.add(gain, b.op("Reshape", b.op("Mul", slope, count), flat))
    if x in state.wanted:
        scale = b.op("Mul", b.op("Reshape", gain, upright), inverse)
        bend = b.op("Mul", b.op("Mul", scale, slope), inverse)
        straight = b.op("Sub", b.op("Mul", gradient, scale), b.op("Mul", mean, scale))
        state.add(x, b.op("Sub", straight, b.op("Mul", centred, bend)))


def _split(state: _Backward, node: onnx.NodeProto) -> None:
    if node.input[0] not in state.wanted:
        return
    b = state.builder
    gradients = [state.total(output) for output in node.output]
    if all(gradient is None for gradient in gradients):
        return
    full = [
        gradient if gradient is not None else b.constant(np.zeros(b.shapes[output]))
        for gradient, output in zip(gradients, node.output, strict=True)
    ]
    axis = _attributes(node).get("axis", 0)
    state.add(node.input[0], b.op("Concat", *full, axis=axis))


def _add(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    shape = state.builder.shapes[node.output[0]]
    for name in node.input:
        state.add_broadcast(name, lambda: gradient, shape)


def _sub(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    shape = state.builder.shapes[node.output[0]]
    state.add_broadcast(node.input[0], lambda: gradient, shape)
    state.add_broadcast(node.input[1], lambda: state.builder.op("Neg", gradient), shape)


def _mul(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    shape, (left, right) = state.builder.shapes[node.output[0]], node.input
    state.add_broadcast(left, lambda: state.builder.op("Mul", gradient, right), shape)
    state.add_broadcast(right, lambda: state.builder.op("Mul", gradient, left), shape)


def _div(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    b = state.builder
    shape, (top, bottom) = b.shapes[node.output[0]], node.input
    quotient = b.op("Div", gradient, bottom)
    state.add_broadcast(top, lambda: quotient, shape)
    state.add_broadcast(bottom, lambda: b.op("Neg", b.op("Mul", quotient, node.output[0])), shape)


def _pow(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    b = state.builder
    exponent = float(np.asarray(b.value(node.input[1])).reshape(-1)[0])
    base = node.input[0]
    inner = base if exponent == 2.0 else b.op("Pow", base, b.constant(exponent - 1.0))
    state.add(base, b.op("Mul", gradient, b.op("Mul", inner, b.constant(exponent))))


def _times(make_slope: Callable[[GraphBuilder, str, str], str]) -> Rule:
    """A rule for an elementwise function, given its slope as a function of (input, output)."""

    def rule(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
        slope = make_slope(state.builder, node.input[0], node.output[0])
        state.add(node.input[0], state.builder.op("Mul", gradient, slope))

    return rule


def _leaky_slope(alpha: float) -> Callable[[GraphBuilder, str, str], str]:
    def slope(b: GraphBuilder, x: str, _: str) -> str:
        return b.op("Where", b.op("Greater", x, b.constant(0.0)), b.constant(1.0), b.constant(alpha))

    return slope


def _leaky_relu(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    alpha = _attributes(node).get("alpha", 0.01)
    assert isinstance(alpha, float)
    _times(_leaky_slope(alpha))(state, node, gradient)


def _reduce(state: _Backward, node: onnx.NodeProto, gradient: str, *, mean: bool) -> None:
    b, x = state.builder, node.input[0]
    if x not in state.wanted:
        return
    shape = b.shapes[x]
    attributes = _attributes(node)
    axes = np.asarray(b.value(node.input[1])).reshape(-1).tolist() if len(node.input) > 1 else attributes.get("axes")
    axes = list(range(len(shape))) if axes is None else axes
    kept = [1 if axis in [a % len(shape) for a in axes] else size for axis, size in enumerate(shape)]
    full = b.op("Reshape", gradient, b.constant(kept, np.int64))
    if mean:
        count = int(np.prod([shape[axis] for axis in axes]))
        full = b.op("Mul", full, b.constant(1.0 / count))
    state.add(x, b.op("Expand", full, b.constant(shape, np.int64)))


def _reduce_square(state: _Backward, node: onnx.NodeProto, gradient: str, *, root: bool) -> None:
    """Sum of squares, or its root, over some axes that are kept or not."""
    b, x = state.builder, node.input[0]
    if x not in state.wanted:
        return
    shape = b.shapes[x]
    attributes = _attributes(node)
    axes = np.asarray(b.value(node.input[1])).reshape(-1).tolist() if len(node.input) > 1 else attributes.get("axes")
    axes = list(range(len(shape))) if axes is None else axes
    kept = [1 if axis in [a % len(shape) for a in axes] else size for axis, size in enumerate(shape)]
    slope = b.op("Div", gradient, node.output[0]) if root else b.op("Mul", gradient, b.constant(2.0))
    state.add(x, b.op("Mul", x, b.op("Reshape", slope, b.constant(kept, np.int64))))


def _reshape_like_input(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    x = node.input[0]
    if x in state.wanted:
        state.add(x, state.builder.op("Reshape", gradient, state.builder.constant(state.builder.shapes[x], np.int64)))


def _transpose(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    perm = _attributes(node).get("perm")
    assert isinstance(perm, list)
    state.add(node.input[0], state.builder.op("Transpose", gradient, perm=[int(i) for i in np.argsort(perm)]))


def _concat(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    b = state.builder
    axis = _attributes(node)["axis"]
    assert isinstance(axis, int)
    sizes = [b.shapes[name][axis] for name in node.input]
    start = 0
    for name, size in zip(node.input, sizes, strict=True):
        if name in state.wanted:
            bounds = [b.constant([value], np.int64) for value in (start, start + size, axis)]
            state.add(name, b.op("Slice", gradient, *bounds))
        start += size


def _slice(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    """Only steps of one."""
    b, x = state.builder, node.input[0]
    if x not in state.wanted:
        return
    shape = b.shapes[x]
    starts, ends, axes = (np.asarray(b.value(name)).reshape(-1).tolist() for name in node.input[1:4])
    before, after = [0] * len(shape), [0] * len(shape)
    for start, end, axis in zip(starts, ends, axes, strict=True):
        size = shape[axis]
        first = min(start if start >= 0 else start + size, size)
        last = min(end if end >= 0 else end + size, size)
        before[axis], after[axis] = first, size - last
    state.add(x, b.op("Pad", gradient, b.constant(before + after, np.int64), b.constant(0.0)))


def _pad(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    """Zero padding anywhere, or one reflected sample in front of the last axis (all that the decoder has)."""
    b, x = state.builder, node.input[0]
    shape = b.shapes[x]
    pads = np.asarray(b.value(node.input[1])).reshape(-1).tolist()
    rank = len(shape)
    starts = pads[:rank]
    ends = [start + size for start, size in zip(starts, shape, strict=True)]
    axes = b.constant(list(range(rank)), np.int64)
    inner = b.op("Slice", gradient, b.constant(starts, np.int64), b.constant(ends, np.int64), axes)
    if _attributes(node).get("mode", b"constant") == b"reflect":
        if starts != [0] * (rank - 1) + [1] or any(pads[rank:]):
            raise NotImplementedError("only one reflected sample in front of the last axis")
        last = b.constant([rank - 1], np.int64)
        mirrored = b.op("Slice", gradient, b.constant([0], np.int64), b.constant([1], np.int64), last)
        widths = [0] * (rank - 1) + [1] + [0] * (rank - 1) + [shape[-1] - 2]
        inner = b.op("Add", inner, b.op("Pad", mirrored, b.constant(widths, np.int64), b.constant(0.0)))
    state.add(x, inner)


def _gemm(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    attributes = _attributes(node)
    if attributes.get("transA", 0) or attributes.get("alpha", 1.0) != 1.0:
        raise NotImplementedError("Gemm with transA or alpha")
    trans = 0 if attributes.get("transB", 0) else 1
    state.add(node.input[0], state.builder.op("Gemm", gradient, node.input[1], transB=trans))


def _matmul(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    """One side constant, of two dimensions."""
    b, (left, right) = state.builder, node.input
    if left in state.wanted:
        state.add(left, b.op("MatMul", gradient, b.op("Transpose", right, perm=[1, 0])))
    if right in state.wanted:
        state.add(right, b.op("MatMul", b.op("Transpose", left, perm=[1, 0]), gradient))


def _conv(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    """The adjoint of a convolution is a transposed convolution with the same weights.

    With a stride of one that is a convolution with mirrored weights, which ONNX Runtime does three times as fast.
    """
    b, (x, weight) = state.builder, node.input[:2]
    if x not in state.wanted:
        return
    attributes = _attributes(node)
    kernel = b.shapes[weight][2:]
    rank = len(kernel)
    strides = list(attributes.get("strides", [1] * rank))
    dilations = list(attributes.get("dilations", [1] * rank))
    pads = list(attributes.get("pads", [0] * 2 * rank))
    if set(strides) == {1} and attributes.get("group", 1) == 1:
        reach = [dilation * (width - 1) for dilation, width in zip(dilations, kernel, strict=True)] * 2
        turned = [full - pad for full, pad in zip(reach, pads, strict=True)]
        state.add(x, b.op("Conv", gradient, _mirrored(state, weight), dilations=dilations, pads=turned))
        return
    produced = [
        (size - 1) * stride + dilation * (width - 1) + 1 - pads[i] - pads[i + rank]
        for i, (size, stride, dilation, width) in enumerate(
            zip(b.shapes[node.output[0]][2:], strides, dilations, kernel, strict=True)
        )
    ]
    missing = [size - made for size, made in zip(b.shapes[x][2:], produced, strict=True)]
    state.add(
        x,
        b.op(
            "ConvTranspose",
            gradient,
            weight,
            strides=strides,
            dilations=dilations,
            pads=pads,
            output_padding=missing,
            group=attributes.get("group", 1),
        ),
    )


def _mirrored(state: _Backward, weight: str) -> str:
    """The kernel of the adjoint; of eight bits if the kernel itself is."""
    b, widened = state.builder, _producer(state, weight, "DequantizeLinear")
    kernel = b.value(widened.input[0] if widened is not None else weight)
    turned = np.flip(kernel.swapaxes(0, 1), axis=tuple(range(2, kernel.ndim)))
    if widened is None:
        return b.constant(turned)
    return b.op("DequantizeLinear", b.constant(turned, turned.dtype), *widened.input[1:])


def _conv_transpose(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    b, (x, weight) = state.builder, node.input[:2]
    if x not in state.wanted:
        return
    kept = {key: value for key, value in _attributes(node).items() if key in {"strides", "dilations", "pads", "group"}}
    state.add(x, b.op("Conv", gradient, weight, **kept))


def _resize_nearest(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    """Repetition of every element of the last axis: the adjoint adds the copies."""
    b, x = state.builder, node.input[0]
    if x not in state.wanted:
        return
    shape, stretched = b.shapes[x], b.shapes[node.output[0]]
    copies = stretched[-1] // shape[-1]
    if stretched != (*shape[:-1], copies * shape[-1]):
        raise NotImplementedError("Resize other than repetition along the last axis")
    pairs = b.op("Reshape", gradient, b.constant([*shape, copies], np.int64))
    state.add(x, b.op("ReduceSum", pairs, b.constant([len(shape)], np.int64), keepdims=0))


def _batch_norm(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    b = state.builder
    epsilon = _attributes(node).get("epsilon", 1e-5)
    gamma, _, _, variance = (np.asarray(b.value(name)) for name in node.input[1:5])
    gain = gamma / np.sqrt(variance + epsilon)
    shape = (1, -1) + (1,) * (len(b.shapes[node.input[0]]) - 2)
    state.add(node.input[0], b.op("Mul", gradient, b.constant(gain.reshape(shape))))


def _average_pool(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    """Windows that do not overlap, along the last axis; the last may be short."""
    b, x = state.builder, node.input[0]
    if x not in state.wanted:
        return
    attributes = _attributes(node)
    width = attributes["kernel_shape"][0]
    size, num_windows = b.shapes[x][-1], b.shapes[node.output[0]][-1]
    spread = np.zeros((num_windows, size), dtype=np.float32)
    for window in range(num_windows):
        members = slice(window * width, min((window + 1) * width, size))
        spread[window, members] = 1.0 / (members.stop - members.start)
    state.add(x, b.op("MatMul", gradient, b.constant(spread)))


def lstm(builder: GraphBuilder, x: str, weights: Array, recurrence: Array, bias: Array) -> str:
    """One forward layer that keeps its gates for the backward pass; gate order i, o, f, c as in ONNX.

    x: [num_steps, num_rows, num_inputs]; weights: [4 H, num_inputs]; recurrence: [4 H, H]; bias: [4 H].
    Returns the name of the hidden states, [num_steps, num_rows, H].
    """
    b = builder
    num_steps, num_rows, _ = b.shapes[x]
    hidden = recurrence.shape[1]
    forward_weights = b.constant(np.ascontiguousarray(weights.T))
    into_gates = b.op("Add", b.op("MatMul", x, forward_weights), b.constant(bias))
    b.shapes[into_gates] = (num_steps, num_rows, 4 * hidden)
    recurrent = b.constant(np.ascontiguousarray(recurrence.T))
    start = b.constant(np.zeros((num_rows, hidden)))

    inner = GraphBuilder(scope=b.name("lstm") + "/")
    gates = inner.op("Add", "lstm_in", inner.op("MatMul", "lstm_h", recurrent))
    i, o, f, c = inner.ops("Split", 4, gates, axis=1, num_outputs=4)
    i, o, f, g = inner.op("Sigmoid", i), inner.op("Sigmoid", o), inner.op("Sigmoid", f), inner.op("Tanh", c)
    cell = inner.op("Add", inner.op("Mul", f, "lstm_c"), inner.op("Mul", i, g))
    output = inner.op("Mul", o, inner.op("Tanh", cell))
    kept = [inner.op("Identity", name) for name in (output, cell, i, o, f, g)]
    body = _scan_body(
        inner,
        {"lstm_h": (num_rows, hidden), "lstm_c": (num_rows, hidden), "lstm_in": (num_rows, 4 * hidden)},
        dict.fromkeys([output, cell, *kept], (num_rows, hidden)),
    )
    outputs = b.ops("Scan", 8, start, start, into_gates, body=body, num_scan_inputs=1)
    for name in outputs[2:]:
        b.shapes[name] = (num_steps, num_rows, hidden)
    b.lstm_weights[outputs[2]] = (x, np.asarray(weights), np.asarray(recurrence))
    return outputs[2]


def _lstm_scan(state: _Backward, node: onnx.NodeProto) -> None:
    """Backward through `lstm`: a scan from the last step to the first."""
    b = state.builder
    states = node.output[2]
    gradient = state.total(states)
    if gradient is None:
        return
    x, weights, recurrence = b.lstm_weights[states]
    num_steps, num_rows, hidden = b.shapes[states]
    cells, i, o, f, g = node.output[3:8]
    start = node.input[0]
    first_cell = b.constant(np.zeros((1, num_rows, hidden)))
    bounds = [b.constant([value], np.int64) for value in (0, num_steps - 1, 0)]
    before = b.op("Concat", first_cell, b.op("Slice", cells, *bounds), axis=0)
    back = b.constant(recurrence)

    inner = GraphBuilder(scope=b.name("lstm_back") + "/")
    one = inner.constant(1.0)

    def sigmoid_slope(gate: str) -> str:
        return inner.op("Mul", gate, inner.op("Sub", one, gate))

    def tanh_slope(value: str) -> str:
        return inner.op("Sub", one, inner.op("Mul", value, value))

    d_output = inner.op("Add", "back_dy", "back_dh")
    squashed = inner.op("Tanh", "back_cell")
    d_cell = inner.op("Add", inner.op("Mul", inner.op("Mul", d_output, "back_o"), tanh_slope(squashed)), "back_dc")
    d_gates = inner.op(
        "Concat",
        inner.op("Mul", inner.op("Mul", d_cell, "back_g"), sigmoid_slope("back_i")),
        inner.op("Mul", inner.op("Mul", d_output, squashed), sigmoid_slope("back_o")),
        inner.op("Mul", inner.op("Mul", d_cell, "back_before"), sigmoid_slope("back_f")),
        inner.op("Mul", inner.op("Mul", d_cell, "back_i"), tanh_slope("back_g")),
        axis=1,
    )
    d_hidden = inner.op("MatMul", d_gates, back)
    d_before = inner.op("Mul", d_cell, "back_f")
    d_kept = inner.op("Identity", d_gates)
    small = (num_rows, hidden)
    scanned = ("back_dy", "back_cell", "back_before", "back_i", "back_o", "back_f", "back_g")
    body = _scan_body(
        inner,
        {"back_dh": small, "back_dc": small, **dict.fromkeys(scanned, small)},
        {d_hidden: small, d_before: small, d_kept: (num_rows, 4 * hidden)},
    )
    gates_gradient = b.ops(
        "Scan",
        3,
        *(start, start, gradient, cells, before, i, o, f, g),
        body=body,
        num_scan_inputs=len(scanned),
        scan_input_directions=[1] * len(scanned),
        scan_output_directions=[1],
    )[2]
    state.add(x, b.op("MatMul", gates_gradient, b.constant(weights)))


def _scan_body(
    inner: GraphBuilder, inputs: dict[str, tuple[int, ...]], outputs: dict[str, tuple[int, ...]]
) -> onnx.GraphProto:
    def described(names: dict[str, tuple[int, ...]]) -> list[onnx.ValueInfoProto]:
        return [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in names.items()]

    return helper.make_graph(
        inner.nodes, "step", described(inputs), described(outputs), initializer=list(inner.constants.values())
    )


def _expand(state: _Backward, node: onnx.NodeProto, gradient: str) -> None:
    state.add_broadcast(node.input[0], lambda: gradient, state.builder.shapes[node.output[0]])


_RULES: dict[str, Rule] = {
    "Add": _add,
    "Sub": _sub,
    "Mul": _mul,
    "Div": _div,
    "Pow": _pow,
    "Neg": lambda state, node, gradient: state.add(node.input[0], state.builder.op("Neg", gradient)),
    "Sin": _times(lambda b, x, _: b.op("Cos", x)),
    "Cos": _times(lambda b, x, _: b.op("Neg", b.op("Sin", x))),
    "Exp": _times(lambda _b, _x, y: y),
    "Log": _times(lambda b, x, _: b.op("Reciprocal", x)),
    # A deviation of exactly zero (a channel that a ReLU silenced) must not make 0 x infinity.
    "Sqrt": _times(lambda b, _, y: b.op("Div", b.constant(0.5), b.op("Max", y, b.constant(1e-6)))),
    "Relu": _times(_leaky_slope(0.0)),
    "LeakyRelu": _leaky_relu,
    "Tanh": _times(lambda b, _, y: b.op("Sub", b.constant(1.0), b.op("Mul", y, y))),
    "Sigmoid": _times(lambda b, _, y: b.op("Mul", y, b.op("Sub", b.constant(1.0), y))),
    "ReduceMean": lambda state, node, gradient: _reduce(state, node, gradient, mean=True),
    "ReduceSum": lambda state, node, gradient: _reduce(state, node, gradient, mean=False),
    "ReduceSumSquare": lambda state, node, gradient: _reduce_square(state, node, gradient, root=False),
    "ReduceL2": lambda state, node, gradient: _reduce_square(state, node, gradient, root=True),
    "Reshape": _reshape_like_input,
    "Squeeze": _reshape_like_input,
    "Unsqueeze": _reshape_like_input,
    "Flatten": _reshape_like_input,
    "Identity": lambda state, node, gradient: state.add(node.input[0], gradient),
    "Transpose": _transpose,
    "Concat": _concat,
    "Slice": _slice,
    "Pad": _pad,
    "Gemm": _gemm,
    "InstanceNormalization": _instance_norm,
    "MatMul": _matmul,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Resize": _resize_nearest,
    "BatchNormalization": _batch_norm,
    "AveragePool": _average_pool,
    "Expand": _expand,
}
