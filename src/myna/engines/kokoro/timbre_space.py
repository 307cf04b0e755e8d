"""The space of timbres: beside the style of all layers of the generator an offset for each, in a learnt basis of few
numbers, since one style does not reach most people. A small network foretells both from what a recording sounds
like."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import numpy.typing as npt

from myna.engines.kokoro.graphs import DecoderStyles
from myna.engines.kokoro.shipped_file import read_shipped
from myna.engines.kokoro.voice_artifact import OFFSET_DIM, STYLE_DIM, FloatArray, KokoroVoice
from myna.weights.timbre_layers import SHIFT_DIM

SPACE_FILE = "timbre_space.npz"
Array = npt.NDArray[np.float64]
_LEAST_SD = 1e-6
"""Of what is the same for everybody."""


@dataclass(frozen=True, slots=True, eq=False)
class TimbreSpace:
    basis: FloatArray
    """[64, 18432] what one unit of each number of an offset adds to the generator's layers."""
    offset_mean: Array
    offset_sd: Array
    """[64] each: the mean of these numbers over people, and how much each of them differs between people."""
    feature_mean: Array
    feature_sd: Array
    """[530] each, of `StyleMap.features`."""
    layers: tuple[tuple[Array, Array], ...]
    """Weights, [inputs, outputs], and biases of the network."""

    def styles(self, voice: KokoroVoice) -> DecoderStyles:
        """What the decoder reads to speak in a voice."""
        return DecoderStyles(voice.articulation_style, voice.timbre_style, voice.timbre_offset @ self.basis)

    def foretell(self, features: Array) -> tuple[Array, Array]:
        """What a timbre is beyond `StyleMap.reach`. features: [530]. Returns a step in style, [128], in standard
        deviations of the public ones (`StyleMap.prior_cholesky`), and the offset, [64]."""
        values = (features - self.feature_mean) / self.feature_sd
        *hidden, (weights, biases) = self.layers
        for inner, bias in hidden:
            values = _gelu(values @ inner + bias)
        step, offset = np.split(values @ weights + biases, [STYLE_DIM])
        return step, offset


def _gelu(x: Array) -> Array:
    """Its approximation by tanh. Source: Hendrycks and Gimpel 2016, arXiv 1606.08415."""
    return np.asarray(0.5 * x * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3))))


def load_timbre_space() -> TimbreSpace:
    """Read the shipped space. Raises: WeightsCorrupt."""
    return parse_timbre_space(read_shipped(SPACE_FILE))


def parse_timbre_space(content: bytes) -> TimbreSpace:
    """An `.npz` of a `TimbreSpace`, its network as `w1` to `w3`, `b1` to `b3`. Raises: ValueError for another size."""
    with np.load(BytesIO(content)) as tables:
        learnt = {name: tables[name].astype(np.float64) for name in tables.files if name != "basis"}
        basis = tables["basis"].astype(np.float32)
    if basis.shape != (OFFSET_DIM, SHIFT_DIM):
        raise ValueError(f"a basis of {OFFSET_DIM} times {SHIFT_DIM} numbers is expected, not {basis.shape}")
    return TimbreSpace(
        basis=basis,
        offset_mean=learnt["offset_mean"],
        offset_sd=np.maximum(learnt["offset_sd"], _LEAST_SD),
        feature_mean=learnt["feature_mean"],
        feature_sd=np.maximum(learnt["feature_sd"], _LEAST_SD),
        layers=tuple((learnt[f"w{layer}"], learnt[f"b{layer}"]) for layer in (1, 2, 3)),
    )
