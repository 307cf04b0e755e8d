"""The encoder of Whisper base in PyTorch: what is said, as a recogniser hears it."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from myna.audio.mel import slaney_bands

NUM_LAYERS, _NUM_HEADS, _NUM_MELS, _FFT, _HOP = 6, 8, 80, 400, 160


class RecogniserEncoder:
    """Frozen."""

    def __init__(self, weights: Mapping[str, Tensor], device: str) -> None:
        """weights: names of CTranslate2's file without `encoder/`."""
        self._w = {name: tensor.to(device) for name, tensor in weights.items()}
        self._bands = torch.from_numpy(slaney_bands(_NUM_MELS, _FFT)).to(device)
        self._window = torch.hann_window(_FFT, device=device)

    def log_mel(self, samples: Tensor) -> Tensor:
        """[n, m] at 16 kHz -> [n, 80, m / 160], as Whisper scales it."""
        spectrum = torch.stft(samples, _FFT, _HOP, _FFT, self._window, return_complex=True)[..., :-1]
        mel = (spectrum.real.square() + spectrum.imag.square()).transpose(1, 2) @ self._bands
        log = mel.clamp_min(1e-10).log10().transpose(1, 2)
        return (torch.maximum(log, log.amax((1, 2), keepdim=True) - 8.0) + 4.0) / 4.0

    def encode(self, log_mel: Tensor) -> Tensor:
        """[n, 80, t] -> [n, t / 2, 512] after the last layer's norm."""
        w = self._w
        x = F.gelu(F.conv1d(log_mel, w["conv1/weight"], w["conv1/bias"], padding=1))
        x = F.gelu(F.conv1d(x, w["conv2/weight"], w["conv2/bias"], stride=2, padding=1)).transpose(1, 2)
        x = x + w["position_encodings/encodings"][: x.shape[1]]
        for layer in range(NUM_LAYERS):
            name = f"layer_{layer}/self_attention"
            heads = F.linear(self._norm(name, x), w[f"{name}/linear_0/weight"], w[f"{name}/linear_0/bias"])
            queries, keys, values = (part.unflatten(2, (_NUM_HEADS, -1)).transpose(1, 2) for part in heads.chunk(3, 2))
            mixed = F.scaled_dot_product_attention(queries, keys, values).transpose(1, 2).flatten(2)
            x = x + F.linear(mixed, w[f"{name}/linear_1/weight"], w[f"{name}/linear_1/bias"])
            name = f"layer_{layer}/ffn"
            inner = F.gelu(F.linear(self._norm(name, x), w[f"{name}/linear_0/weight"], w[f"{name}/linear_0/bias"]))
            x = x + F.linear(inner, w[f"{name}/linear_1/weight"], w[f"{name}/linear_1/bias"])
        return F.layer_norm(x, x.shape[2:], w["layer_norm/gamma"], w["layer_norm/beta"])

    def _norm(self, name: str, x: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[2:], self._w[f"{name}/layer_norm/gamma"], self._w[f"{name}/layer_norm/beta"])
