"""What the rules of a backward pass share."""

from collections.abc import Callable

import numpy as np
import onnx
from training.style_gradient.builder import GraphBuilder, Shape

Rule = Callable[["Backward", onnx.NodeProto, str], None]
"""(state, node, gradient of its first output) -> adds to the gradients of its inputs."""


class Backward:
    """The state of one backward pass."""

    def __init__(self, builder: GraphBuilder, wanted: frozenset[str]) -> None:
        self.builder = builder
        self.wanted = wanted
        self.parts: dict[str, list[str]] = {}
        self.producers = {output: node for node in builder.nodes for output in node.output}

    def add(self, name: str, gradient: str) -> None:
        if name in self.wanted:
            self.parts.setdefault(name, []).append(gradient)

    def add_broadcast(self, name: str, make: Callable[[], str], output_shape: Shape) -> None:
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


def producer(state: Backward, name: str, kind: str) -> onnx.NodeProto | None:
    node = state.producers.get(name)
    return node if node is not None and node.op_type == kind else None
