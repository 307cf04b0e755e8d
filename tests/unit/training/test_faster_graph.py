"""The rewritten decoder says what the export says."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.quantised_export import CHANNELS, Export
from training.graphs.faster_graph import make_faster

from myna.analysis.onnx_session import OnnxSession


@pytest.mark.parametrize("length", [24, 301])
def test_the_rewritten_graph_computes_the_same(tmp_path: Path, length: int) -> None:
    """Dilated, strided and pointwise convolutions with and without bias, norms and snakes, to within rounding."""
    export = Export()
    first = export.convolved(export.norm_and_snake("x", "one"), "dilated", 3, strides=[1], dilations=[5], pads=[5, 5])
    second = export.convolved(
        export.norm_and_snake(first, "two"), "pointwise", 1, bias=False, strides=[1], dilations=[1], pads=[0, 0]
    )
    third = export.convolved(export.op("Add", "x", second), "strided", 4, strides=[3], dilations=[1], pads=[2, 1])
    model = export.model({"x": (1, CHANNELS, "n"), "gain": (1, CHANNELS, 1), "offset": (1, CHANNELS, 1)}, third)
    onnx.save(model, tmp_path / "export.onnx")
    make_faster(model.graph)
    onnx.save(model, tmp_path / "faster.onnx")
    inputs = {
        "x": export.random.normal(size=(1, CHANNELS, length)).astype(np.float32),
        "gain": export.random.uniform(0.5, 1.5, (1, CHANNELS, 1)).astype(np.float32),
        "offset": export.random.normal(size=(1, CHANNELS, 1)).astype(np.float32),
    }
    (expected,), (computed,) = (OnnxSession(tmp_path / f"{name}.onnx").run(inputs) for name in ("export", "faster"))
    kinds = [node.op_type for node in model.graph.node]
    assert "ConvInteger" not in kinds
    assert kinds.count("MatMulIntegerToFloat") == 3
    assert kinds.count("InstanceNormalization") == 2
    # a value on the edge between two steps of 8 bits may fall to either side
    np.testing.assert_allclose(computed, expected, atol=0.01 * float(expected.std()))
