"""Derivatives of what is done element by element."""

from collections.abc import Callable, Mapping

import numpy as np
import onnx
from training.style_gradient.builder import GraphBuilder, attributes_of
from training.style_gradient.state import Backward, Rule, producer


def snake(state: Backward, node: onnx.NodeProto, gradient: str) -> bool:
    """v + sin(v)^2 has the slope 1 + sin(2 v)."""
    square = producer(state, node.input[1], "Mul") if node.op_type == "Add" else None
    sine = producer(state, square.input[0], "Sin") if square is not None else None
    if square is None or sine is None or square.input[0] != square.input[1] or sine.input[0] != node.input[0]:
        return False
    b, angle = state.builder, node.input[0]
    bend = b.op("Mul", gradient, b.op("Sin", b.op("Add", angle, angle)))
    state.add(angle, b.op("Add", gradient, bend))
    return True


def _add(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    shape = state.builder.shapes[node.output[0]]
    for name in node.input:
        state.add_broadcast(name, lambda: gradient, shape)


def _sub(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    shape = state.builder.shapes[node.output[0]]
    state.add_broadcast(node.input[0], lambda: gradient, shape)
    state.add_broadcast(node.input[1], lambda: state.builder.op("Neg", gradient), shape)


def _mul(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    shape, (left, right) = state.builder.shapes[node.output[0]], node.input
    state.add_broadcast(left, lambda: state.builder.op("Mul", gradient, right), shape)
    state.add_broadcast(right, lambda: state.builder.op("Mul", gradient, left), shape)


def _div(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    b = state.builder
    shape, (top, bottom) = b.shapes[node.output[0]], node.input
    quotient = b.op("Div", gradient, bottom)
    state.add_broadcast(top, lambda: quotient, shape)
    state.add_broadcast(bottom, lambda: b.op("Neg", b.op("Mul", quotient, node.output[0])), shape)


def _pow(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    b = state.builder
    exponent = float(np.asarray(b.value(node.input[1])).reshape(-1)[0])
    base = node.input[0]
    inner = base if exponent == 2.0 else b.op("Pow", base, b.constant(exponent - 1.0))
    state.add(base, b.op("Mul", gradient, b.op("Mul", inner, b.constant(exponent))))


def _times(make_slope: Callable[[GraphBuilder, str, str], str]) -> Rule:
    """A rule for an elementwise function, given its slope as a function of (input, output)."""

    def rule(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
        slope = make_slope(state.builder, node.input[0], node.output[0])
        state.add(node.input[0], state.builder.op("Mul", gradient, slope))

    return rule


def _leaky_slope(alpha: float) -> Callable[[GraphBuilder, str, str], str]:
    def slope(b: GraphBuilder, x: str, _: str) -> str:
        return b.op("Where", b.op("Greater", x, b.constant(0.0)), b.constant(1.0), b.constant(alpha))

    return slope


def _max(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    """Of a tensor and a constant, the second."""
    b, (x, floor) = state.builder, node.input
    state.add(x, b.op("Where", b.op("Greater", x, floor), gradient, b.constant(0.0)))


def _leaky_relu(state: Backward, node: onnx.NodeProto, gradient: str) -> None:
    alpha = attributes_of(node).get("alpha", 0.01)
    assert isinstance(alpha, float)
    _times(_leaky_slope(alpha))(state, node, gradient)


POINTWISE_RULES: Mapping[str, Rule] = {
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
    "Max": _max,
    "Relu": _times(_leaky_slope(0.0)),
    "LeakyRelu": _leaky_relu,
    "Tanh": _times(lambda b, _, y: b.op("Sub", b.constant(1.0), b.op("Mul", y, y))),
    "Sigmoid": _times(lambda b, _, y: b.op("Mul", y, b.op("Sub", b.constant(1.0), y))),
}
