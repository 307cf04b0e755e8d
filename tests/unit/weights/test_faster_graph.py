"""The rewritten decoder says what the export says."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from myna.analysis.onnx_session import OnnxSession
from myna.weights.convert.faster_graph import make_faster

CHANNELS = 24


class Export:
    """Writes the operators that the export of Kokoro is made of."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(20261123)
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []

    def constant(self, name: str, value: object, dtype: type = np.float32) -> str:
        self.tensors.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        output = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def norm_and_snake(self, x: str, stem: str) -> str:
        """An instance norm with gain and offset of the style, then x + sin(a x)^2 / a."""
        axis = self.constant(f"{stem}.axis", [2], np.int64)
        centred = self.op("Sub", x, self.op("ReduceMean", x, axis, keepdims=1))
        variance = self.op("ReduceMean", self.op("Mul", centred, centred), axis, keepdims=1)
        root = self.op("Sqrt", self.op("Add", variance, self.constant(f"{stem}.epsilon", 1e-5)))
        scaled = self.op("Mul", "gain", self.op("Div", centred, root))
        y = self.op("Add", scaled, "offset")
        alpha = self.random.uniform(0.5, 2.0, (1, CHANNELS, 1))
        sine = self.op("Sin", self.op("Mul", self.constant(f"{stem}.alpha", alpha), y))
        square = self.op("Pow", sine, self.constant(f"{stem}.two", 2.0))
        return self.op("Add", y, self.op("Mul", self.constant(f"{stem}.reciprocal", 1 / alpha), square))

    def convolved(self, x: str, stem: str, width: int, *, bias: bool = True, **window: list[int]) -> str:
        """A dynamically quantised convolution with weights of seven bits."""
        quantised, scale, zero = (f"{stem}.{name}" for name in ("data", "scale", "zero"))
        self.nodes.append(helper.make_node("DynamicQuantizeLinear", [x], [quantised, scale, zero], name=stem))
        weight = self.random.integers(0, 128, (CHANNELS, CHANNELS, width))
        names = (
            self.constant(f"{stem}_quantized", weight, np.uint8),
            zero,
            self.constant(f"{stem}_zero_point", 61, np.uint8),
        )
        weight_scale = self.constant(f"{stem}_scale", 0.002)
        product = self.op("ConvInteger", quantised, *names, kernel_shape=[width], group=1, **window)
        both = self.op("Mul", scale, weight_scale)
        if bias:
            wanted = self.constant(f"{stem}.bias", self.random.normal(size=CHANNELS))
            rounded = self.op("Cast", self.op("Floor", self.op("Div", wanted, both)), to=TensorProto.INT32)
            shape = self.constant(f"{stem}.shape", [1, -1, 1], np.int64)
            product = self.op("Add", product, self.op("Reshape", rounded, shape))
        return self.op("Mul", self.op("Cast", product, to=TensorProto.FLOAT), both)

    def model(self, output: str) -> onnx.ModelProto:
        def described(name: str, *shape: object) -> onnx.ValueInfoProto:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

        graph = helper.make_graph(
            self.nodes,
            "export",
            [
                described("x", 1, CHANNELS, "n"),
                described("gain", 1, CHANNELS, 1),
                described("offset", 1, CHANNELS, 1),
            ],
            [described(output, 1, CHANNELS, "m")],
            initializer=self.tensors,
        )
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)


@pytest.mark.parametrize("length", [24, 301])
def test_the_rewritten_graph_computes_the_same(tmp_path: Path, length: int) -> None:
    """Dilated, strided and pointwise convolutions with and without bias, norms and snakes, to within rounding."""
    export = Export()
    first = export.convolved(export.norm_and_snake("x", "one"), "dilated", 3, strides=[1], dilations=[5], pads=[5, 5])
    second = export.convolved(
        export.norm_and_snake(first, "two"), "pointwise", 1, bias=False, strides=[1], dilations=[1], pads=[0, 0]
    )
    third = export.convolved(export.op("Add", "x", second), "strided", 4, strides=[3], dilations=[1], pads=[2, 1])
    model = export.model(third)
    onnx.save(model, tmp_path / "export.onnx")
    make_faster(model.graph)
    onnx.save(model, tmp_path / "faster.onnx")
    inputs = {
        "x": export.random.normal(size=(1, CHANNELS, length)).astype(np.float32),
        "gain": export.random.uniform(0.5, 1.5, (1, CHANNELS, 1)).astype(np.float32),
        "offset": export.random.normal(size=(1, CHANNELS, 1)).astype(np.float32),
    }
    (expected,), (computed,) = (OnnxSession(tmp_path / f"{name}.onnx").run(inputs) for name in ("export", "faster"))
    kinds = [node.op_type for node in model.graph.node]
    assert "ConvInteger" not in kinds
    assert kinds.count("MatMulIntegerToFloat") == 3
    assert kinds.count("InstanceNormalization") == 2
    # a value on the edge between two steps of 8 bits may fall to either side
    np.testing.assert_allclose(computed, expected, atol=0.01 * float(expected.std()))
