"""Builds and cuts ONNX graphs such that the same input always gives the same bytes.

The digest of a converted file is pinned, so nothing here may depend on a library version: the graph's opset, its node
order and its names are all stated, shapes are not inferred, and what a tool would add on its own (producer, value
infos, documentation) is left out. Measured: onnx 1.16 with protobuf 4 and onnx 1.23 with protobuf 7 write equal bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from training.graphs.checkpoint import Tensors

IR_VERSION = 9
"""ONNX file format; what opset 20 asks for. Source: the version table of the ONNX specification."""

Shape = Sequence[int | str]


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of a graph."""

    name: str
    shape: Shape
    """A string names a length that varies."""
    is_integer: bool = False
    """int64 if true, float32 if not."""

    def to_proto(self) -> Any:
        element = TensorProto.INT64 if self.is_integer else TensorProto.FLOAT
        return helper.make_tensor_value_info(self.name, element, list(self.shape))


@dataclass(slots=True)
class GraphBuilder:
    """Collects nodes and weights in the order in which they are added."""

    name: str
    nodes: list[Any] = field(default_factory=list)
    weights: list[Any] = field(default_factory=list)

    def add(self, operator: str, inputs: Sequence[str], output: str, **attributes: object) -> str:
        """Append a node with one output; returns the output's name, so that calls nest."""
        node = helper.make_node(operator, list(inputs), [output], name=output)
        # make_node's order of attributes is its own affair; ours is alphabetical
        node.attribute.extend(helper.make_attribute(key, attributes[key]) for key in sorted(attributes))
        self.nodes.append(node)
        return output

    def weight(self, name: str, array: npt.NDArray[Any]) -> str:
        """Append an initialiser; returns its name."""
        self.weights.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def write(self, path: Path, inputs: Sequence[Port], outputs: Sequence[Port], opset: int) -> None:
        graph = helper.make_graph(
            self.nodes,
            self.name,
            [port.to_proto() for port in inputs],
            [port.to_proto() for port in outputs],
            initializer=self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
        _write(model, path)


def lstm_weights(tensors: Tensors, layer: int, directions: Sequence[str] = ("",)) -> list[tuple[str, npt.NDArray[Any]]]:
    """A layer of PyTorch's `lstm` by ONNX's names. PyTorch's gates are input, forget, cell, output; ONNX's i, o, f, c.

    directions: the endings of the tensors' names.
    """

    def stacked(kind: str) -> npt.NDArray[Any]:
        gates = [np.split(tensors[f"lstm.{kind}_l{layer}{direction}"], 4) for direction in directions]
        return np.stack([np.concatenate([i, o, f, c]) for i, f, c, o in gates])

    biases = np.concatenate([stacked("bias_ih"), stacked("bias_hh")], axis=1)
    return [("W", stacked("weight_ih")), ("R", stacked("weight_hh")), ("B", biases)]


def leave_alone(_graph: Any) -> None:
    """A rewrite that changes nothing."""


def write_subgraph(
    source: bytes,
    name: str,
    inputs: Mapping[str, Port],
    outputs: Mapping[str, Port],
    path: Path,
    *,
    rewrite: Callable[[Any], None] = leave_alone,
) -> None:
    """Cut the part of a model that computes `outputs` from `inputs` and write it.

    source: a serialised model. inputs, outputs: tensor names of the source, and what they are called in the result.
    rewrite: may change the GraphProto in place before it is written.

    Raises: ValueError if the outputs need an input of the source that is not given.
    """
    model = onnx.load_model_from_string(source)
    needed = set(outputs)
    kept = []
    for node in reversed(model.graph.node):  # stored in topological order
        if any(output in needed and output not in inputs for output in node.output):
            kept.append(node)
            needed.update(node.input)
    open_ends = needed & {port.name for port in model.graph.input} - set(inputs)
    if open_ends:
        raise ValueError(f"the part named {name} also needs {sorted(open_ends)}")
    renamed = {old: port.name for old, port in {**inputs, **outputs}.items()}
    kept.reverse()
    for node in kept:
        node.input[:] = [renamed.get(tensor, tensor) for tensor in node.input]
        node.output[:] = [renamed.get(tensor, tensor) for tensor in node.output]
        node.doc_string = ""
    graph = helper.make_graph(
        kept,
        name,
        [port.to_proto() for port in inputs.values()],
        [port.to_proto() for port in outputs.values()],
        initializer=[weight for weight in model.graph.initializer if weight.name in needed],
    )
    rewrite(graph)
    _write(helper.make_model(graph, opset_imports=list(model.opset_import)), path)


def _write(model: Any, path: Path) -> None:
    model.ir_version = IR_VERSION
    model.producer_name = "myna"
    path.write_bytes(model.SerializeToString(deterministic=True))
