"""The whole graph: style -> decoder -> samples -> both embeddings -> loss -> gradient."""

from collections.abc import Mapping

import onnx
from training.style_gradient.builder import GraphBuilder, Shape, split_off_preparation
from training.style_gradient.decoder import DECODER, decode
from training.style_gradient.differentiate import differentiate
from training.style_gradient.judges import CAMPPLUS, GE2E, hear_campplus, hear_ge2e, resample_24k_to_16k

SOURCES = (DECODER, GE2E, CAMPPLUS)


def build_gradient_graph(
    models: Mapping[str, onnx.ModelProto], inputs: Mapping[str, Shape]
) -> tuple[GraphBuilder, onnx.ModelProto, onnx.ModelProto]:
    """Join the three graphs of `SOURCES`, append the backward pass, split off what follows from weights alone.

    inputs: their shapes; `timbre_style` and `timbre_shift` are what counts, `target_a` and `target_b` for the embeddings.
    The models are changed. Returns: the builder, which knows the weights, and the two graphs.
    Raises: NotImplementedError if a graph holds an operator on the way that has no derivative here.
    """
    b = GraphBuilder()
    for name, shape in inputs.items():
        b.input(name, shape)
    samples = resample_24k_to_16k(b, decode(b, models[DECODER]))
    b.infer_shapes()
    embeddings = hear_ge2e(b, samples, models[GE2E]), hear_campplus(b, samples, models[CAMPPLUS])
    likeness = [
        b.op("ReduceSum", b.op("Mul", embedding, target), b.constant([1], "int64"), keepdims=1)
        for embedding, target in zip(embeddings, ("target_a", "target_b"), strict=True)
    ]
    loss = b.op("Neg", b.op("Add", *likeness))
    b.infer_shapes()
    gradient, shift_gradient = differentiate(b, loss, ["timbre_style", "timbre_shift"])
    b.infer_shapes()
    outputs = {
        "gradient": gradient,
        "shift_gradient": shift_gradient,
        "embedding_a": embeddings[0],
        "embedding_b": embeddings[1],
    }
    return b, *split_off_preparation(b, outputs)
