"""The generator, shifted layer by layer."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper
from training.graphs.timbre_shift import add_shift

from myna.weights.timbre_layers import LAYERS, SHIFT_DIM


def small_generator(layers: tuple[tuple[str, int], ...]) -> onnx.ModelProto:
    """Each layer is a sum of the style and a bias, written in an order that is not that of the shift."""
    rng = np.random.default_rng(0)
    nodes, tensors, outputs = [], [], []
    for layer, width in reversed(layers):
        path = layer.replace(".adain", "/adain")
        stem = f"/decoder/generator/{path}/fc/Gemm"
        tensors.append(numpy_helper.from_array(rng.normal(size=width).astype(np.float32), f"{stem}.bias"))
        total, output = f"{stem}_output_0", f"/{layer}/read"
        nodes.append(helper.make_node("Add", ["style", f"{stem}.bias"], [total], name=stem))
        nodes.append(helper.make_node("Identity", [total], [output], name=output))
        outputs.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, (1, width)))
    style = helper.make_tensor_value_info("style", TensorProto.FLOAT, (1, 1))
    graph = helper.make_graph(nodes, "small", [style], outputs, initializer=tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def run(model: onnx.ModelProto, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return dict(zip((output.name for output in session.get_outputs()), session.run(None, inputs), strict=True))


def test_each_layer_gets_its_own_numbers_and_zeros_change_nothing() -> None:
    """Stage by stage, block by block, in the order in which the layers follow each other."""
    plain, shifted = small_generator(LAYERS), small_generator(LAYERS)
    add_shift(shifted.graph)
    onnx.checker.check_model(shifted)
    style = np.ones((1, 1), np.float32)
    before = run(plain, style=style)
    for name, value in run(shifted, style=style, timbre_shift=np.zeros((1, SHIFT_DIM), np.float32)).items():
        np.testing.assert_array_equal(value, before[name])
    shift = np.arange(SHIFT_DIM, dtype=np.float32)[np.newaxis]
    after = run(shifted, style=style, timbre_shift=shift)
    names = [layer for layer, _ in LAYERS]
    assert names[5:8] == ["noise_res.0.adain2.2", "resblocks.0.adain1.0", "resblocks.0.adain2.0"]
    assert names[24] == "noise_res.1.adain1.0"
    added = np.concatenate([after[f"/{layer}/read"] - before[f"/{layer}/read"] for layer in names], axis=1)
    np.testing.assert_allclose(added, shift, atol=2e-3)


def test_a_generator_of_other_layers_is_refused() -> None:
    """Better no decoder than one that is shifted in the wrong place."""
    for layers in (LAYERS[1:], (*LAYERS[:-1], ("resblocks.5.adain2.2", 128))):
        with pytest.raises(ValueError, match="expected to have one layer"):
            add_shift(small_generator(layers).graph)
