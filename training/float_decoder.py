"""The decoder in floats, for devices that have no fast kernels for its integer products.

The weights stay the bytes of the weight file: what makes floats of them is part of the graph, and ONNX Runtime does it
once, when it opens the graph.
"""

import onnx
from onnx import TensorProto
from training.style_gradient.builder import GraphBuilder
from training.style_gradient.decoder import dequantise


def make_float(model: onnx.ModelProto) -> onnx.ModelProto:
    """Change the pulled decoder so that it has no integer product. Returns it."""
    made = dequantise(model)
    b = GraphBuilder()
    known = {name: recipe(b) for name, recipe in made.items()}
    nodes = []
    for node in model.graph.node:
        node.input[:] = [known.get(name, name) for name in node.input]
        if node.op_type == "DequantizeLinear":  # ONNX Runtime would do it anew in each run
            whole, zero = (b.op("Cast", node.input[k], to=TensorProto.FLOAT) for k in (0, 2))
            known[node.output[0]] = b.op("Mul", b.op("Sub", whole, zero), node.input[1])
        else:
            nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend([*b.nodes, *nodes])
    for name, tensor in {**b.constants, **b.weights}.items():
        model.graph.initializer.add().CopyFrom(tensor)
        model.graph.initializer[-1].name = name
    return model
