"""A second guess at what listeners would say of the sound, beside DNSMOS: Distill-MOS, of 1 to 5.

DNSMOS learnt from recordings that noise suppression had been at. This one learnt from a large network's ratings of many
kinds of speech, synthetic speech among them. The network is in the registry package `distillmos` 0.9.1 (MIT), which is
neither installed nor shipped: `pip download --no-deps distillmos==0.9.1`, and name the wheel. Its package needs torch;
here the same network is an ONNX graph.
"""

import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from myna.analysis.onnx_session import OnnxSession
from myna.audio.resample import resample
from myna.domain.waveform import Waveform

sys.path.insert(0, str(Path(__file__).parents[1]))

from training.graphs.checkpoint import Tensors, read_checkpoint
from training.graphs.onnx_files import GraphBuilder, Port

RATE_HZ = 16_000
_MODEL = "distillmos/weights/distill_mos_v7.pt"
_HEARD_SAMPLES = 122_880
"""7.7 s: the model hears no other length. Silence follows shorter speech; longer speech is heard in several places."""
_STEP_SAMPLES = 16_000
_WINDOW, _HOP = 320, 160
_COMPRESSION = 0.3
_CONVOLUTIONS = ((1, 1), (2, 1), (2, 1), (2, 1), (2, 1), (2, 2))
"""Strides over bins and frames."""
_NUM_FRAMES, _WIDTH, _HEADS, _LAYERS = 384, 200, 8, 7
_EPSILON = 1e-5
_OPSET = 17


