"""Cutting graphs: the parts compute what the whole computes."""

from pathlib import Path

import numpy as np
import pytest
from training.graphs.onnx_files import GraphBuilder, Port, write_subgraph

from myna.analysis.onnx_session import OnnxSession

X, Y, Z = Port("x", ("n", 3)), Port("y", ("n", 4)), Port("z", ("n", 2))


def write_whole(path: Path) -> None:
    """x -> tanh(x A + b) = y -> y B = z, with a branch that z does not need."""
    random = np.random.default_rng(0)
    graph = GraphBuilder("whole")
    product = graph.add("MatMul", ["x", graph.weight("A", random.normal(size=(3, 4)).astype(np.float32))], "product")
    total = graph.add("Add", [product, graph.weight("b", random.normal(size=4).astype(np.float32))], "total")
    middle = graph.add("Tanh", [total], "middle")
    graph.add("Relu", [middle], "unneeded")
    graph.add("MatMul", [middle, graph.weight("B", random.normal(size=(4, 2)).astype(np.float32))], "z")
    graph.write(path, [X], [Z], opset=17)


def test_two_halves_in_a_row_are_the_whole_and_their_bytes_repeat(tmp_path: Path) -> None:
    """Cut at an inner tensor that gets a name of its own; each half carries only its own weights."""
    whole = tmp_path / "whole.onnx"
    write_whole(whole)
    paths = {name: tmp_path / f"{name}.onnx" for name in ("front", "back", "back_again")}
    source = whole.read_bytes()
    write_subgraph(source, "front", {"x": X}, {"middle": Y}, paths["front"])
    write_subgraph(source, "back", {"middle": Y}, {"z": Z}, paths["back"])
    write_subgraph(source, "back", {"middle": Y}, {"z": Z}, paths["back_again"])
    assert paths["back"].read_bytes() == paths["back_again"].read_bytes()
    assert b"unneeded" not in paths["back"].read_bytes()
    x = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32)
    (expected,) = OnnxSession(whole).run({"x": x})
    (y,) = OnnxSession(paths["front"]).run({"x": x})
    (z,) = OnnxSession(paths["back"]).run({"y": y})
    np.testing.assert_array_equal(z, expected)


def test_a_part_with_an_open_end_is_refused(tmp_path: Path) -> None:
    """An output that also needs an input which was not named."""
    write_whole(tmp_path / "whole.onnx")
    with pytest.raises(ValueError, match="also needs"):
        write_subgraph((tmp_path / "whole.onnx").read_bytes(), "back", {}, {"z": Z}, tmp_path / "back.onnx")
