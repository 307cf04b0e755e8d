"""The backward pass that is appended to a graph is the derivative of that graph."""

from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import helper

from myna.engines.kokoro.style_autodiff import GraphBuilder, differentiate, lstm

X_SHAPE = (1, 6, 24)
Block = Callable[[GraphBuilder, str, np.random.Generator], str]


def normalised(b: GraphBuilder, x: str, rng: np.random.Generator) -> str:
    """An instance norm whose gain and offset depend on the input too, as those of the decoder do on the style."""
    means = b.op("Reshape", b.op("ReduceMean", x, b.constant([2], np.int64), keepdims=0), b.constant([6], np.int64))
    return b.op("InstanceNormalization", x, b.op("Add", means, b.constant(1.0)), means, epsilon=1e-5)


def snake(b: GraphBuilder, x: str, rng: np.random.Generator) -> str:
    """As the decoder writes a x + sin(a x)^2, over a."""
    alpha = rng.uniform(0.5, 2.0, (1, 6, 1))
    angle = b.op("Mul", b.constant(alpha), x)
    sine = b.op("Sin", angle)
    return b.op("Mul", b.op("Add", angle, b.op("Mul", sine, sine)), b.constant(1 / alpha))


def convolved(b: GraphBuilder, x: str, rng: np.random.Generator) -> str:
    """Dilated with a kernel of eight bits, then strided, then transposed."""
    eight_bits = b.constant(rng.integers(-64, 64, (8, 6, 3)), np.int8)
    kernel = b.op("DequantizeLinear", eight_bits, b.constant(0.006), b.constant(-3, np.int8))
    wide = b.op("Conv", x, kernel, dilations=[3], pads=[3, 3])
    narrow = b.op("Conv", wide, b.constant(0.2 * rng.normal(size=(4, 8, 5))), strides=[2], pads=[2, 2])
    return b.op("ConvTranspose", narrow, b.constant(0.2 * rng.normal(size=(4, 6, 4))), strides=[2], pads=[1, 1])


def recurrent(b: GraphBuilder, x: str, rng: np.random.Generator) -> str:
    steps = b.op("Transpose", x, perm=[2, 0, 1])
    b.shapes[steps] = (24, 1, 6)
    return lstm(b, steps, rng.normal(size=(20, 6)) * 0.5, rng.normal(size=(20, 5)) * 0.5, rng.normal(size=20) * 0.1)


def pooled(b: GraphBuilder, x: str, rng: np.random.Generator) -> str:
    """Segment means as CAM++ takes them, the last segment short."""
    means = b.op("AveragePool", x, kernel_shape=[10], strides=[10], ceil_mode=1)
    return b.op("Sigmoid", b.op("LeakyRelu", means, alpha=0.1))


@pytest.mark.parametrize("block", [normalised, snake, convolved, recurrent, pooled])
def test_gradient_agrees_with_finite_differences(block: Block) -> None:
    """Along a random direction the slope of the loss is what the appended graph says, to two hundredths."""
    rng = np.random.default_rng(20261123)
    b = GraphBuilder(shapes={"x": X_SHAPE})
    squared = b.op("Mul", (y := block(b, "x", rng)), y)
    loss = b.op("ReduceSum", b.op("Sin", squared), keepdims=0)
    infer_shapes(b)
    (gradient,) = differentiate(b, loss, ["x"])
    session = open_session(b, [loss, gradient])
    x = rng.normal(size=X_SHAPE).astype(np.float32) * 0.5
    direction = rng.normal(size=X_SHAPE).astype(np.float32)
    direction /= np.linalg.norm(direction)
    step = 2e-3
    above, below = (session.run(None, {"x": x + sign * step * direction})[0] for sign in (1, -1))
    slope = float(above - below) / (2 * step)
    assert slope == pytest.approx(float((session.run(None, {"x": x})[1] * direction).sum()), rel=2e-2, abs=5e-3)


def infer_shapes(b: GraphBuilder) -> None:
    model = make_model(b, [])
    for value in onnx.shape_inference.infer_shapes(model, data_prop=True).graph.value_info:
        b.shapes.setdefault(value.name, tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim))


def make_model(b: GraphBuilder, outputs: list[str]) -> onnx.ModelProto:
    def described(name: str, shape: tuple[int, ...] | None) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        b.nodes,
        "test",
        [described("x", X_SHAPE)],
        [described(name, None) for name in outputs],
        initializer=list(b.constants.values()),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 9
    return model


def open_session(b: GraphBuilder, outputs: list[str]) -> ort.InferenceSession:
    return ort.InferenceSession(make_model(b, outputs).SerializeToString(), providers=["CPUExecutionProvider"])
