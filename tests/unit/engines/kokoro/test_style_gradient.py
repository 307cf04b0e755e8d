"""The graph that voices are made with goes through the decoder that speaks them."""

from pathlib import Path

import numpy as np
import onnx

from myna.analysis.onnx_session import OnnxSession
from myna.engines.kokoro.style_gradient import dequantise
from myna.engines.kokoro.voice_artifact import unpack_voice
from myna.engines.kokoro.voice_stock import stock_voices
from myna.weights.store import WeightStore


def test_the_float_decoder_is_the_integer_decoder(weights: WeightStore, tmp_path: Path) -> None:
    """A second of a steady tone: the waveforms correlate as far as eight bits allow."""
    integer = weights.path("kokoro/decoder.onnx")
    model = onnx.load(str(integer))
    dequantise(model)
    path = tmp_path / "float.onnx"
    onnx.save(model, path)
    assert not {"ConvInteger", "MatMulInteger", "MatMulIntegerToFloat"} & {node.op_type for node in model.graph.node}
    num_frames = 40
    style = unpack_voice(stock_voices()[0].artifact).timbre_style[np.newaxis]
    inputs = {
        "aligned_features": np.random.default_rng(0).normal(size=(1, 512, num_frames)).astype(np.float32),
        "f0_hz": np.full((1, 2 * num_frames), 140, np.float32),
        "energy": np.full((1, 2 * num_frames), 2, np.float32),
        "articulation_style": style,
        "timbre_style": style,
    }
    spoken, expected = (OnnxSession(file).run(inputs)[0].reshape(-1) for file in (path, integer))
    assert np.corrcoef(spoken, expected)[0, 1] > 0.9
