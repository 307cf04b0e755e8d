"""Resemblyzer's GE2E speaker encoder as an ONNX graph.

Three LSTM layers of 256 over 40 mel bands, a linear layer and a ReLU on the last state, unit length.
Source: Wan et al. 2018, "Generalized end-to-end loss for speaker verification"; `resemblyzer/voice_encoder.py`.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from training.graphs.checkpoint import read_checkpoint
from training.graphs.onnx_files import GraphBuilder, Port, lstm_weights

_NUM_LAYERS = 3
_HIDDEN = 256
_NUM_MELS = 40
_PARTIAL_FRAMES = 160
_OPSET = 17


def convert_ge2e(sources: Sequence[Path], target: Path) -> None:
    """Write `partials` [n, 160, 40] -> `embeddings` [n, 256] of unit length, from Resemblyzer's `pretrained.pt`."""
    tensors = read_checkpoint(sources[0], root_key="model_state")
    graph = GraphBuilder("ge2e")
    # ONNX's LSTM is time-major
    signal = graph.add("Transpose", ["partials"], "frames_first", perm=[1, 0, 2])
    direction_axis = graph.weight("direction_axis", np.array([1], np.int64))
    for layer in range(_NUM_LAYERS):
        weights = [graph.weight(f"lstm{layer}.{name}", array) for name, array in lstm_weights(tensors, layer)]
        sequence = graph.add("LSTM", [signal, *weights], f"lstm{layer}.sequence", hidden_size=_HIDDEN)
        signal = graph.add("Squeeze", [sequence, direction_axis], f"lstm{layer}.output")
    last = graph.weight("last_frame", np.array(_PARTIAL_FRAMES - 1, np.int64))
    signal = graph.add("Gather", [signal, last], "last_output", axis=0)
    weight = graph.weight("linear.weight", tensors["linear.weight"])
    bias = graph.weight("linear.bias", tensors["linear.bias"])
    raw = graph.add("Relu", [graph.add("Gemm", [signal, weight, bias], "linear", transB=1)], "raw_embeddings")
    length = graph.add("ReduceL2", [raw], "length", axes=[1], keepdims=1)
    floor = graph.weight("least_length", np.array(1e-9, np.float32))  # silence has length zero
    graph.add("Div", [raw, graph.add("Add", [length, floor], "safe_length")], "embeddings")
    graph.write(
        target,
        [Port("partials", ("num_partials", _PARTIAL_FRAMES, _NUM_MELS))],
        [Port("embeddings", ("num_partials", _HIDDEN))],
        _OPSET,
    )
