"""Takes a graph that exists into one under construction: shapes fixed, weights left in their file."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import onnx
import onnxruntime as ort
from onnx import TensorProto, helper
from training.style_gradient.builder import GraphBuilder, needed_nodes

Recipe = Callable[[GraphBuilder], str]
"""Makes what a graph reads under some name out of weights."""
_LARGEST_CONSTANT = 16
"""Elements. Larger tensors of floats or bytes are weights."""
_NO_WEIGHTS = frozenset({"Resize", "STFT"})
"""Their constants decide about shapes."""
_CHANGES_NOTHING_ELSE = ["TransposeOptimizer", "CommonSubexpressionElimination"]
"""What is left of the basic optimisations folds constants and drops what does nothing."""


def append(
    b: GraphBuilder, model: onnx.ModelProto, source: str, inputs: Mapping[str, str], made: Mapping[str, Recipe]
) -> list[str]:
    """Add the nodes of a model that comes from a weight file.

    source: the file. inputs: what the inputs of the model are called in the builder, which knows their shapes.
    made: what is made of weights, by the name under which the model reads it.
    Returns: the names of the outputs. The model is changed.
    """
    weights = _weights(model.graph)
    renamed = {**inputs, **{name: b.weight(source, tensor) for name, tensor in weights.items()}}
    renamed |= {name: recipe(b) for name, recipe in made.items()}
    b.infer_shapes()
    kept = [tensor for tensor in model.graph.initializer if tensor.name not in renamed]
    del model.graph.initializer[:], model.graph.input[:]
    model.graph.initializer.extend(kept)
    model.graph.input.extend(
        helper.make_tensor_value_info(name, b.kinds.get(new, TensorProto.FLOAT), b.shapes[new])
        for name, new in renamed.items()
    )
    frozen = _freeze(model)

    def new_name(name: str) -> str:
        return renamed.get(name, f"{source}/{name}" if name else name)

    for tensor in frozen.initializer:
        tensor.name = new_name(tensor.name)
        b.constants[tensor.name] = tensor
        b.shapes[tensor.name] = tuple(tensor.dims)
    for node in frozen.node:
        node.input[:] = [new_name(name) for name in node.input]
        node.output[:] = [new_name(name) for name in node.output]
        _move_axes_to_input(b, node)
        b.nodes.append(node)
    b.infer_shapes()
    return [new_name(output.name) for output in frozen.output]


def keep_needed(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> None:
    """Let a graph consist of those of some nodes that lead to its outputs, and of what they read."""
    kept = needed_nodes(nodes, [output.name for output in graph.output])
    read = {name for node in kept for name in node.input}
    tensors = [tensor for tensor in graph.initializer if tensor.name in read]
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(kept)
    graph.initializer.extend(tensors)


def is_weight(tensor: TensorProto) -> bool:
    size = len(tensor.raw_data) // (4 if tensor.data_type == TensorProto.FLOAT else 1)
    return tensor.data_type in {TensorProto.FLOAT, TensorProto.INT8, TensorProto.UINT8} and size > _LARGEST_CONSTANT


def _weights(graph: onnx.GraphProto) -> dict[str, TensorProto]:
    constants = {name for node in graph.node if node.op_type in _NO_WEIGHTS for name in node.input}
    return {tensor.name: tensor for tensor in graph.initializer if is_weight(tensor) and tensor.name not in constants}


def _freeze(model: onnx.ModelProto) -> onnx.GraphProto:
    """Let ONNX Runtime fold everything that follows from the shapes of the inputs. It sees no weights: they are some."""
    with tempfile.TemporaryDirectory() as folder:
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(Path(folder) / "frozen.onnx")
        options.log_severity_level = 3
        ort.InferenceSession(
            model.SerializeToString(),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=_CHANGES_NOTHING_ELSE,
        )
        return onnx.load(options.optimized_model_filepath).graph


def _move_axes_to_input(b: GraphBuilder, node: onnx.NodeProto) -> None:
    """From opset 17, in which the judges are written, to 20: the axes of a reduction became an input."""
    for attribute in list(node.attribute):
        if node.op_type.startswith("Reduce") and attribute.name == "axes":
            node.input.append(b.constant(list(attribute.ints), "int64"))
            node.attribute.remove(attribute)
