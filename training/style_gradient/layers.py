"""Derivatives of the layers that hold weights, and of pools and norms."""

from collections.abc import Mapping

import numpy as np
import onnx
from training.style_gradient.builder import attributes_of
from training.style_gradient.state import Backward, Rule, producer

_BEFORE_FIRST = -(2**62)
"""End of a slice that runs backwards to the very first element."""


def _instance_norm(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    """y = gain c / sd + offset with c = x - mean(x), over the last axis.

    d offset = sum(g), d gain = sum(g c) / sd, dx = gain / sd (g - mean(g) - c mean(g c) / var).
    Worked out anew from x, so that nothing but x has to be kept for it.
    """
    b, (x, gain, offset) = state.builder, node.input
    shape = b.shapes[x]
    axes, upright = b.constant([len(shape) - 1], np.int64), b.constant([1, shape[1], 1], np.int64)
    flat = b.constant([shape[1]], np.int64)
    epsilon = attributes_of(node).get("epsilon", 1e-5)
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


def _gemm(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    attributes = attributes_of(node)
    if attributes.get("transA", 0) or attributes.get("alpha", 1.0) != 1.0:
        raise NotImplementedError("Gemm with transA or alpha")
    trans = 0 if attributes.get("transB", 0) else 1
    state.add(node.input[0], state.builder.op("Gemm", gradient, node.input[1], transB=trans))


def _matmul(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    """One side constant, of two dimensions."""
    b, (left, right) = state.builder, node.input
    if left in state.wanted and len(b.shapes[left]) == 2:
        state.add(left, b.op("Gemm", gradient, right, transB=1))
    elif left in state.wanted:
        state.add(left, b.op("MatMul", gradient, b.op("Transpose", right, perm=[1, 0])))
    if right in state.wanted:
        state.add(right, b.op("MatMul", b.op("Transpose", left, perm=[1, 0]), gradient))


def _conv(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    """The adjoint of a convolution is a transposed convolution with the same weights.

    With a stride of one that is a convolution with mirrored weights, which ONNX Runtime does three times as fast.
    """
    b, (x, weight) = state.builder, node.input[:2]
    if x not in state.wanted:
        return
    attributes = attributes_of(node)
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


def _mirrored(state: Backward, weight: str) -> str:
    """The kernel of the adjoint; of eight bits if the kernel itself is."""
    b, widened = state.builder, producer(state, weight, "DequantizeLinear")
    kernel = widened.input[0] if widened is not None else weight
    axes = list(range(2, len(b.shapes[weight])))
    last, before_first = b.constant([-1] * len(axes), np.int64), b.constant([_BEFORE_FIRST] * len(axes), np.int64)
    turned = b.op("Transpose", kernel, perm=[1, 0, *axes])
    if any(b.shapes[weight][axis] > 1 for axis in axes):
        turned = b.op("Slice", turned, last, before_first, b.constant(axes, np.int64), last)
    return turned if widened is None else b.op("DequantizeLinear", turned, *widened.input[1:])


def _conv_transpose(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    b, (x, weight) = state.builder, node.input[:2]
    if x not in state.wanted:
        return
    kept = {
        key: value for key, value in attributes_of(node).items() if key in {"strides", "dilations", "pads", "group"}
    }
    state.add(x, b.op("Conv", gradient, weight, **kept))


def _batch_norm(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    b = state.builder
    epsilon = attributes_of(node).get("epsilon", 1e-5)
    x, gamma, _, _, variance = node.input
    gain = b.op("Div", gamma, b.op("Sqrt", b.op("Add", variance, b.constant(epsilon))))
    upright = b.constant((1, -1) + (1,) * (len(b.shapes[x]) - 2), np.int64)
    state.add(x, b.op("Mul", gradient, b.op("Reshape", gain, upright)))


def _average_pool(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    """Windows that do not overlap, along the last axis; the last may be short."""
    b, x = state.builder, node.input[0]
    if x not in state.wanted:
        return
    attributes = attributes_of(node)
    width = attributes["kernel_shape"][0]
    size, num_windows = b.shapes[x][-1], b.shapes[node.output[0]][-1]
    spread = np.zeros((num_windows, size), dtype=np.float32)
    for window in range(num_windows):
        members = slice(window * width, min((window + 1) * width, size))
        spread[window, members] = 1.0 / (members.stop - members.start)
    state.add(x, b.op("MatMul", gradient, b.constant(spread)))


LAYER_RULES: Mapping[str, Rule] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "InstanceNormalization": _instance_norm,
    "BatchNormalization": _batch_norm,
    "AveragePool": _average_pool,
}
