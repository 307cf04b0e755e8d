"""DNSMOS P.835 in PyTorch, for stretches of any length: its network ends in a maximum over time."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

_OVERALL = (-0.06766283, 1.11546468, 0.04602535)
"""As in `myna.analysis.dnsmos`, which needs ONNX Runtime."""
_FRAME, _HOP = 320, 160
_POOLED = (3, 4, 5)
"""Convolutions that a pool follows."""


class Opinion:
    """Frozen."""

    def __init__(self, weights: Mapping[str, Tensor], device: str) -> None:
        """weights: `real`, `imag`, `conv0` to `conv6` and `dense0` to `dense2`, with `.weight` and `.bias`."""
        self._w = {name: tensor.to(device) for name, tensor in weights.items()}

    def overall(self, samples: Tensor) -> Tensor:
        """[n, m] at 16 kHz, within -1 and 1. Returns [n], 1 to 5."""
        w = self._w
        frames = samples.unfold(1, _FRAME, _HOP).transpose(1, 2)
        power = F.conv1d(frames, w["real"]).square() + F.conv1d(frames, w["imag"]).square()
        x = power.clamp_min(1e-12).log10().transpose(1, 2)[:, None]
        for index in range(7):
            x = F.conv2d(x, w[f"conv{index}.weight"], w[f"conv{index}.bias"], padding=1).relu()
            if index in _POOLED:
                x = F.max_pool2d(x, 2)
        x = x.amax((2, 3))
        for index in range(3):
            x = x @ w[f"dense{index}.weight"] + w[f"dense{index}.bias"]
            x = x.relu() if index < 2 else x
        powers = torch.stack([x[:, 2] ** degree for degree in range(len(_OVERALL) - 1, -1, -1)], 1)
        return powers @ torch.tensor(_OVERALL, dtype=x.dtype, device=x.device)
