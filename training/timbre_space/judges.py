"""Both speaker judges in PyTorch, for whole batches of equal length, and what they hear.

The same networks and front ends as `myna.analysis.speakers`; parameter names are those of our ONNX files.
"""

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from resampling_kernel import HALF_TAPS, resampling_kernel
from torch import Tensor, nn

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
from myna.audio.mel import HOP_SAMPLES, kaldi_bands, slaney_bands

_PARTIAL_FRAMES = 160
_SEGMENT_FRAMES = 100
_BLOCKS = ((12, 1), (24, 2), (16, 2))


class Listener:
    """Frozen. Everything from samples at 24 kHz."""

    def __init__(self, campplus: Mapping[str, Tensor], ge2e: Mapping[str, Tensor], device: str) -> None:
        self._campplus = {name: tensor.to(device) for name, tensor in campplus.items()}
        self._lstm = _lstm(ge2e).to(device)
        self._linear = ge2e["linear.weight"].to(device), ge2e["linear.bias"].to(device)
        self._resampler = torch.from_numpy(resampling_kernel().astype(np.float32)).to(device)
        self._povey = torch.from_numpy(povey_window()).to(device)
        self._kaldi = torch.from_numpy(kaldi_bands(KALDI_MELS, KALDI_FFT, KALDI_LOW_HZ)).to(device)
        self._slaney = torch.from_numpy(slaney_bands(GE2E_MELS, FRAME_SAMPLES)).to(device)
        self._hann = torch.hann_window(FRAME_SAMPLES, device=device)

    def to_16k(self, samples: Tensor) -> Tensor:
        """[n, 3 m] -> [n, 2 m]"""
        both = F.conv1d(samples[:, None], self._resampler, stride=3, padding=HALF_TAPS)
        return both[..., : samples.shape[1] // 3].transpose(1, 2).reshape(len(samples), -1)

    def embed_a(self, samples: Tensor) -> Tensor:
        """GE2E over the first and the last 1.6 s. samples: [n, m] at 16 kHz. Returns [n, 256] of unit length."""
        rms = (samples.square().mean(1, keepdim=True) + 1e-12).sqrt()
        levelled = samples * (10 ** (GE2E_LEVEL_DB / 20)) / rms
        spectrum = torch.stft(
            levelled, FRAME_SAMPLES, HOP_SAMPLES, FRAME_SAMPLES, self._hann, pad_mode="constant", return_complex=True
        )
        mel = (spectrum.real.square() + spectrum.imag.square()).transpose(1, 2) @ self._slaney
        partials = torch.cat([mel[:, :_PARTIAL_FRAMES], mel[:, -_PARTIAL_FRAMES:]])
        _, (state, _) = self._lstm(partials)
        units = F.normalize(F.linear(state[-1], *self._linear).relu(), dim=1, eps=1e-6)
        return F.normalize(sum(units.chunk(2)), dim=1, eps=1e-6)

    def embed_b(self, samples: Tensor) -> Tensor:
        """CAM++ over the whole. samples: [n, m] at 16 kHz. Returns [n, 192] of unit length."""
        frames = (samples * KALDI_SCALE).unfold(1, FRAME_SAMPLES, HOP_SAMPLES)
        frames = frames - frames.mean(2, keepdim=True)
        frames = frames - KALDI_PRE_EMPHASIS * torch.cat([frames[..., :1], frames[..., :-1]], 2)
        spectrum = torch.fft.rfft(frames * self._povey, KALDI_FFT)
        mel = (spectrum.real.square() + spectrum.imag.square()) @ self._kaldi
        mel = mel.clamp_min(KALDI_FLOOR).log()
        return F.normalize(self._network(mel - mel.mean(1, keepdim=True)).relu(), dim=1, eps=1e-6)

    def _network(self, features: Tensor) -> Tensor:
        x = features.transpose(1, 2)[:, None]
        x = self._norm("head.bn1", self._conv("head.conv1", x, 2)).relu()
        for block in ("layer1.0", "layer1.1", "layer2.0", "layer2.1"):
            x = self._residual(f"head.{block}", x, block.endswith("0"))
        x = self._norm("head.bn2", self._conv("head.conv2", x, 2, (2, 1))).relu()
        x = x.reshape(len(x), -1, x.shape[-1])
        x = self._norm("xvector.tdnn.nonlinear.batchnorm", self._conv("xvector.tdnn.linear", x, 1, 2)).relu()
        for block, (num_layers, dilation) in enumerate(_BLOCKS, 1):
            for layer in range(1, num_layers + 1):
                x = torch.cat([x, self._dense(f"xvector.block{block}.tdnnd{layer}", x, dilation)], 1)
            name = f"xvector.transit{block}"
            x = self._conv(f"{name}.linear", self._norm(f"{name}.nonlinear.batchnorm", x).relu(), 1)
        x = self._norm("xvector.out_nonlinear.batchnorm", x).relu()
        statistics = torch.cat([x.mean(2, keepdim=True), (x.var(2, keepdim=True) + 1e-8).sqrt()], 1)
        x = self._conv("xvector.dense.linear", statistics, 1)
        return self._norm("xvector.dense.nonlinear.batchnorm", x)[..., 0]

    def _residual(self, name: str, x: Tensor, halves: bool) -> Tensor:
        stride = (2, 1) if halves else 1
        inner = self._norm(f"{name}.bn1", self._conv(f"{name}.conv1", x, 2, stride)).relu()
        inner = self._norm(f"{name}.bn2", self._conv(f"{name}.conv2", inner, 2))
        if halves:
            x = self._norm(f"{name}.shortcut.1", self._conv(f"{name}.shortcut.0", x, 2, stride))
        return (inner + x).relu()

    def _dense(self, name: str, x: Tensor, dilation: int) -> Tensor:
        x = self._conv(f"{name}.linear1", self._norm(f"{name}.nonlinear1.batchnorm", x).relu(), 1)
        x = self._norm(f"{name}.nonlinear2.batchnorm", x).relu()
        layer = f"{name}.cam_layer"
        local = self._conv(f"{layer}.linear_local", x, 1, dilation=dilation)
        segments = F.avg_pool1d(x, _SEGMENT_FRAMES, _SEGMENT_FRAMES, ceil_mode=True)
        spread = segments.repeat_interleave(_SEGMENT_FRAMES, 2)[..., : x.shape[2]]
        context = x.mean(2, keepdim=True) + spread
        mask = self._conv(f"{layer}.linear2", self._conv(f"{layer}.linear1", context, 1).relu(), 1)
        return local * mask.sigmoid()

    def _conv(self, name: str, x: Tensor, rank: int, stride: int | tuple[int, int] = 1, dilation: int = 1) -> Tensor:
        weight = self._campplus[f"{name}.weight"]
        padding = tuple((size - 1) // 2 * dilation for size in weight.shape[2:])
        convolve = F.conv2d if rank == 2 else F.conv1d
        return convolve(x, weight, self._campplus.get(f"{name}.bias"), stride, padding, dilation)

    def _norm(self, name: str, x: Tensor) -> Tensor:
        parameters = (self._campplus[f"{name}.{kind}"] for kind in ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(x, *parameters, eps=1e-5)


def _lstm(ge2e: Mapping[str, Tensor]) -> nn.LSTM:
    network = nn.LSTM(40, 256, 3, batch_first=True)

    def to_torch(gates: Tensor) -> Tensor:
        """ONNX's order of gates is input, output, forget, cell."""
        i, o, f, c = gates.chunk(4)
        return torch.cat([i, f, c, o])

    with torch.no_grad():
        for layer in range(3):
            bias = ge2e[f"lstm{layer}.B"][0].chunk(2)
            for kind, name, values in (
                ("weight", "ih", ge2e[f"lstm{layer}.W"][0]),
                ("weight", "hh", ge2e[f"lstm{layer}.R"][0]),
                ("bias", "ih", bias[0]),
                ("bias", "hh", bias[1]),
            ):
                getattr(network, f"{kind}_{name}_l{layer}").copy_(to_torch(values))
    return network.requires_grad_(False)
