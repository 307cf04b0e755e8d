"""PerTh's finding network as an ONNX graph: seven convolutions over time with leaky ReLUs between.

It has two more of the kind, for speech that is played faster or slower; they answer the same whatever they hear, and
are left out. The spectra, and what is made of the answer, are `myna.analysis.mark_finder`'s.
Source: `perth/perth_net/perth_net_implicit/model/decoder.py` of resemble-perth.
"""

from collections.abc import Sequence
from pathlib import Path

from training.graphs.checkpoint import read_checkpoint
from training.graphs.onnx_files import GraphBuilder, Port

_NUM_BINS = 128
_NUM_LAYERS = 7
_LEAK = 0.01
"""PyTorch's default."""
_OPSET = 17


def convert_perth(sources: Sequence[Path], target: Path) -> None:
    """Write `levels` [n, 128, frames] -> `verdicts` [n, 2, frames]: how far each frame is trusted, and what it says."""
    tensors = read_checkpoint(sources[0], root_key="model")
    graph = GraphBuilder("perth")
    signal = "levels"
    for layer in range(_NUM_LAYERS):
        name = f"decoder.normal_layers.{layer}.conv"
        weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        inputs = [signal, graph.weight(f"{name}.weight", weight), graph.weight(f"{name}.bias", bias)]
        width = weight.shape[2]
        output = "verdicts" if layer == _NUM_LAYERS - 1 else f"layer{layer}"
        signal = graph.add("Conv", inputs, output, kernel_shape=[width], pads=[width // 2, width // 2])
        if layer < _NUM_LAYERS - 1:
            signal = graph.add("LeakyRelu", [signal], f"{output}.active", alpha=_LEAK)
    ports = [Port("levels", ("n", _NUM_BINS, "frames"))]
    graph.write(target, ports, [Port("verdicts", ("n", 2, "frames"))], _OPSET)
