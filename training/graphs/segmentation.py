"""pyannote's speaker segmentation as an ONNX graph.

Band-pass filters over samples, two convolutions, four bidirectional LSTM layers, three linear layers; seven classes a
frame: nobody, one of three people, two of the three at once.
Source: Bredin 2023, "pyannote.audio 2.1 speaker diarization pipeline"; Ravanelli and Bengio 2018, "Speaker recognition
from raw waveform with SincNet"; `pyannote/audio/models/segmentation/PyanNet.py`.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from training.graphs.checkpoint import Tensors, read_checkpoint
from training.graphs.onnx_files import GraphBuilder, Port, lstm_weights

from myna.weights.recipe import band_pass_filters

_NUM_CLASSES = 7
_HIDDEN = 128
_NUM_LSTM_LAYERS = 4
_NUM_LINEAR_LAYERS = 2
_FILTER_STRIDE = 10
_NORM_EPSILON = 1e-5
_LEAK = 0.01
_OPSET = 17
FILTERS = "filters"
FILTERS_MADE_OF = tuple(f"sincnet.conv1d.0.filterbank.{name}" for name in ("low_hz_", "band_hz_", "window_"))


def convert_segmentation(sources: Sequence[Path], target: Path) -> None:
    """Write `samples` [n, num_samples] at 16 kHz -> `classes` [n, num_frames, 7], probabilities."""
    tensors = read_checkpoint(sources[0], root_key="state_dict")
    graph = GraphBuilder("segmentation")
    channel_axis = graph.weight("channel_axis", np.array([1], np.int64))
    signal = graph.add("Unsqueeze", ["samples", channel_axis], "one_channel")
    signal = _normalise(graph, tensors, signal, "sincnet.wav_norm1d")
    for layer in range(3):
        if layer == 0:
            learnt = (tensors[name] for name in FILTERS_MADE_OF)
            kernels = [graph.weight(FILTERS, band_pass_filters(*learnt)[:, np.newaxis])]
        else:
            kernels = [_copy(graph, tensors, f"sincnet.conv1d.{layer}.{part}") for part in ("weight", "bias")]
        strides = [_FILTER_STRIDE if layer == 0 else 1]
        signal = graph.add("Conv", [signal, *kernels], f"conv{layer}", strides=strides)
        if layer == 0:
            signal = graph.add("Abs", [signal], "magnitudes")
        signal = graph.add("MaxPool", [signal], f"pool{layer}", kernel_shape=[3], strides=[3])
        signal = _normalise(graph, tensors, signal, f"sincnet.norm1d.{layer}")
        signal = graph.add("LeakyRelu", [signal], f"leaky{layer}", alpha=_LEAK)
    # ONNX's LSTM is time-major
    signal = graph.add("Transpose", [signal], "frames_first", perm=[2, 0, 1])
    both_directions = graph.weight("both_directions", np.array([0, 0, 2 * _HIDDEN], np.int64))
    for layer in range(_NUM_LSTM_LAYERS):
        weights = [
            graph.weight(f"lstm{layer}.{name}", array) for name, array in lstm_weights(tensors, layer, ("", "_reverse"))
        ]
        sequence = graph.add(
            "LSTM", [signal, *weights], f"lstm{layer}.sequence", direction="bidirectional", hidden_size=_HIDDEN
        )
        aside = graph.add("Transpose", [sequence], f"lstm{layer}.aside", perm=[0, 2, 1, 3])
        signal = graph.add("Reshape", [aside, both_directions], f"lstm{layer}.output")
    for layer in range(_NUM_LINEAR_LAYERS):
        signal = _linear(graph, tensors, signal, f"linear.{layer}")
        signal = graph.add("LeakyRelu", [signal], f"linear.{layer}.leaky", alpha=_LEAK)
    signal = graph.add("Softmax", [_linear(graph, tensors, signal, "classifier")], "probabilities", axis=2)
    graph.add("Transpose", [signal], "classes", perm=[1, 0, 2])
    graph.write(
        target,
        [Port("samples", ("num_stretches", "num_samples"))],
        [Port("classes", ("num_stretches", "num_frames", _NUM_CLASSES))],
        _OPSET,
    )


def _copy(graph: GraphBuilder, tensors: Tensors, name: str) -> str:
    return graph.weight(name, tensors[name])


def _normalise(graph: GraphBuilder, tensors: Tensors, signal: str, name: str) -> str:
    parts = [_copy(graph, tensors, f"{name}.{part}") for part in ("weight", "bias")]
    return graph.add("InstanceNormalization", [signal, *parts], f"{name}.normalised", epsilon=_NORM_EPSILON)


def _linear(graph: GraphBuilder, tensors: Tensors, signal: str, name: str) -> str:
    weight = graph.weight(f"{name}.weight", tensors[f"{name}.weight"].T)
    product = graph.add("MatMul", [signal, weight], f"{name}.product")
    return graph.add("Add", [product, _copy(graph, tensors, f"{name}.bias")], f"{name}.sum")
