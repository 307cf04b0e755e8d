"""The map from what a recording sounds like to its place in the style space (`training/`): linear, ridge-regularised,
from synthetic pairs. The same matrix turns a difference of sounds into a step in style."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import numpy.typing as npt

from myna.engines.kokoro.making.timbre_spectrum import NUM_BANDS
from myna.engines.kokoro.shipped_file import read_shipped
from myna.engines.kokoro.voice_artifact import STYLE_DIM, FloatArray

Array = npt.NDArray[np.float64]

_WEIGHT_A, _WEIGHT_B = 1.2, 1.0
_WEIGHT_TIMBRE = 0.1
_WEIGHT_PITCH = 0.3
_FIRST_TREBLE_BAND = 28
"""Of 40: from 3.1 kHz."""
_DARKEST = -0.7
"""Standard deviations: a recording that ends at 4 kHz says nothing of hisses; a clone that copied one lost 30 dB of
them."""
_TIMBRE_LIMIT = 2.5
"""Standard deviations: a telephone's spectrum lies far outside of what any style can do."""


@dataclass(frozen=True, slots=True, eq=False)
class VoiceSound:
    """What is measured of a recording or a rendition."""

    embedding_a: FloatArray
    """[256] of unit length."""
    embedding_b: FloatArray
    """[192] of unit length."""
    timbre: Array
    """[80] of `timbre_features`."""
    log_f0: float
    """Mean ln(F0 in Hz)."""


@dataclass(frozen=True, slots=True, eq=False)
class StyleMap:
    matrix: Array
    """[530, 256] from centred features to centred styles, decoder half first."""
    feature_mean: Array
    """[530] of synthetic speech."""
    style_mean: Array
    """[256]"""
    timbre_mean: Array
    timbre_sd: Array
    """[80] each."""
    prior_mean: Array
    """[128] of the public decoder styles."""
    prior_cholesky: Array
    """[128, 128], lower."""
    reach_matrix: Array
    """[128, 128] from a timbre style as it is looked up to where corrections by ear would lead it from there."""
    reach_offset: Array
    """[128]"""

    def features(self, sound: VoiceSound) -> Array:
        return join_features(sound, self.timbre_mean, self.timbre_sd)

    def lift_treble(self, timbre: Array) -> Array:
        """A long-term spectrum that is no darker above 3 kHz than voices are: see `_DARKEST`. timbre: [80]."""
        lifted = timbre.copy()
        darkest = self.timbre_mean + _DARKEST * self.timbre_sd
        for half in (0, NUM_BANDS):
            treble = slice(half + _FIRST_TREBLE_BAND, half + NUM_BANDS)
            lifted[treble] = np.maximum(timbre[treble], darkest[treble])
        return lifted

    def locate(self, features: Array) -> tuple[Array, Array]:
        """The most likely decoder and prosody style, [128] each."""
        style = self.style_mean + (features - self.feature_mean) @ self.matrix
        return style[:STYLE_DIM], style[STYLE_DIM:]

    def reach(self, timbre_style: Array) -> Array:
        """Where corrections by ear would lead a timbre style, [128]: the look-up stays too near to the mean, corrected
        voices lie 1.8 times as far from it, and that can be learnt (`training/fit_reach_map.py`)."""
        return self.reach_offset + timbre_style @ self.reach_matrix

    def embedding_step(self, missing_a: FloatArray, missing_b: FloatArray) -> Array:
        """The decoder step, [128], for what is missing of the embeddings, [256] and [192], were the decoder linear."""
        missing = np.concatenate([_WEIGHT_A * missing_a, _WEIGHT_B * missing_b])
        return np.asarray((missing @ self.matrix[: len(missing)])[:STYLE_DIM])


def join_features(sound: VoiceSound, timbre_mean: Array, timbre_sd: Array) -> Array:
    """[530] features of a sound, weighted as the regression was."""
    timbre = np.clip((sound.timbre - timbre_mean) / timbre_sd, -_TIMBRE_LIMIT, _TIMBRE_LIMIT)
    return np.concatenate(
        [
            _WEIGHT_A * sound.embedding_a,
            _WEIGHT_B * sound.embedding_b,
            _WEIGHT_TIMBRE * timbre,
            [_WEIGHT_PITCH * (sound.log_f0 - np.log(150.0)), 0.0],
        ]
    )


def load_style_map() -> StyleMap:
    """Read the shipped map. Raises: WeightsCorrupt."""
    return parse_style_map(read_shipped("style_map.npz"))


def parse_style_map(content: bytes) -> StyleMap:
    """A map as `training/fit_style_map.py` wrote it. Raises: WeightsCorrupt if the shipped prior is damaged."""
    with np.load(BytesIO(content)) as tables:
        learnt = {name: tables[name].astype(np.float64) for name in tables.files}
    with (
        np.load(BytesIO(read_shipped("style_prior.npz"))) as prior,
        np.load(BytesIO(read_shipped("reach_map.npz"))) as reach,
    ):
        return StyleMap(
            prior_mean=prior["decoder_mean"].astype(np.float64),
            prior_cholesky=prior["decoder_cholesky"].astype(np.float64),
            reach_matrix=reach["matrix"].astype(np.float64),
            reach_offset=reach["offset"].astype(np.float64),
            **learnt,
        )
