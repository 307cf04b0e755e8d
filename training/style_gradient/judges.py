"""Both speaker judges behind their front ends, as the differentiated graph hears with them."""

import numpy as np
import numpy.typing as npt
import onnx
from training.resampling_kernel import HALF_TAPS, resampling_kernel
from training.style_gradient.builder import GraphBuilder
from training.style_gradient.existing import append
from training.style_gradient.recurrent import lstm

from myna.analysis.speaker_features import (
    FRAME_SAMPLES,
    GE2E_LEVEL_DB,
    GE2E_MELS,
    KALDI_FFT,
    KALDI_FLOOR,
    KALDI_LOW_HZ,
    KALDI_MELS,
    KALDI_PRE_EMPHASIS,
    KALDI_SCALE,
    povey_window,
)
from myna.audio.mel import HOP_SAMPLES, hann, kaldi_bands, slaney_bands

GE2E, CAMPPLUS = "speakers/ge2e.onnx", "speakers/campplus.onnx"
_PARTIAL_FRAMES = 160
"""GE2E reads 1.6 s at a time."""


def resample_24k_to_16k(b: GraphBuilder, samples: str) -> str:
    """Two samples for three: see `resampling_kernel`.

    samples: [1, 1, 3 n] -> [1, 1, 2 n].
    """
    both = b.op("Conv", samples, b.constant(resampling_kernel()), strides=[3], pads=[HALF_TAPS, HALF_TAPS - 2])
    flat = b.op("Transpose", both, perm=[0, 2, 1])
    return b.op("Reshape", flat, b.constant([1, 1, -1], np.int64))


