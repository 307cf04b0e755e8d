"""Recipes: what they can do, and that those which ship make the files of the manifest."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np

from myna.analysis.onnx_session import OnnxSession
from myna.weights.manifest import load_manifest
from myna.weights.recipe import OWN, RECIPES, STEPS, follow_recipe, follow_steps, read_source
from myna.weights.store import WeightStore
from myna.weights.timbre_layers import SHIFT_DIM


def test_the_steps_follow_one_another(tmp_path: Path) -> None:
    """Own bytes, a stretch, a tensor turned, one whose bytes become signed; a zip counts as what is in it."""
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.write_bytes(b"0123456789")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("floats", np.arange(6, dtype="<f4").tobytes())
        archive.writestr("bytes", bytes([64, 63, 127, 0]))
    given = read_source(plain) + read_source(packed)
    steps = [
        ["own", 3],
        ["copy", 2, 4],
        ["turn", 10, "<f4", [2, 3], [1, 0]],
        ["turn", 34, "|u1", [4], [0], 64],
        ["own", 1],
    ]
    recipe = io.BytesIO()
    with zipfile.ZipFile(recipe, "w") as archive:
        archive.writestr(STEPS, json.dumps(steps))
        archive.writestr(OWN, b"abcd")
    turned = np.array([0, 3, 1, 4, 2, 5], "<f4").tobytes()
    signed = np.array([0, -1, 63, -64], np.int8).tobytes()
    assert b"".join(follow_steps(recipe.getvalue(), given)) == b"abc2345" + turned + signed + b"d"


def test_without_a_recipe_the_sources_are_put_together(tmp_path: Path) -> None:
    """As a file was cut to fit a registry's size limit."""
    for name in ("first", "second"):
        (tmp_path / name).write_bytes(name.encode())
    assert b"".join(follow_recipe("", [tmp_path / "first", tmp_path / "second"])) == b"firstsecond"


def test_the_shipped_recipes_are_of_the_files_that_are_pulled(weights: WeightStore) -> None:
    """What a recipe holds itself is in the file at its place; what it takes from elsewhere is as long as the rest."""
    for file in (file for bundle in load_manifest().bundles for file in bundle.files if file.recipe):
        with zipfile.ZipFile(io.BytesIO((RECIPES / f"{file.recipe}.zip").read_bytes())) as archive:
            steps, own = json.loads(archive.read(STEPS)), io.BytesIO(archive.read(OWN))
        content = weights.path(file.path).read_bytes()
        position = 0
        for kind, *arguments in steps:
            if kind == "own":
                assert content.startswith(own.read(arguments[0]), position)
            position += _num_bytes(kind, arguments)
        assert position == len(content) == file.size_bytes


def _num_bytes(kind: str, arguments: list) -> int:
    match kind:
        case "own":
            return arguments[0]
        case "copy":
            return arguments[1]
        case "turn":
            return int(np.prod(arguments[2])) * np.dtype(arguments[1]).itemsize
    num_filters, half = arguments[-2:]
    return 4 * 2 * num_filters * (2 * half + 1)


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