class SecondOpinion:
    """Source: B. Stahl and H. Gamper, arXiv 2502.05356; `distillmos.sqa` and `xls_r_sqa`, which the graph follows."""

    def __init__(self, wheel: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            with zipfile.ZipFile(wheel) as archive:
                checkpoint = Path(archive.extract(_MODEL, folder))
            graph = Path(folder) / "opinion.onnx"
            _write_graph(read_checkpoint(checkpoint, root_key="model"), graph)
            self._session = OnnxSession(graph)

    def score(self, waveform: Waveform) -> float:
        """Mean opinion score, 1 bad to 5 excellent. Any rate."""
        samples = resample(waveform, RATE_HZ).samples
        samples = np.pad(samples, (0, max(0, _HEARD_SAMPLES - len(samples))))
        excess = len(samples) - _HEARD_SAMPLES
        starts = np.linspace(0, excess, int(np.ceil(excess / _STEP_SAMPLES)) + 1).astype(int)
        heard = (samples[start : start + _HEARD_SAMPLES] for start in starts)
        return float(np.mean([self._session.run({"spectra": _spectra(part)})[0] for part in heard]))


def _spectra(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """[1, 2, 161, 768]: real and imaginary parts, their magnitude to the power of 0.3."""
    level = samples / (np.abs(samples).max() + 1e-8)
    padded = np.pad(level, (_WINDOW - _HOP) // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    spectra = np.fft.rfft(frames * np.hanning(_WINDOW + 1)[:-1])
    magnitudes = np.maximum(np.abs(spectra), 1e-12)
    compressed = magnitudes**_COMPRESSION * spectra / magnitudes
    return np.stack([compressed.real.T, compressed.imag.T])[np.newaxis].astype(np.float32)


def _write_graph(tensors: Tensors, path: Path) -> None:
    """Six convolutions, seven layers of a transformer, a mean that attends, a sigmoid."""
    graph = GraphBuilder("second_opinion")
    given = {name: graph.weight(name, array) for name, array in tensors.items() if "num_batches" not in name}

    def number(name: str, value: npt.ArrayLike, kind: npt.DTypeLike = np.float32) -> str:
        return graph.weight(name, np.array(value, kind))

    def shaped(signal: str, name: str, shape: list[int], order: list[int] | None = None) -> str:
        signal = graph.add("Reshape", [signal, number(f"{name}.shape", shape, np.int64)], f"{name}.reshaped")
        return signal if order is None else graph.add("Transpose", [signal], f"{name}.turned", perm=order)

    def linear(signal: str, name: str, weight: str = "weight", bias: str = "bias") -> str:
        turned = graph.weight(f"{name}.turned", tensors[f"{name}.{weight}"].T)
        return graph.add(
            "Add", [graph.add("MatMul", [signal, turned], f"{name}.product"), given[f"{name}.{bias}"]], name
        )

    def batch_norm(signal: str, name: str) -> str:
        scale = tensors[f"{name}.weight"] / np.sqrt(tensors[f"{name}.running_var"] + _EPSILON)
        shift = tensors[f"{name}.bias"] - tensors[f"{name}.running_mean"] * scale
        scaled = graph.add("Mul", [signal, number(f"{name}.scale", scale)], f"{name}.scaled")
        return graph.add("Add", [scaled, number(f"{name}.shift", shift)], name)

    def add_and_norm(signal: str, more: str, name: str) -> str:
        both = graph.add("Add", [signal, more], f"{name}.both")
        weights = [given[f"{name}.weight"], given[f"{name}.bias"]]
        return graph.add("LayerNormalization", [both, *weights], name, epsilon=_EPSILON)

    signal = "spectra"
    for index, strides in enumerate(_CONVOLUTIONS):
        name = f"cnn.cnn.{2 * index}"
        inputs = [signal, given[f"{name}.weight"], given[f"{name}.bias"]]
        signal = graph.add("Conv", inputs, f"{name}.linear", strides=strides, pads=[0, 1, 0, 1])
        signal = graph.add("LeakyRelu", [signal], name, alpha=0.1)
    model, inner = "transformer_pool_attn", "transformer_pool_attn.transformer"
    signal = shaped(signal, "rows", [-1, _NUM_FRAMES], [1, 0])
    signal = batch_norm(batch_norm(signal, f"{model}.norm_input"), f"{inner}.norm")
    position = number("position", tensors[f"{inner}.position_encoding.pe"][0])
    signal = graph.add("Add", [linear(signal, f"{inner}.linear_proj"), position], "placed")
    size = _WIDTH // _HEADS
    scale = number("attention.scale", size**-0.5)
    for index in range(_LAYERS):
        layer = f"{inner}.transformer_encoder.layers.{index}"
        asked = shaped(
            linear(signal, f"{layer}.self_attn", "in_proj_weight", "in_proj_bias"),
            f"{layer}.asked",
            [_NUM_FRAMES, 3, _HEADS, size],
        )
        parts = [
            graph.add(
                "Gather", [asked, number(f"{layer}.part{part}", part, np.int64)], f"{layer}.gathered{part}", axis=1
            )
            for part in range(3)
        ]
        queries = graph.add("Transpose", [parts[0]], f"{layer}.queries", perm=[1, 0, 2])
        keys = graph.add("Transpose", [parts[1]], f"{layer}.keys", perm=[1, 2, 0])
        values = graph.add("Transpose", [parts[2]], f"{layer}.values", perm=[1, 0, 2])
        scores = graph.add("Mul", [graph.add("MatMul", [queries, keys], f"{layer}.products"), scale], f"{layer}.scores")
        weights = graph.add("Softmax", [scores], f"{layer}.weights", axis=-1)
        mixed = graph.add("MatMul", [weights, values], f"{layer}.mixed")
        mixed = graph.add("Transpose", [mixed], f"{layer}.mixed_turned", perm=[1, 0, 2])
        mixed = linear(shaped(mixed, f"{layer}.joined", [_NUM_FRAMES, _WIDTH]), f"{layer}.self_attn.out_proj")
        signal = add_and_norm(signal, mixed, f"{layer}.norm1")
        hidden = graph.add("Relu", [linear(signal, f"{layer}.linear1")], f"{layer}.hidden")
        signal = add_and_norm(signal, linear(hidden, f"{layer}.linear2"), f"{layer}.norm2")
    signal = batch_norm(signal, f"{model}.norm_trans")
    hidden = graph.add("Relu", [linear(signal, f"{model}.pool.linear1")], "pool.hidden")
    weights = graph.add("Softmax", [linear(hidden, f"{model}.pool.linear2")], "pool.weights", axis=0)
    pooled = graph.add("MatMul", [graph.add("Transpose", [weights], "pool.turned", perm=[1, 0]), signal], "pooled")
    share = graph.add("Sigmoid", [linear(pooled, f"{model}.pool.linear3")], "share")
    graph.add("Add", [graph.add("Mul", [share, number("four", 4.0)], "spread"), number("one", 1.0)], "opinion")
    graph.write(path, [Port("spectra", (1, 2, 161, 768))], [Port("opinion", (1, 1))], _OPSET)
