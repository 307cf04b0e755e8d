"""Lets a voice shift the generator layer by layer, where one style for all of them does not reach a person's timbre.

A new input is added to the gains and offsets that each layer reads from the timbre style. With zeros, the graph
computes bit for bit what it did.
"""

from typing import Any

import numpy as np
from onnx import helper, numpy_helper
from training.graphs.onnx_files import Port

from myna.weights.timbre_layers import LAYERS, SHIFT_DIM

TIMBRE_SHIFT = Port("timbre_shift", (1, SHIFT_DIM))


def add_shift(graph: Any) -> None:
    """Give a decoder the input `timbre_shift`, in the order of `LAYERS`. Changes a GraphProto in place.

    Raises: ValueError if the graph lacks a layer, or it has another width.
    """
    biases = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    widths = {
        node.output[0]: [biases[name] for name in node.input if name in biases]
        for node in graph.node
        if "/generator/" in node.name and node.op_type == "Add"
    }
    parts, sums = [], {}
    for layer, width in LAYERS:
        path = layer.replace(".adain", "/adain")
        found = [name for name in widths if name.endswith(f"/generator/{path}/fc/Gemm_output_0")]
        if [widths[name] for name in found] != [[[width]]]:
            raise ValueError(f"the generator is expected to have one layer {layer}, of {width} gains and offsets")
        parts.append(f"{TIMBRE_SHIFT.name}~{path}")
        shifted = f"{found[0]}~shifted"
        sums[found[0]] = helper.make_node("Add", [found[0], parts[-1]], [shifted], name=shifted)
    graph.input.append(TIMBRE_SHIFT.to_proto())
    sizes = np.array([width for _, width in LAYERS], dtype=np.int64)
    graph.initializer.append(numpy_helper.from_array(sizes, f"{TIMBRE_SHIFT.name}~widths"))
    stem = f"{TIMBRE_SHIFT.name}~parts"
    nodes = [helper.make_node("Split", [TIMBRE_SHIFT.name, graph.initializer[-1].name], parts, name=stem, axis=1)]
    for node in graph.node:
        node.input[:] = [sums[name].output[0] if name in sums else name for name in node.input]
        nodes += [node, *(sums[name] for name in node.output if name in sums)]
    del graph.node[:]
    graph.node.extend(nodes)
