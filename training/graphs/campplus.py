"""3D-Speaker's CAM++ speaker encoder as an ONNX graph.

A small two-dimensional residual front (over 80 mel bands), a densely connected TDNN whose layers are masked by their
context (mean over the recording plus mean over 100-frame segments), mean and deviation over time, a linear layer.
Source: Wang et al. 2023, "CAM++: a fast and efficient network for speaker verification using context-aware masking"
(arXiv 2303.00332); parameter names are those of 3D-Speaker's checkpoint `campplus_cn_en_common.pt`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from training.graphs.checkpoint import Tensors, read_checkpoint
from training.graphs.onnx_files import GraphBuilder, Port

_NUM_MELS = 80
_EMBEDDING = 192
_SEGMENT_FRAMES = 100
_BLOCKS = ((12, 1), (24, 2), (16, 2))
"""Layers and dilation of each densely connected block."""
_OPSET = 17
_CONSTANTS: Mapping[str, npt.NDArray[Any]] = {
    "one": np.array([1], np.float32),
    "slice_start": np.array([0], np.int64),
    "channel_axis": np.array([1], np.int64),
    "time_axis": np.array([2], np.int64),
    "last_axis": np.array([-1], np.int64),
    "segment_repeat": np.array([1, 1, _SEGMENT_FRAMES], np.float32),
}


def convert_campplus(sources: Sequence[Path], target: Path) -> None:
    """Write `features` [n, num_frames, 80] -> `embeddings` [n, 192], not normalised, from CAM++'s checkpoint.

    The features are log mel energies with their mean over time taken out; at least two 20 ms steps are needed.
    """
    writer = _Campplus(GraphBuilder("campplus"), read_checkpoint(sources[0]))
    writer.write(target)


@dataclass(frozen=True, slots=True)
class _Campplus:
    graph: GraphBuilder
    tensors: Tensors

    def write(self, target: Path) -> None:
        for constant, value in _CONSTANTS.items():
            self.graph.weight(constant, value)
        signal = self.dense_tdnn(self.residual_front("features"))
        signal = self.statistics(signal)
        signal = self.convolution("xvector.dense.linear", signal, kernel=(1,))
        signal = self.graph.add("Squeeze", [signal, "last_axis"], "dense")
        # the last normalisation has neither scale nor shift of its own
        name = "xvector.dense.nonlinear.batchnorm"
        ones, zeros = np.ones(_EMBEDDING, np.float32), np.zeros(_EMBEDDING, np.float32)
        self.graph.weight(f"{name}.weight", ones)
        self.graph.weight(f"{name}.bias", zeros)
        inputs = [signal, f"{name}.weight", f"{name}.bias", self.load(f"{name}.running_mean")]
        self.graph.add("BatchNormalization", [*inputs, self.load(f"{name}.running_var")], "embeddings", epsilon=1e-5)
        self.graph.write(
            target,
            [Port("features", ("num_recordings", "num_frames", _NUM_MELS))],
            [Port("embeddings", ("num_recordings", _EMBEDDING))],
            _OPSET,
        )

    def residual_front(self, features: str) -> str:
        signal = self.graph.add("Transpose", [features], "bands_first", perm=[0, 2, 1])
        signal = self.graph.add("Unsqueeze", [signal, "channel_axis"], "one_channel")
        signal = self.convolution("head.conv1", signal, kernel=(3, 3))
        signal = self.relu(self.normalise("head.bn1", signal))
        for block in ("layer1.0", "layer1.1", "layer2.0", "layer2.1"):
            signal = self.residual_block(f"head.{block}", signal, halves_bands=block.endswith("0"))
        signal = self.convolution("head.conv2", signal, kernel=(3, 3), stride=(2, 1))
        signal = self.relu(self.normalise("head.bn2", signal))
        channels = self.tensors["head.conv2.weight"].shape[0]
        shape = self.graph.weight("front_shape", np.array([0, channels * _NUM_MELS // 8, -1], np.int64))
        return self.graph.add("Reshape", [signal, shape], "front")

    def residual_block(self, name: str, signal: str, halves_bands: bool) -> str:
        stride = (2, 1) if halves_bands else (1, 1)
        inner = self.convolution(f"{name}.conv1", signal, kernel=(3, 3), stride=stride)
        inner = self.relu(self.normalise(f"{name}.bn1", inner))
        inner = self.normalise(f"{name}.bn2", self.convolution(f"{name}.conv2", inner, kernel=(3, 3)))
        if halves_bands:
            signal = self.convolution(f"{name}.shortcut.0", signal, kernel=(1, 1), stride=stride)
            signal = self.normalise(f"{name}.shortcut.1", signal)
        return self.relu(self.graph.add("Add", [inner, signal], f"{name}.sum"))

    def dense_tdnn(self, signal: str) -> str:
        signal = self.convolution("xvector.tdnn.linear", signal, kernel=(5,), stride=(2,))
        signal = self.relu(self.normalise("xvector.tdnn.nonlinear.batchnorm", signal))
        for block, (num_layers, dilation) in enumerate(_BLOCKS, start=1):
            for layer in range(1, num_layers + 1):
                name = f"xvector.block{block}.tdnnd{layer}"
                grown = self.dense_layer(name, signal, dilation)
                signal = self.graph.add("Concat", [signal, grown], f"{name}.output", axis=1)
            name = f"xvector.transit{block}"
            signal = self.relu(self.normalise(f"{name}.nonlinear.batchnorm", signal))
            signal = self.convolution(f"{name}.linear", signal, kernel=(1,))
        return self.relu(self.normalise("xvector.out_nonlinear.batchnorm", signal))

    def dense_layer(self, name: str, signal: str, dilation: int) -> str:
        signal = self.relu(self.normalise(f"{name}.nonlinear1.batchnorm", signal))
        signal = self.convolution(f"{name}.linear1", signal, kernel=(1,))
        signal = self.relu(self.normalise(f"{name}.nonlinear2.batchnorm", signal))
        layer = f"{name}.cam_layer"
        local = self.convolution(f"{layer}.linear_local", signal, kernel=(3,), dilation=dilation)
        mask = self.relu(self.convolution(f"{layer}.linear1", self.context(layer, signal), kernel=(1,)))
        mask = self.graph.add("Sigmoid", [self.convolution(f"{layer}.linear2", mask, kernel=(1,))], f"{layer}.mask")
        return self.graph.add("Mul", [local, mask], f"{layer}.output")

    def context(self, name: str, signal: str) -> str:
        """Mean over the recording plus mean over the segment that a frame is in."""
        graph = self.graph
        whole = graph.add("ReduceMean", [signal], f"{name}.whole_mean", axes=[-1], keepdims=1)
        # the last segment may be short: ceil_mode averages what there is of it
        segments = graph.add(
            "AveragePool",
            [signal],
            f"{name}.segment_means",
            ceil_mode=1,
            kernel_shape=[_SEGMENT_FRAMES],
            strides=[_SEGMENT_FRAMES],
        )
        repeated = graph.add(
            "Resize",
            [segments, "", "segment_repeat"],
            f"{name}.repeated",
            coordinate_transformation_mode="asymmetric",
            mode="nearest",
            nearest_mode="floor",
        )
        length = graph.add("Shape", [signal], f"{name}.length", start=2)
        cut = graph.add("Slice", [repeated, "slice_start", length, "time_axis"], f"{name}.segment_mean")
        return graph.add("Add", [whole, cut], f"{name}.context")

    def statistics(self, signal: str) -> str:
        """Mean and unbiased standard deviation over time."""
        graph = self.graph
        mean = graph.add("ReduceMean", [signal], "time_mean", axes=[-1], keepdims=1)
        centred = graph.add("Sub", [signal, mean], "centred")
        energy = graph.add("ReduceSumSquare", [centred], "energy", axes=[-1], keepdims=1)
        length = graph.add("Cast", [graph.add("Shape", [signal], "time_shape", start=2)], "time_length", to=1)
        variance = graph.add("Div", [energy, graph.add("Sub", [length, "one"], "degrees_of_freedom")], "variance")
        return graph.add("Concat", [mean, graph.add("Sqrt", [variance], "deviation")], "statistics", axis=1)

    def convolution(
        self, name: str, signal: str, kernel: tuple[int, ...], stride: tuple[int, ...] | None = None, dilation: int = 1
    ) -> str:
        """Convolve so that, but for the stride, the length stays."""
        inputs = [signal, self.load(f"{name}.weight")]
        if f"{name}.bias" in self.tensors:
            inputs.append(self.load(f"{name}.bias"))
        padding = [(size - 1) // 2 * dilation for size in kernel]
        return self.graph.add(
            "Conv",
            inputs,
            f"{name}.conv",
            dilations=[dilation] * len(kernel),
            kernel_shape=list(kernel),
            pads=padding * 2,
            strides=list(stride or (1,) * len(kernel)),
        )

    def normalise(self, name: str, signal: str) -> str:
        parameters = [self.load(f"{name}.{field}") for field in ("weight", "bias", "running_mean", "running_var")]
        return self.graph.add("BatchNormalization", [signal, *parameters], f"{name}.normalised", epsilon=1e-5)

    def relu(self, signal: str) -> str:
        return self.graph.add("Relu", [signal], f"{signal}.relu")

    def load(self, name: str) -> str:
        return self.graph.weight(name, self.tensors[name])
