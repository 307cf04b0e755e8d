"""What `training/graphs` makes of a graph with weights: a recipe that finds them again in the packages."""

import json
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from training.graphs.__main__ import BUILDERS, make_recipe
from training.graphs.onnx_files import GraphBuilder, Port, lstm_weights

from myna.weights.manifest import load_manifest
from myna.weights.recipe import OWN, STEPS, follow_steps


def test_a_recipe_holds_no_weights_and_makes_the_same_file(tmp_path: Path) -> None:
    """Kernels as they are, turned, made signed, and an LSTM's gates in ONNX's order."""
    random = np.random.default_rng(3)
    matrix = random.normal(size=(40, 30)).astype(np.float32)
    kernel = random.integers(0, 128, (24, 20, 5), dtype=np.uint8)
    lstm = {
        f"lstm.{kind}_l0": random.normal(size=shape).astype(np.float32)
        for kind, shape in {"weight_ih": (64, 20), "weight_hh": (64, 16), "bias_ih": (64,), "bias_hh": (64,)}.items()
    }
    given = b"".join(tensor.tobytes() for tensor in (matrix, kernel, *lstm.values()))
    graph = GraphBuilder("small")
    graph.weight("as it is", matrix)
    graph.weight("turned", matrix.T)
    graph.weight("signed", (kernel.astype(np.int16) - 64).transpose(2, 1, 0).reshape(100, 24).astype(np.int8))
    for name, array in lstm_weights(lstm, 0):
        graph.weight(name, array)
    graph.weight("zeros", np.zeros(500, np.float32))
    graph.write(tmp_path / "small.onnx", [Port("x", (1,))], [Port("y", (1,))], opset=17)
    finished = (tmp_path / "small.onnx").read_bytes()
    recipe = make_recipe(finished, given)
    assert b"".join(follow_steps(recipe, given)) == finished
    with zipfile.ZipFile(BytesIO(recipe)) as archive:
        kinds = [step[0] for step in json.loads(archive.read(STEPS))]
        assert len(archive.read(OWN)) < len(finished) - len(given)
    assert set(kinds) == {"own", "copy", "turn"}
    with pytest.raises(ValueError, match="as it is"):
        make_recipe(finished, given[4:])


def test_every_recipe_of_the_manifest_has_its_builder() -> None:
    """And none is left over."""
    named = {file.recipe for bundle in load_manifest().bundles for file in bundle.files if file.recipe}
    assert named == BUILDERS.keys()
