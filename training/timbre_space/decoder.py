"""Kokoro's decoder in PyTorch, for whole batches, with an offset on every adaptive normalisation of the generator.

Source: `kokoro/istftnet.py` (Apache-2.0), from which names and sizes come; weights are those of the int8 model that the engine
is made from, in floats.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from myna.weights.timbre_layers import BLOCKS, LAYERS

STYLE_DIM = 128
_HOP = 300
"""Samples of a half frame of 12.5 ms at 24 kHz, which the generator makes by 10 x 6 x 5."""
_FFT, _FFT_HOP = 20, 5
_LEVEL = 1.5
"""What the engine's own inverse transform multiplies by."""
_DILATIONS = (1, 3, 5)
_KERNELS = {"noise_res": (7, 11), "resblocks": (3, 7, 11)}


def read_weights(path: str, device: str) -> dict[str, Tensor]:
    """Floats out of the integers that `prepare.py` wrote."""
    weights = {}
    with np.load(path) as tables:
        for name in tables.files:
            if name.endswith((".zero", ".scale")):
                continue
            array = tables[name]
            if name.endswith(".q"):
                upright = (-1,) + (1,) * (array.ndim - 1)
                zero, scale = (tables[f"{name[:-2]}.{kind}"].reshape(upright) for kind in ("zero", "scale"))
                array = (array.astype(np.float32) - zero) * scale
            weights[name.removesuffix(".q")] = torch.from_numpy(array.astype(np.float32)).to(device)
    return weights


