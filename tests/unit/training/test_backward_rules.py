"""What is appended to a graph is its derivative: every rule, against differences of the graph itself."""

from collections.abc import Callable

import numpy as np
import onnxruntime as ort
import pytest
from onnx import helper
from training.style_gradient.builder import GraphBuilder
from training.style_gradient.differentiate import RULES, differentiate
from training.style_gradient.recurrent import lstm

SHAPE = (1, 6, 12)
STEP = 1e-2
Block = Callable[[GraphBuilder, str], str]


def ints(b: GraphBuilder, *values: int) -> str:
    return b.constant(values, np.int64)


def some(b: GraphBuilder, *shape: int, scale: float = 1.0) -> str:
    return b.constant(scale * np.random.default_rng(sum(shape)).normal(size=shape))


def of(kind: str, **attributes: object) -> Block:
    return lambda b, x: b.op(kind, x, **attributes)


def positive(b: GraphBuilder, x: str) -> str:
    """0.5 to 2.5, so that roots and logarithms are gentle."""
    return b.op("Add", x, b.constant(1.5))


def reduced(kind: str, *axes: int, keepdims: int = 0) -> Block:
    return lambda b, x: b.op(kind, x, ints(b, *axes), keepdims=keepdims)


def flat_row(b: GraphBuilder, x: str) -> str:
    return b.op("Reshape", x, ints(b, 6, 12))


def conv(*shape: int, **attributes: object) -> Block:
    return lambda b, x: b.op("Conv", x, some(b, *shape), **attributes)


def eight_bits(b: GraphBuilder, x: str) -> str:
    kernel = b.constant(np.random.default_rng(8).integers(-64, 64, (8, 6, 3)), np.int8)
    widened = b.op("DequantizeLinear", kernel, b.constant(0.02), b.constant(-3, np.int8))
    return b.op("Conv", x, widened, dilations=[3], pads=[3, 3])


def planes(b: GraphBuilder, x: str) -> str:
    plane = b.op("Reshape", x, ints(b, 1, 2, 6, 6))
    return b.op("Conv", plane, some(b, 3, 2, 3, 3), strides=[2, 1], pads=[1, 1, 1, 1])


def instance_norm(b: GraphBuilder, x: str) -> str:
    """The gain and offset depend on the input too, as those of the decoder do on the style."""
    means = b.op("Reshape", b.op("ReduceMean", x, ints(b, 2), keepdims=0), ints(b, 6))
    return b.op("InstanceNormalization", x, b.op("Add", means, b.constant(1.0)), means, epsilon=1e-5)


def batch_norm(b: GraphBuilder, x: str) -> str:
    variance = b.constant(np.linspace(0.5, 2.0, 6))
    return b.op("BatchNormalization", x, some(b, 6), some(b, 6), some(b, 6), variance)


def snake(b: GraphBuilder, x: str) -> str:
    """As the decoder writes a x + sin(a x)^2."""
    angle = b.op("Mul", b.constant(np.linspace(0.5, 2.0, 6).reshape(1, 6, 1)), x)
    sine = b.op("Sin", angle)
    return b.op("Add", angle, b.op("Mul", sine, sine))


def two_of_three(b: GraphBuilder, x: str) -> str:
    first, _, last = b.ops("Split", 3, x, ints(b, 1, 2, 3), axis=1)
    return b.op("Mul", first, last)


def recurrent(b: GraphBuilder, x: str) -> str:
    steps = b.op("Transpose", x, perm=[2, 0, 1])
    b.infer_shapes()
    return lstm(b, steps, some(b, 20, 6), some(b, 20, 5), some(b, 20))


