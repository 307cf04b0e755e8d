"""The decoder's style, parted."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper
from training.graphs.two_styles import part_styles


def small_decoder(*, reads_twice: bool = False) -> onnx.ModelProto:
    """A block that articulates and a generator, each a product with the quantised style."""
    rng = np.random.default_rng(0)
    quantised = ["q", "scale", "zero"]
    nodes = [helper.make_node("DynamicQuantizeLinear", ["timbre_style"], quantised, name="quantise")]
    tensors = []
    for name in ("/decoder/decoder/decode.3/norm1/fc", "/decoder/decoder/generator/resblocks.0/fc"):
        weight = f"{name}.weight"
        tensors.append(numpy_helper.from_array(rng.integers(0, 255, (128, 4), dtype=np.uint8), weight))
        nodes.append(helper.make_node("MatMulInteger", ["q", weight, "zero"], [f"{name}.out"], name=name))
    if reads_twice:
        nodes.append(helper.make_node("Identity", ["timbre_style"], ["copy"], name="copy"))
    outputs = [node.output[0] for node in nodes if node.op_type == "MatMulInteger"]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("timbre_style", TensorProto.FLOAT, (1, 128))],
        [helper.make_tensor_value_info(name, TensorProto.INT32, (1, 4)) for name in outputs],
        initializer=tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    return model


def run(model: onnx.ModelProto, **styles: np.ndarray) -> list[np.ndarray]:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return [np.asarray(output) for output in session.run(None, styles)]


def test_each_stage_reads_its_own_style_and_the_same_twice_changes_nothing() -> None:
    """The block follows the new input, the generator the old one, bit for bit."""
    whole, parted = small_decoder(), small_decoder()
    part_styles(parted.graph, "timbre_style")
    onnx.checker.check_model(parted)
    one, other = np.random.default_rng(1).normal(size=(2, 1, 128)).astype(np.float32)
    for style in (one, other):
        for a, b in zip(
            run(whole, timbre_style=style), run(parted, timbre_style=style, articulation_style=style), strict=True
        ):
            np.testing.assert_array_equal(a, b)
    block, generator = run(parted, timbre_style=one, articulation_style=other)
    np.testing.assert_array_equal(block, run(whole, timbre_style=other)[0])
    np.testing.assert_array_equal(generator, run(whole, timbre_style=one)[1])


def test_a_graph_that_reads_the_style_elsewhere_is_refused() -> None:
    """Better no decoder than one of which a part keeps the wrong style."""
    with pytest.raises(ValueError, match="quantised once"):
        part_styles(small_decoder(reads_twice=True).graph, "timbre_style")
