"""Both speaker judges behind their front ends, as the differentiated graph hears with them."""

import numpy as np
import numpy.typing as npt
import onnx
from training.style_gradient.builder import GraphBuilder
from training.style_gradient.existing import append
from training.style_gradient.recurrent import lstm

from myna.engines.kokoro.timbre_spectrum import slaney_mel_weights

GE2E, CAMPPLUS = "speakers/ge2e.onnx", "speakers/campplus.onnx"
_PARTIAL_FRAMES = 160
"""GE2E reads 1.6 s at a time."""
_FRAME = 400
"""Samples: 25 ms."""


def resample_24k_to_16k(b: GraphBuilder, samples: str) -> str:
    """Two samples for three: a strided convolution with two phases of a Kaiser-windowed sinc, 7.75 kHz wide.

    samples: [1, 1, 3 n] -> [1, 1, 2 n].
    """
    half = 120
    taps = np.arange(-half, half + 1)
    cutoff = 7_750.0 / 24_000.0
    phases = []
    for delay in (0.0, 1.5):
        time = taps - delay
        phases.append(2 * cutoff * np.sinc(2 * cutoff * time) * np.kaiser(2 * half + 1, 8.0))
    kernel = np.stack(phases)[:, np.newaxis, :]
    both = b.op("Conv", samples, b.constant(kernel), strides=[3], pads=[half, half - 2])
    flat = b.op("Transpose", both, perm=[0, 2, 1])
    return b.op("Reshape", flat, b.constant([1, 1, -1], np.int64))


def hear_ge2e(b: GraphBuilder, samples: str, model: onnx.ModelProto) -> str:
    """GE2E over two windows of 1.6 s, at the front and at the end. The front end is that of `myna.analysis.speakers`.

    samples: [1, 1, num_samples] at 16 kHz. Returns: [1, dimension].
    Source: Resemblyzer 0.1.4: -30 dBFS, 25 ms Hann frames every 10 ms, power in 40 Slaney mel bands.
    """
    mean_square = b.op("ReduceMean", b.op("Mul", samples, samples), b.constant([2], np.int64), keepdims=1)
    rms = b.op("Sqrt", b.op("Add", mean_square, b.constant(1e-12)))
    levelled = b.op("Div", b.op("Mul", samples, b.constant(10 ** (-30 / 20))), rms)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / _FRAME)
    power = _power(b, levelled, _fourier(b, window, _FRAME), pad=_FRAME // 2)
    mel = b.op("MatMul", b.constant(slaney_mel_weights(16_000, _FRAME, 40)), power)
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


def hear_campplus(b: GraphBuilder, samples: str, model: onnx.ModelProto) -> str:
    """CAM++ over the whole stretch. The front end is that of `myna.analysis.speakers`.

    samples: [1, 1, num_samples] at 16 kHz. Returns: [1, dimension].
    Source: 3D-Speaker's Kaldi filter bank: 25 ms frames every 10 ms, DC removed, pre-emphasis 0.97, Povey window,
    512-point power spectrum, 80 mel bands from 20 Hz, logarithm, mean over time removed.
    """
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / (_FRAME - 1))) ** 0.85
    plain = _fourier(b, 32_768.0 * window, 512)
    # Pre-emphasis takes 0.97 of the sample before; of the first, which has none, of itself. Then the mean goes.
    b.infer_shapes()
    following = b.op("Pad", _cut(b, plain, 1, _FRAME - 1, axis=2), b.constant([0, 0, 0, 0, 0, 1], np.int64))
    own = np.ones(_FRAME)
    own[0] -= 0.97
    emphasised = b.op(
        "Sub",
        b.op("Mul", plain, b.constant(own, np.float64)),
        b.op("Mul", following, b.constant(0.97, np.float64)),
    )
    mean = b.op("ReduceMean", emphasised, b.constant([2], np.int64), keepdims=1)
    power = _power(b, samples, b.op("Sub", emphasised, mean), pad=0)
    mel = b.op("MatMul", b.constant(kaldi_mel_weights()), power)
    log_mel = b.op("Log", b.op("Add", mel, b.constant(1e-6)))
    centred = b.op("Sub", log_mel, b.op("ReduceMean", log_mel, b.constant([2], np.int64), keepdims=1))
    features = b.op("Transpose", centred, perm=[0, 2, 1])
    b.infer_shapes()
    (embedding,) = append(b, model, CAMPPLUS, {model.graph.input[0].name: features}, {})
    return _unit_rows(b, b.op("Relu", embedding))


def _fourier(b: GraphBuilder, window: npt.NDArray[np.float64], num_fft: int) -> str:
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
    parts = b.op("Conv", samples, b.op("Cast", kernels, to=onnx.TensorProto.FLOAT), strides=[160], pads=[pad, pad])
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


def kaldi_mel_weights(num_bands: int = 80, num_fft: int = 512) -> npt.NDArray[np.float64]:
    """[num_bands, num_fft / 2 + 1] at 16 kHz from 20 Hz to 8 kHz. Source: Kaldi's mel-computations.cc."""
    bins_mel = 1127.0 * np.log1p(np.arange(num_fft // 2 + 1) * 16_000 / num_fft / 700.0)
    low, high = 1127.0 * np.log1p(np.array([20.0, 8_000.0]) / 700.0)
    step = (high - low) / (num_bands + 1)
    left = low + step * np.arange(num_bands)[:, np.newaxis]
    weights = np.maximum(0.0, np.minimum((bins_mel - left) / step, (left + 2 * step - bins_mel) / step))
    weights[:, -1] = 0.0
    return np.asarray(weights)