CASES: dict[str, Block] = {
    "Add": lambda b, x: b.op("Add", b.op("Mul", x, x), b.op("ReduceSum", x, ints(b, 2), keepdims=1)),
    "Add snake": snake,
    "Sub": lambda b, x: b.op("Sub", b.op("ReduceMean", x, ints(b, 1, 2), keepdims=0), x),
    "Mul": lambda b, x: b.op("Mul", x, b.op("ReduceSum", x, ints(b, 0, 1), keepdims=0)),
    "Div": lambda b, x: b.op("Div", x, positive(b, x)),
    "Div broadcast": lambda b, x: b.op("Div", x, b.op("ReduceMean", positive(b, x), ints(b, 1), keepdims=1)),
    "Pow": lambda b, x: b.op("Pow", x, b.constant(2.0)),
    "Pow third": lambda b, x: b.op("Pow", positive(b, x), b.constant(3.0)),
    "Neg": of("Neg"),
    "Sin": of("Sin"),
    "Cos": of("Cos"),
    "Exp": of("Exp"),
    "Log": lambda b, x: b.op("Log", positive(b, x)),
    "Sqrt": lambda b, x: b.op("Sqrt", positive(b, x)),
    "Max": lambda b, x: b.op("Max", x, b.constant(0.05)),
    "Relu": of("Relu"),
    "LeakyRelu": of("LeakyRelu", alpha=0.1),
    "Tanh": of("Tanh"),
    "Sigmoid": of("Sigmoid"),
    "ReduceMean": reduced("ReduceMean", -1),
    "ReduceMean all": lambda b, x: b.op("ReduceMean", b.op("Mul", x, x), keepdims=0),
    "ReduceSum": reduced("ReduceSum", 0, 1, keepdims=1),
    "ReduceSumSquare": reduced("ReduceSumSquare", 1),
    "ReduceL2": reduced("ReduceL2", 2, keepdims=1),
    "Reshape": flat_row,
    "Squeeze": lambda b, x: b.op("Squeeze", x, ints(b, 0)),
    "Unsqueeze": lambda b, x: b.op("Unsqueeze", x, ints(b, 1)),
    "Flatten": of("Flatten", axis=2),
    "Identity": of("Identity"),
    "Expand": lambda b, x: b.op("Expand", b.op("ReduceSum", x, ints(b, 1), keepdims=1), ints(b, 2, 6, 12)),
    "Transpose": of("Transpose", perm=[2, 0, 1]),
    "Concat": lambda b, x: b.op("Concat", some(b, 1, 2, 12), x, b.op("Mul", x, x), axis=1),
    "Slice": lambda b, x: b.op("Slice", x, ints(b, 1, -7), ints(b, 5, -2), ints(b, 1, 2)),
    "Pad": lambda b, x: b.op("Pad", x, ints(b, 0, 1, 2, 0, 0, 3)),
    "Pad reflected": lambda b, x: b.op("Pad", x, ints(b, 0, 0, 1, 0, 0, 0), mode="reflect"),
    "Resize": lambda b, x: b.op("Resize", x, "", b.constant([1.0, 1.0, 3.0]), mode="nearest"),
    "Gemm": lambda b, x: b.op("Gemm", flat_row(b, x), some(b, 12, 4), some(b, 4)),
    "Gemm transposed": lambda b, x: b.op("Gemm", flat_row(b, x), some(b, 4, 12), some(b, 4), transB=1),
    "MatMul": lambda b, x: b.op("MatMul", flat_row(b, x), some(b, 12, 4)),
    "MatMul of a batch": lambda b, x: b.op("MatMul", x, some(b, 12, 4)),
    "MatMul from the left": lambda b, x: b.op("MatMul", some(b, 4, 6), x),
    "Conv": conv(8, 6, 3, dilations=[2], pads=[2, 2]),
    "Conv of width one": conv(8, 6, 1),
    "Conv eight bits": eight_bits,
    "Conv strided": conv(4, 6, 5, strides=[2], pads=[2, 2]),
    "Conv grouped": conv(6, 2, 3, group=3, pads=[1, 1]),
    "Conv of planes": planes,
    "ConvTranspose": lambda b, x: b.op("ConvTranspose", x, some(b, 6, 4, 4), strides=[2], pads=[1, 1]),
    "InstanceNormalization": instance_norm,
    "BatchNormalization": batch_norm,
    "AveragePool": of("AveragePool", kernel_shape=[5], strides=[5], ceil_mode=1),
    "Split": two_of_three,
    "Scan": recurrent,
}


@pytest.mark.parametrize("case", CASES)
def test_a_rule_agrees_with_differences(case: str) -> None:
    """In every element of the input, for a loss that weighs every element of the output differently."""
    b = GraphBuilder()
    y = CASES[case](b, b.input("x", SHAPE))
    b.infer_shapes()
    loss = b.op("ReduceSum", b.op("Mul", y, some(b, *b.shapes[y])), keepdims=0)
    b.infer_shapes()
    (gradient,) = differentiate(b, loss, ["x"])
    b.infer_shapes()
    session = open_session(b, {"loss": loss, "gradient": gradient})
    random = np.random.default_rng(20261123)
    x = (random.choice([-1.0, 1.0], SHAPE) * random.uniform(0.1, 1.0, SHAPE)).astype(np.float32)  # away from kinks

    def loss_at(point: np.ndarray) -> float:
        return float(session.run(["loss"], {"x": point})[0].item())

    steps = STEP * np.eye(x.size, dtype=np.float32).reshape(-1, *SHAPE)
    slopes = np.array([loss_at(x + step) - loss_at(x - step) for step in steps]).reshape(SHAPE) / (2 * STEP)
    assert session.run(["gradient"], {"x": x})[0] == pytest.approx(slopes, abs=2e-3 * max(1.0, np.abs(slopes).max()))


def test_no_rule_is_without_a_case() -> None:
    assert {case.split(" ")[0] for case in CASES} == {*RULES, "Split", "Scan"}


def test_an_operator_without_a_rule_is_named() -> None:
    b = GraphBuilder()
    y = b.op("Erf", b.input("x", SHAPE))
    loss = b.op("ReduceSum", y, keepdims=0)
    b.infer_shapes()
    with pytest.raises(NotImplementedError, match="Erf"):
        differentiate(b, loss, ["x"])


def open_session(b: GraphBuilder, outputs: dict[str, str]) -> ort.InferenceSession:
    nodes = [*b.nodes, *(helper.make_node("Identity", [name], [new]) for new, name in outputs.items())]
    return ort.InferenceSession(b.model(nodes, outputs).SerializeToString(), providers=["CPUExecutionProvider"])
