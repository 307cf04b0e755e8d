"""What each layer of Whisper's encoder makes of a recording: numpy, from the weights that the recogniser has.

The runtime of the recogniser gives the last layer only, which has all but forgotten who speaks.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import erf

from myna.analysis.log_mel import measure_log_mel
from myna.domain.waveform import Waveform

RATE_HZ = 16_000
NUM_NUMBERS = 1024
"""Of one layer: mean and deviation of 512 numbers."""
_HEADS = 8
_FLOAT16 = 4
_SPEECH_BELOW_TOP = 0.75
"""Of the log-mel, where 1 is 40 dB: quieter positions are pauses."""

Floats = npt.NDArray[np.float32]


class WhisperLayers:
    """The encoder, as far as it is needed."""

    def __init__(self, model: Path, num_layers: int) -> None:
        """model: `model.bin` of Whisper base for CTranslate2, in float16. num_layers: 0 to 6 that are run."""
        self._weights = dict(_read_encoder(model.read_bytes()))
        self._num_layers = num_layers

    def statistics(self, waveform: Waveform) -> Floats:
        """[num_layers + 1, 1024]: mean and deviation over the speech, of what enters the first layer and leaves each.

        waveform: at 16 kHz, 0.1 to 30 s.
        """
        mel = measure_log_mel(waveform.samples)
        mel = mel[:, : mel.shape[1] // 2 * 2]
        loudness = mel.mean(axis=0).reshape(-1, 2).mean(axis=1)
        is_speech = loudness > np.percentile(loudness, 95) - _SPEECH_BELOW_TOP
        states = [state[is_speech] for state in self.states(mel)]
        return np.array([np.concatenate([state.mean(axis=0), state.std(axis=0)]) for state in states])

    def states(self, mel: Floats) -> Iterator[Floats]:
        """[num_positions, 512] each, 20 ms apart. Source: A. Radford et al. (2022), as `openai/whisper` writes it."""
        state = _gelu(self._convolve(_gelu(self._convolve(mel.T, "conv1", 1)), "conv2", 2))
        state = state + self._weights["position_encodings/encodings"][: len(state)]
        yield state
        for layer in range(self._num_layers):
            attention, ffn = f"layer_{layer}/self_attention", f"layer_{layer}/ffn"
            asked = self._linear(self.norm(state, f"{attention}/layer_norm"), f"{attention}/linear_0")
            queries, keys, values = (
                part.reshape(len(state), _HEADS, -1).transpose(1, 0, 2) for part in np.split(asked, 3, axis=1)
            )
            scores = queries @ keys.transpose(0, 2, 1) / np.sqrt(np.float32(keys.shape[2]))
            scores = np.exp(scores - scores.max(axis=2, keepdims=True))
            mixed = (scores / scores.sum(axis=2, keepdims=True)) @ values
            state = state + self._linear(mixed.transpose(1, 0, 2).reshape(state.shape), f"{attention}/linear_1")
            inner = _gelu(self._linear(self.norm(state, f"{ffn}/layer_norm"), f"{ffn}/linear_0"))
            state = state + self._linear(inner, f"{ffn}/linear_1")
            yield state

    def _convolve(self, rows: Floats, name: str, stride: int) -> Floats:
        """Three taps, as many rows as without, over the stride."""
        taps = self._weights[f"{name}/weight"]
        padded = np.pad(rows, ((1, 1), (0, 0)))
        parts = [padded[tap : tap + len(rows) : stride] @ taps[:, :, tap].T for tap in range(3)]
        return np.asarray(sum(parts) + self._weights[f"{name}/bias"])

    def _linear(self, rows: Floats, name: str) -> Floats:
        return np.asarray(rows @ self._weights[f"{name}/weight"].T + self._weights[f"{name}/bias"])

    def norm(self, rows: Floats, name: str) -> Floats:
        centred = rows - rows.mean(axis=1, keepdims=True)
        scale = self._weights[f"{name}/gamma"] / np.sqrt(centred.var(axis=1, keepdims=True) + 1e-5)
        return np.asarray(centred * scale + self._weights[f"{name}/beta"])


def _gelu(values: Floats) -> Floats:
    return np.asarray(values * 0.5 * (1.0 + erf(values * np.float32(0.5**0.5))), np.float32)


def _read_encoder(content: bytes) -> Iterator[tuple[str, Floats]]:
    """Names without `encoder/`, and numbers. Source: CTranslate2, `python/ctranslate2/specs/model_spec.py`, version 6."""
    place = 0

    def number(code: str) -> int:
        nonlocal place
        (value,) = struct.unpack_from(f"<{code}", content, place)
        place += struct.calcsize(f"<{code}")
        return int(value)

    def string() -> str:
        nonlocal place
        length = number("H")
        place += length
        return content[place - length : place - 1].decode()

    version, name, _ = number("I"), string(), number("I")
    if (version, name) != (6, "WhisperSpec"):
        raise ValueError(f"{name} of version {version} is not a Whisper of version 6")
    for _ in range(number("I")):
        name = string()
        shape = [number("I") for _ in range(number("B"))]
        kind, num_bytes = number("B"), number("I")
        if name.startswith("encoder/") and kind == _FLOAT16:
            values = np.frombuffer(content, np.float16, num_bytes // 2, place)
            yield name.removeprefix("encoder/"), values.reshape(shape).astype(np.float32)
        place += num_bytes
