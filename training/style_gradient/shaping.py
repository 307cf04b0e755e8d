"""Derivatives of what sums, moves or cuts elements."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import onnx
from training.style_gradient.builder import attributes_of
from training.style_gradient.state import Backward, Rule


def split(state: Backward, node: onnx.NodeProto) -> None:
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
    axis = attributes_of(node).get("axis", 0)
    state.add(node.input[0], b.op("Concat", *full, axis=axis))


def _kept_shape(state: Backward, node: onnx.NodeProto) -> list[int]:
    """Of what a reduction yields, were the axes kept. They are an input; without it all are meant."""
    shape = state.builder.shapes[node.input[0]]
    axes = state.builder.value(node.input[1]).tolist() if len(node.input) > 1 else range(len(shape))
    return [1 if axis in [a % len(shape) for a in axes] else size for axis, size in enumerate(shape)]


def _reduce(state: Backward, node: onnx.NodeProto, gradient: str, *, mean: bool) -> None:
    b, x = state.builder, node.input[0]
    if x not in state.wanted:
        return
    kept = _kept_shape(state, node)
    full = b.op("Reshape", gradient, b.constant(kept, np.int64))
    if mean:
        full = b.op("Mul", full, b.constant(np.prod(kept) / np.prod(b.shapes[x])))
    state.add(x, b.op("Expand", full, b.constant(b.shapes[x], np.int64)))


def _reduce_square(state: Backward, node: onnx.NodeProto, gradient: str, *, root: bool) -> None:
    """Sum of squares, or its root, over some axes that are kept or not."""
    b, x = state.builder, node.input[0]
    if x not in state.wanted:
        return
    kept = _kept_shape(state, node)
    slope = b.op("Div", gradient, node.output[0]) if root else b.op("Mul", gradient, b.constant(2.0))
    state.add(x, b.op("Mul", x, b.op("Reshape", slope, b.constant(kept, np.int64))))


def _transpose(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    perm = attributes_of(node).get("perm")
    assert isinstance(perm, list)
    state.add(node.input[0], state.builder.op("Transpose", gradient, perm=[int(i) for i in np.argsort(perm)]))


def _concat(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    b = state.builder
    axis = attributes_of(node)["axis"]
    assert isinstance(axis, int)
    sizes = [b.shapes[name][axis] for name in node.input]
    start = 0
    for name, size in zip(node.input, sizes, strict=True):
        if name in state.wanted:
            bounds = [b.constant([value], np.int64) for value in (start, start + size, axis)]
            state.add(name, b.op("Slice", gradient, *bounds))
        start += size


def _slice(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
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


def _pad(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    """Zero padding anywhere, or one reflected sample in front of the last axis (all that the decoder has)."""
    b, x = state.builder, node.input[0]
    shape = b.shapes[x]
    pads = np.asarray(b.value(node.input[1])).reshape(-1).tolist()
    rank = len(shape)
    starts = pads[:rank]
    ends = [start + size for start, size in zip(starts, shape, strict=True)]
    axes = b.constant(list(range(rank)), np.int64)
    inner = b.op("Slice", gradient, b.constant(starts, np.int64), b.constant(ends, np.int64), axes)
    if attributes_of(node).get("mode", b"constant") == b"reflect":
        if starts != [0] * (rank - 1) + [1] or any(pads[rank:]):
            raise NotImplementedError("only one reflected sample in front of the last axis")
        last = b.constant([rank - 1], np.int64)
        mirrored = b.op("Slice", gradient, b.constant([0], np.int64), b.constant([1], np.int64), last)
        widths = [0] * (rank - 1) + [1] + [0] * (rank - 1) + [shape[-1] - 2]
        inner = b.op("Add", inner, b.op("Pad", mirrored, b.constant(widths, np.int64), b.constant(0.0)))
    state.add(x, inner)


def _expand(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    state.add_broadcast(node.input[0], lambda: gradient, state.builder.shapes[node.output[0]])


def _resize_nearest(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
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


def _reshape(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    x = node.input[0]
    if x in state.wanted:
        state.add(x, state.builder.op("Reshape", gradient, state.builder.constant(state.builder.shapes[x], np.int64)))


SHAPING_RULES: Mapping[str, Rule] = {
    "ReduceMean": partial(_reduce, mean=True),
    "ReduceSum": partial(_reduce, mean=False),
    "ReduceSumSquare": partial(_reduce_square, root=False),
    "ReduceL2": partial(_reduce_square, root=True),
    "Reshape": _reshape,
    "Squeeze": _reshape,
    "Unsqueeze": _reshape,
    "Flatten": _reshape,
    "Identity": lambda state, node, gradient: state.add(node.input[0], gradient),
    "Expand": _expand,
    "Transpose": _transpose,
    "Concat": _concat,
    "Slice": _slice,
    "Pad": _pad,
    "Resize": _resize_nearest,
}