class Decoder:
    """Frozen. Inputs of a batch have one length, F frames of 25 ms."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self._w = weights
        self._window = torch.hann_window(_FFT, periodic=True, device=weights["F0_conv.bias"].device)

    def shape_phones(self, features: Tensor, f0_hz: Tensor, energy: Tensor, style: Tensor) -> Tensor:
        """The blocks before the generator. features [n, 512, F], f0_hz and energy [n, 2 F], style [n, 128]. -> [n, 512, 2 F]."""
        w = self._w
        f0 = F.conv1d(f0_hz[:, None], w["F0_conv.weight"], w["F0_conv.bias"], stride=2, padding=1)
        loudness = F.conv1d(energy[:, None], w["N_conv.weight"], w["N_conv.bias"], stride=2, padding=1)
        x = self._block("encode", torch.cat([features, f0, loudness], 1), style)
        short = F.conv1d(features, w["asr_res.0.weight"], w["asr_res.0.bias"])
        for index in range(4):
            x = self._block(f"decode.{index}", torch.cat([x, short, f0, loudness], 1), style, doubles=index == 3)
        return x

    def affine(self, style: Tensor) -> Iterator[Tensor]:
        """What every layer's linear part makes of a style, [n, 128], in the order of `LAYERS`: [n, 2 channels] each."""
        for name, _ in LAYERS:
            yield F.linear(style, self._w[f"generator.{name}.fc.weight"], self._w[f"generator.{name}.fc.bias"])

    def layer_matrix(self, name: str) -> Tensor:
        """[2 channels, 128]"""
        return self._w[f"generator.{name}.fc.weight"]

    def source(self, f0_hz: Tensor) -> Tensor:
        """Spectrum and phase of the harmonics: f0_hz [n, 2 F] -> [n, 22, 120 F + 1]."""
        w = self._w
        up = f0_hz.repeat_interleave(_HOP, 1)[..., None]
        harmonics = up * torch.arange(1, 10, device=up.device)
        turns = ((harmonics / 24_000) % 1).transpose(1, 2)
        turns = F.interpolate(turns, scale_factor=1 / _HOP, mode="linear")
        phase = torch.cumsum(turns.double(), 2) * 2 * torch.pi * _HOP
        phase = F.interpolate(phase, scale_factor=_HOP, mode="linear")
        sines = 0.1 * torch.sin(phase).float().transpose(1, 2) * (up > 10)
        merged = torch.tanh(
            F.linear(sines, w["generator.m_source.l_linear.weight"], w["generator.m_source.l_linear.bias"])
        )
        spectrum = torch.stft(merged.squeeze(2), _FFT, _FFT_HOP, _FFT, self._window, return_complex=True)
        return torch.cat([spectrum.abs(), spectrum.angle()], 1)

    def speak(self, x: Tensor, harmonics: Tensor, affine: list[Tensor]) -> Tensor:
        """The generator. x of `shape_phones`, harmonics of `source`, affine as `affine` gives it, with any offsets.

        Returns [n, 600 F] samples at 24 kHz.
        """
        w = self._w
        of_layer = {name: values for (name, _), values in zip(LAYERS, affine, strict=True)}
        for stage, (stride, padding) in enumerate(((10, 5), (6, 3))):
            x = F.leaky_relu(x, 0.1)
            name = f"generator.noise_convs.{stage}"
            noise = F.conv1d(
                harmonics, w[f"{name}.weight"], w[f"{name}.bias"], stride=(6, 1)[stage], padding=(3, 0)[stage]
            )
            noise_name, *names = BLOCKS[stage]
            noise = self._resblock(noise_name, _KERNELS["noise_res"][stage], noise, of_layer)
            name = f"generator.ups.{stage}"
            x = F.conv_transpose1d(x, w[f"{name}.weight"], w[f"{name}.bias"], stride=stride, padding=padding)
            if stage == 1:
                x = F.pad(x, (1, 0), mode="reflect")
            x = x + noise
            x = sum(
                self._resblock(name, kernel, x, of_layer)
                for name, kernel in zip(names, _KERNELS["resblocks"], strict=True)
            ) / len(names)
        x = F.conv1d(F.leaky_relu(x), w["generator.conv_post.weight"], w["generator.conv_post.bias"], padding=3)
        half = _FFT // 2 + 1
        spectrum = torch.polar(torch.exp(x[:, :half]), torch.sin(x[:, half:]))
        return _LEVEL * torch.istft(spectrum, _FFT, _FFT_HOP, _FFT, self._window)

    def _resblock(self, name: str, kernel: int, x: Tensor, affine: Mapping[str, Tensor]) -> Tensor:
        w = self._w
        for index, dilation in enumerate(_DILATIONS):
            inner = x
            for half, width in ((1, dilation), (2, 1)):
                inner = _normalise(inner, affine[f"{name}.adain{half}.{index}"])
                alpha = w[f"generator.{name}.alpha{half}.{index}"]
                inner = inner + torch.sin(alpha * inner).square() / alpha
                conv = f"generator.{name}.convs{half}.{index}"
                inner = F.conv1d(
                    inner, w[f"{conv}.weight"], w[f"{conv}.bias"], dilation=width, padding=(kernel - 1) // 2 * width
                )
            x = x + inner
        return x

    def _block(self, name: str, x: Tensor, style: Tensor, doubles: bool = False) -> Tensor:
        w = self._w

        def norm(index: int, signal: Tensor) -> Tensor:
            fc = f"{name}.norm{index}.fc"
            return F.leaky_relu(_normalise(signal, F.linear(style, w[f"{fc}.weight"], w[f"{fc}.bias"])), 0.2)

        inner = norm(1, x)
        if doubles:
            pool = f"{name}.pool"
            inner = F.conv_transpose1d(inner, w[f"{pool}.weight"], w[f"{pool}.bias"], 2, 1, 1, groups=inner.shape[1])
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        inner = F.conv1d(inner, w[f"{name}.conv1.weight"], w[f"{name}.conv1.bias"], padding=1)
        inner = F.conv1d(norm(2, inner), w[f"{name}.conv2.weight"], w[f"{name}.conv2.bias"], padding=1)
        return (inner + F.conv1d(x, w[f"{name}.conv1x1.weight"])) * 2**-0.5


def _normalise(x: Tensor, affine: Tensor) -> Tensor:
    gamma, beta = affine[..., None].chunk(2, 1)
    return (1 + gamma) * F.instance_norm(x) + beta
