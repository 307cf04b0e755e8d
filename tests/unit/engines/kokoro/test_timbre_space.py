"""The space of timbres, with a basis and a network that are random: the shipped ones are judged by how clones sound."""

from dataclasses import replace
from io import BytesIO
from itertools import pairwise

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from myna.engines.kokoro.graphs import DecoderStyles, KokoroGraphs, ProsodyCurves
from myna.engines.kokoro.making.style_descent import descend
from myna.engines.kokoro.making.style_gradient import StylePull
from myna.engines.kokoro.making.style_map import load_style_map
from myna.engines.kokoro.making.voice_practice import Stretch
from myna.engines.kokoro.timbre_space import TimbreSpace, load_timbre_space, parse_timbre_space
from myna.engines.kokoro.voice_artifact import OFFSET_DIM, STYLE_DIM, unpack_voice
from myna.engines.kokoro.voice_stock import stock_voices
from myna.weights.store import WeightStore
from myna.weights.timbre_layers import SHIFT_DIM

WIDTHS = (530, 32, 32, STYLE_DIM + OFFSET_DIM)


def random_tables() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    tables = {"basis": 0.02 * rng.normal(size=(OFFSET_DIM, SHIFT_DIM)), "offset_sd": rng.uniform(0.5, 2.0, OFFSET_DIM)}
    tables["offset_mean"] = rng.normal(size=OFFSET_DIM)
    tables |= {"feature_mean": rng.normal(size=530), "feature_sd": rng.uniform(0.5, 2.0, 530)}
    for layer, (inputs, outputs) in enumerate(pairwise(WIDTHS), 1):
        tables[f"w{layer}"] = rng.normal(size=(inputs, outputs)) / np.sqrt(inputs)
        tables[f"b{layer}"] = rng.normal(size=outputs)
    return tables


def space_of(tables: dict[str, np.ndarray]) -> TimbreSpace:
    file = BytesIO()
    np.savez(file, **tables)
    return parse_timbre_space(file.getvalue())


def gelu(x: np.ndarray) -> np.ndarray:
    """By ONNX Runtime."""
    node = onnx.helper.make_node("Gelu", ["x"], ["y"], approximate="tanh")
    ports = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n"]) for name in "xy"]
    graph = onnx.helper.make_graph([node], "gelu", ports[:1], ports[1:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=9)
    return ort.InferenceSession(model.SerializeToString()).run(None, {"x": x.astype(np.float32)})[0]


def test_the_network_foretells_style_and_offset() -> None:
    """A feature that is the same for everybody counts for nothing."""
    tables = random_tables()
    features = np.random.default_rng(4).normal(size=530)
    tables["feature_sd"][-1], tables["feature_mean"][-1] = 0.0, features[-1]
    values = np.append(((features - tables["feature_mean"])[:-1] / tables["feature_sd"][:-1]), 0.0)
    values = gelu(gelu(values @ tables["w1"] + tables["b1"]) @ tables["w2"] + tables["b2"])
    values = values @ tables["w3"] + tables["b3"]
    step, offset = space_of(tables).foretell(features)
    np.testing.assert_allclose(step, values[:STYLE_DIM], atol=1e-5)
    np.testing.assert_allclose(offset, values[STYLE_DIM:], atol=1e-5)


def test_a_basis_of_another_size_is_refused() -> None:
    """Better no engine than voices that are shifted in the wrong places."""
    with pytest.raises(ValueError, match="a basis of"):
        space_of({**random_tables(), "basis": np.zeros((OFFSET_DIM, SHIFT_DIM - 512))})


def test_an_offset_is_heard_and_none_is_not(weights: WeightStore) -> None:
    """The decoder gets what the basis makes of the offset; without one it computes what it does without a shift."""
    rng = np.random.default_rng(5)
    graphs, space = KokoroGraphs(weights, 1), space_of(random_tables())
    voice = unpack_voice(stock_voices()[0].artifact)
    features = rng.normal(size=(1, 512, 12)).astype(np.float32)
    curves = ProsodyCurves(np.full(24, 140, np.float32), np.full(24, 2, np.float32))
    offset = rng.normal(size=OFFSET_DIM).astype(np.float32)
    plain = graphs.decode_aligned(features, curves, DecoderStyles(voice.articulation_style, voice.timbre_style))
    none = graphs.decode_aligned(features, curves, space.styles(voice))
    shifted = graphs.decode_aligned(features, curves, space.styles(replace(voice, timbre_offset=offset)))
    np.testing.assert_array_equal(none, plain)
    assert np.abs(shifted - plain).mean() > 0.1 * np.abs(plain).mean()


class Bowl:
    """A `StyleGradient` whose loss grows with the distance from a timbre that is known; judges miss nothing.

    The shift counts as little as makes either slope as steep.
    """

    def __init__(self, wanted: DecoderStyles) -> None:
        self.wanted = wanted

    def __call__(self, *given: object, target_a: np.ndarray, target_b: np.ndarray) -> StylePull:
        styles = given[-1]
        assert isinstance(styles, DecoderStyles)
        return StylePull(
            styles.timbre - self.wanted.timbre,
            0.002 * (styles.timbre_shift - self.wanted.timbre_shift),
            np.zeros_like(target_a),
            np.zeros_like(target_b),
        )


def test_the_descent_walks_style_and_offset_together() -> None:
    """Both come nearer to where the gradient leads; where the basis is nothing, the offset stays as it was."""
    rng = np.random.default_rng(6)
    style_map, space = load_style_map(), space_of(random_tables())
    voice = unpack_voice(stock_voices()[0].artifact)
    style = style_map.prior_mean + style_map.prior_cholesky @ rng.normal(size=STYLE_DIM)
    offset = (space.offset_mean + space.offset_sd * rng.normal(size=OFFSET_DIM)).astype(np.float32)
    wanted = replace(voice, timbre_style=style.astype(np.float32), timbre_offset=offset)
    stretch = Stretch(*np.zeros((3, 1), np.float32))
    targets = np.zeros(256, np.float32), np.zeros(192, np.float32)

    def walk(around: TimbreSpace) -> list:
        bowl = Bowl(space.styles(wanted))
        return list(descend(voice, [stretch], targets, bowl, style_map, space=around, num_steps=16, first_step=0.8))

    def far(reached: np.ndarray, goal: np.ndarray) -> float:
        return float(np.linalg.norm(reached - goal))

    *_, reached = walk(space)
    assert far(reached.timbre_style, style) < 0.5 * far(voice.timbre_style, style)
    assert far(reached.timbre_offset, offset) < 0.6 * far(voice.timbre_offset, offset)
    nothing = {"basis": np.zeros_like(space.basis), "offset_mean": np.zeros(OFFSET_DIM)}
    for nowhere in walk(replace(space, **nothing)):
        assert np.isfinite(nowhere.timbre_style).all()
        assert not nowhere.timbre_offset.any()


def test_the_shipped_space_can_be_used() -> None:
    """No number of it is missing, none divides by nothing."""
    space = load_timbre_space()
    assert np.isfinite(space.basis).all()
    assert np.isfinite(np.concatenate(space.foretell(np.zeros(530)))).all()
    assert (space.offset_sd > 0).all()