def ge2e_features(b: GraphBuilder, samples: str) -> str:
    """As `myna.analysis.speaker_features.ge2e_features`. samples: [1, 1, n] at 16 kHz. Returns: [1, 40, num_frames]."""
    mean_square = b.op("ReduceMean", b.op("Mul", samples, samples), b.constant([2], np.int64), keepdims=1)
    rms = b.op("Sqrt", b.op("Add", mean_square, b.constant(1e-12)))
    levelled = b.op("Div", b.op("Mul", samples, b.constant(10 ** (GE2E_LEVEL_DB / 20))), rms)
    power = _power(b, levelled, _fourier(b, hann(FRAME_SAMPLES), FRAME_SAMPLES), pad=FRAME_SAMPLES // 2)
    return b.op("MatMul", b.constant(slaney_bands(GE2E_MELS, FRAME_SAMPLES).T), power)


def hear_ge2e(b: GraphBuilder, samples: str, model: onnx.ModelProto) -> str:
    """GE2E over two windows of 1.6 s, at the front and at the end.

    samples: [1, 1, num_samples] at 16 kHz. Returns: [1, dimension].
    """
    mel = ge2e_features(b, samples)
    b.infer_shapes()
    num_frames = b.shapes[mel][-1]
    partials = [_cut(b, mel, start, _PARTIAL_FRAMES, axis=2) for start in (0, num_frames - _PARTIAL_FRAMES)]
    states = b.op("Transpose", b.op("Concat", *partials, axis=0), perm=[2, 0, 1])
    b.infer_shapes()
    weights = {tensor.name: b.weight(GE2E, tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "LSTM":
            states = lstm(b, states, *_lstm_weights(b, *(weights[name] for name in node.input[1:4])))
    gemm = next(node for node in model.graph.node if node.op_type == "Gemm")
    last = b.op("Squeeze", _cut(b, states, _PARTIAL_FRAMES - 1, 1, axis=0), b.constant([0], np.int64))
    projected = b.op("Gemm", last, *(weights[name] for name in gemm.input[1:]), transB=1)
    unit = _unit_rows(b, b.op("Relu", projected))
    return _unit_rows(b, b.op("ReduceMean", unit, b.constant([0], np.int64), keepdims=1))


def _lstm_weights(b: GraphBuilder, weights: str, recurrence: str, bias: str) -> list[str]:
    """Of one direction, which ONNX gives an axis; its two biases are added."""
    width = b.shapes[bias][1] // 2
    axis = b.constant([0], np.int64)
    both = b.op("Add", _cut(b, bias, 0, width, axis=1), _cut(b, bias, width, width, axis=1))
    made = [b.op("Squeeze", name, axis) for name in (weights, recurrence, both)]
    b.infer_shapes()
    return made


def campplus_features(b: GraphBuilder, samples: str) -> str:
    """As `myna.analysis.speaker_features.campplus_features`. samples: [1, 1, n] at 16 kHz. Returns: [1, num_frames, 80].

    What is done to a frame before its transform is linear, and done to the kernels instead.
    """
    plain = _fourier(b, KALDI_SCALE * povey_window(), KALDI_FFT)
    # Pre-emphasis takes a share of the sample before; of the first, which has none, of itself. Before it the mean goes.
    following = b.op("Pad", _cut(b, plain, 1, FRAME_SAMPLES - 1, axis=2), b.constant([0, 0, 0, 0, 0, 1], np.int64))
    own = np.ones(FRAME_SAMPLES)
    own[0] -= KALDI_PRE_EMPHASIS
    taken = b.op("Mul", following, b.constant(KALDI_PRE_EMPHASIS, np.float64))
    emphasised = b.op("Sub", b.op("Mul", plain, b.constant(own, np.float64)), taken)
    mean = b.op("ReduceMean", emphasised, b.constant([2], np.int64), keepdims=1)
    power = _power(b, samples, b.op("Sub", emphasised, mean), pad=0)
    mel = b.op("MatMul", b.constant(kaldi_bands(KALDI_MELS, KALDI_FFT, KALDI_LOW_HZ).T), power)
    log_mel = b.op("Log", b.op("Max", mel, b.constant(KALDI_FLOOR)))
    centred = b.op("Sub", log_mel, b.op("ReduceMean", log_mel, b.constant([2], np.int64), keepdims=1))
    return b.op("Transpose", centred, perm=[0, 2, 1])


def hear_campplus(b: GraphBuilder, samples: str, model: onnx.ModelProto) -> str:
    """CAM++ over the whole stretch. samples: [1, 1, num_samples] at 16 kHz. Returns: [1, dimension]."""
    features = campplus_features(b, samples)
    b.infer_shapes()
    (embedding,) = append(b, model, CAMPPLUS, {model.graph.input[0].name: features}, {})
    return _unit_rows(b, b.op("Relu", embedding))


def _fourier(b: GraphBuilder, window: npt.NDArray[np.floating], num_fft: int) -> str:
    """Kernels that give real and imaginary part of a windowed frame: [2 (num_fft / 2 + 1), 1, num_samples] doubles.

    Looked up in one period, so that what is stored of them is small.
    """
    num_bins = num_fft // 2 + 1
    frequency = b.constant(np.tile(np.arange(num_bins), 2).reshape(-1, 1, 1), np.int64)
    quarter_turn = b.constant(np.repeat([0, num_fft // 4], num_bins).reshape(-1, 1, 1), np.int64)
    steps = b.op("Add", b.op("Mul", frequency, b.constant(np.arange(len(window)), np.int64)), quarter_turn)
    period = b.constant(np.cos(2 * np.pi * np.arange(num_fft) / num_fft), np.float64)
    wave = b.op("Gather", period, b.op("Mod", steps, b.constant(num_fft, np.int64)))
    return b.op("Mul", wave, b.constant(window, np.float64))


def _power(b: GraphBuilder, samples: str, kernels: str, pad: int) -> str:
    """Squared magnitude of windowed frames, 10 ms apart. Returns: [1, num_bins, num_frames]."""
    parts = b.op(
        "Conv", samples, b.op("Cast", kernels, to=onnx.TensorProto.FLOAT), strides=[HOP_SAMPLES], pads=[pad, pad]
    )
    squared = b.op("Mul", parts, parts)
    b.infer_shapes()
    _, num_parts, num_frames = b.shapes[squared]
    split = b.op("Reshape", squared, b.constant([1, 2, num_parts // 2, num_frames], np.int64))
    return b.op("ReduceSum", split, b.constant([1], np.int64), keepdims=0)


def _cut(b: GraphBuilder, x: str, start: int, size: int, axis: int) -> str:
    return b.op("Slice", x, *(b.constant([value], np.int64) for value in (start, start + size, axis)))


def _unit_rows(b: GraphBuilder, rows: str) -> str:
    square = b.op("ReduceSum", b.op("Mul", rows, rows), b.constant([1], np.int64), keepdims=1)
    return b.op("Div", rows, b.op("Sqrt", b.op("Add", square, b.constant(1e-12))))
