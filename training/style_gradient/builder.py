"""An ONNX graph under construction: nodes in order, constants and weights by name, shapes where they are needed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Array = npt.NDArray[np.generic]
Shape = tuple[int, ...]
OPSETS = [helper.make_opsetid("", 20)]
_IR_VERSION = 9


@dataclass(slots=True, eq=False)
class GraphBuilder:
    """Names are `kind~count`; those of weights are `file:tensor`."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, TensorProto] = field(default_factory=dict)
    weights: dict[str, TensorProto] = field(default_factory=dict)
    """Not part of the graph: they are read from the weight files when it is used."""
    inputs: list[str] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    """Element types, of all but constants; floats are left out."""
    lstm_weights: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Of each `lstm`, by its output: input, weights, recurrence."""
    scope: str = ""
    """Sets the names of a subgraph apart from those around it."""
    _count: int = 0

    def name(self, hint: str) -> str:
        self._count += 1
        return f"{self.scope}{hint}~{self._count}"

    def input(self, name: str, shape: Shape) -> str:
        self.inputs.append(name)
        self.shapes[name] = shape
        return name

    def constant(self, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        array = np.array(value, dtype=dtype, order="C")
        if array.size <= 8:
            name = f"{self.scope}const~{array.dtype}~{array.shape}~{array.tolist()}"
        else:
            name = self.name("const")
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(array, name)
            self.shapes[name] = array.shape
        return name

    def weight(self, source: str, tensor: TensorProto) -> str:
        name = f"{source}:{tensor.name}"
        self.weights[name] = tensor
        self.shapes[name], self.kinds[name] = tuple(tensor.dims), tensor.data_type
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        return self.ops(kind, 1, *inputs, **attributes)[0]

    def ops(self, kind: str, count: int, *inputs: str, **attributes: Any) -> list[str]:
        outputs = [self.name(kind) for _ in range(count)]
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, name=outputs[0], **attributes))
        return outputs

    def value(self, name: str) -> Array:
        """The array of a constant."""
        return np.asarray(numpy_helper.to_array(self.constants[name]))

    def infer_shapes(self) -> None:
        """Fill in the shapes of all tensors; those of the inputs are known."""
        inferred = onnx.shape_inference.infer_shapes(self.model(self.nodes, []), data_prop=True)
        for value in inferred.graph.value_info:
            self.kinds[value.name] = value.type.tensor_type.elem_type
            dims = value.type.tensor_type.shape.dim
            if all(dim.HasField("dim_value") for dim in dims):
                self.shapes.setdefault(value.name, tuple(dim.dim_value for dim in dims))

    def model(
        self, nodes: Sequence[onnx.NodeProto], outputs: Iterable[str], extra_inputs: Iterable[str] = ()
    ) -> onnx.ModelProto:
        """A model of some of the nodes. Weights, which it lacks, are inputs, and so is whatever else it is told."""
        read = {name for node in nodes for name in names_read(node)}
        inputs = [name for name in [*self.inputs, *self.weights, *extra_inputs] if name in read]
        graph = helper.make_graph(
            nodes,
            "graph",
            [
                helper.make_tensor_value_info(name, self.kinds.get(name, TensorProto.FLOAT), self.shapes[name])
                for name in inputs
            ],
            [helper.make_empty_tensor_value_info(name) for name in outputs],
            initializer=[tensor for name, tensor in self.constants.items() if name in read],
        )
        return helper.make_model(graph, opset_imports=OPSETS, ir_version=_IR_VERSION)


def names_read(node: onnx.NodeProto) -> list[str]:
    """The tensors that a node or the graphs inside it read."""
    inner = [attribute.g for attribute in node.attribute if attribute.type == onnx.AttributeProto.GRAPH]
    return [*node.input, *(name for graph in inner for step in graph.node for name in step.input)]


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def needed_nodes(nodes: Iterable[onnx.NodeProto], outputs: Iterable[str]) -> list[onnx.NodeProto]:
    """Those of some nodes, in order of computation, that lead to the outputs."""
    needed, kept = set(outputs), []
    for node in reversed(list(nodes)):
        if needed & set(node.output):
            kept.append(node)
            needed.update(names_read(node))
    return kept[::-1]


_STAYS = frozenset({"DequantizeLinear"})
"""Not done ahead, although its inputs are weights: kernels stay in eight bits, and are floats while they are used."""


def split_off_preparation(b: GraphBuilder, outputs: Mapping[str, str]) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """Part a finished graph in two: what follows from weights alone, and the rest.

    outputs: of the whole, by the names that they get.
    Returns: the graph that prepares weights once, and the one that reads what it gives.
    """
    named = [helper.make_node("Identity", [name], [new], name=new) for new, name in outputs.items()]
    known = {*b.constants, *b.weights}
    early, late = [], []
    for node in needed_nodes([*b.nodes, *named], outputs):
        is_early = node.op_type not in _STAYS and set(names_read(node)) <= known | {""}
        (early if is_early else late).append(node)
        if is_early:
            known.update(node.output)
    read_late = {name for node in late for name in names_read(node)}
    prepared = [name for node in early for name in node.output if name in read_late]
    return b.model(early, prepared), b.model(late, outputs, prepared)
