"""Small graphs of the operators that the export of Kokoro is made of."""

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

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

    def norm_and_snake(self, x: str, stem: str, gain: str = "gain", offset: str = "offset") -> str:
        """An instance norm with gain and offset of the style, then x + sin(a x)^2 / a."""
        axis = self.constant(f"{stem}.axis", [2], np.int64)
        centred = self.op("Sub", x, self.op("ReduceMean", x, axis, keepdims=1))
        variance = self.op("ReduceMean", self.op("Mul", centred, centred), axis, keepdims=1)
        root = self.op("Sqrt", self.op("Add", variance, self.constant(f"{stem}.epsilon", 1e-5)))
        scaled = self.op("Mul", gain, self.op("Div", centred, root))
        y = self.op("Add", scaled, offset)
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

    def model(self, inputs: Mapping[str, Sequence[object]], output: str, opset: int = 20) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "export",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
            initializer=self.tensors,
        )
        opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)
