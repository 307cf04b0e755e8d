"""Cutting graphs: the parts compute what the whole computes."""

import json
from pathlib import Path

import numpy as np
import pytest

from myna.analysis.onnx_session import OnnxSession
from myna.weights.convert.onnx_files import GraphBuilder, Port, write_subgraph
from myna.weights.store import WeightStore
from myna.weights.timbre_layers import SHIFT_DIM

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


def test_the_four_kokoro_graphs_chain_as_documented(weights: WeightStore) -> None:
    """Shapes as in docs/weights.md, a frame of 600 samples, a pitch that people have, and sound."""
    text, duration, prosody, decoder = (
        OnnxSession(weights.path(f"kokoro/{part}.onnx")) for part in ("text", "duration", "prosody", "decoder")
    )
    vocab = json.loads(weights.path("kokoro/vocab.json").read_text())["vocab"]
    tokens = np.array([[0, *(vocab[phoneme] for phoneme in "həlO wɜɹld."), 0]], np.int64)
    style = np.zeros((1, 128), np.float32)
    embedding, features = text.run({"tokens": tokens})
    frames, hidden = duration.run({"text_embedding": embedding, "prosody_style": style})
    counts = np.maximum(np.rint(frames[0]), 1).astype(np.int64)
    assert counts.shape == tokens[0].shape
    aligned_hidden = np.repeat(hidden.transpose(0, 2, 1), counts, axis=2)
    f0_hz, energy = prosody.run({"aligned_hidden": aligned_hidden, "prosody_style": style})
    assert f0_hz.shape == energy.shape == (1, 2 * counts.sum())
    assert 60 < np.median(f0_hz[f0_hz > 40]) < 400
    (samples,) = decoder.run(
        {
            "aligned_features": np.repeat(features, counts, axis=2),
            "f0_hz": f0_hz,
            "energy": energy,
            "articulation_style": style,
            "timbre_style": style,
            "timbre_shift": np.zeros((1, SHIFT_DIM), np.float32),
        }
    )
    assert samples.shape == (600 * counts.sum(),)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() > 0.01
