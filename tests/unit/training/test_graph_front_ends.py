"""The front ends inside the gradient graph are those by which voices are compared."""

from collections.abc import Callable

import numpy as np
import onnxruntime as ort
import pytest
from training.style_gradient import judges
from training.style_gradient.builder import GraphBuilder

from myna.analysis import speaker_features


@pytest.mark.parametrize("quietest", [0.0, 1e-3], ids=["digital silence", "noise"])
@pytest.mark.parametrize("name", ["ge2e_features", "campplus_features"])
def test_the_graph_sees_what_the_encoder_sees(name: str, quietest: float) -> None:
    """A tone that comes and goes; where it is not, there is nothing, or noise."""
    time = np.arange(16_000) / 16_000
    noise = np.random.default_rng(3).normal(size=16_000)
    sound = 0.3 * np.sin(2 * np.pi * (200 * time + 900 * time**2)) + 1e-3 * noise
    samples = np.where(time < 0.5, sound, quietest * noise).astype(np.float32)
    of_graph: Callable[[GraphBuilder, str], str] = getattr(judges, name)
    b = GraphBuilder()
    features = of_graph(b, b.input("samples", (1, 1, 16_000)))
    b.infer_shapes()
    session = ort.InferenceSession(b.model(b.nodes, [features]).SerializeToString(), providers=["CPUExecutionProvider"])
    seen = session.run(None, {"samples": samples[np.newaxis, np.newaxis]})[0][0]
    expected = getattr(speaker_features, name)(samples)
    seen = seen.T if name == "ge2e_features" else seen
    np.testing.assert_allclose(seen, expected, rtol=1e-3, atol=5e-3)
