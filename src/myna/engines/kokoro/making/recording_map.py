"""What a person would have sounded like to the judges in a clean recording: the kind of recording is recognised (linear
discriminant), and what that kind loses is given back (ridge regression on the same speech recorded well and badly)."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import numpy.typing as npt

from myna.engines.kokoro.making.style_map import VoiceSound
from myna.engines.kokoro.shipped_file import read_shipped

Array = npt.NDArray[np.float64]

_NUM_A, _NUM_B = 256, 192


@dataclass(frozen=True, slots=True, eq=False)
class RecordingMap:
    """Learnt by `training/fit_recording_map.py` from the same speech recorded in four ways. Kind 0 is clean."""

    mean: Array
    scale: Array
    """[528] each, of the joined features."""
    kind_slope: Array
    """[528, num_kinds] of the log odds."""
    kind_offset: Array
    """[num_kinds]"""
    loss_mean: Array
    """[num_kinds, 528]: the mean of clean less recorded."""
    loss_slope: Array
    """[num_kinds, 528, 528]: how the loss depends on what was heard."""
    kind_mean: Array
    """[num_kinds, 528]"""

    def kinds(self, sound: VoiceSound) -> Array:
        """[num_kinds]: how likely the recording is clean, noisy, by telephone, in a room. Adds up to 1."""
        odds = self._standard(sound) @ self.kind_slope + self.kind_offset
        likely = np.exp(odds - odds.max())
        return np.asarray(likely / likely.sum())

    def clean(self, sound: VoiceSound) -> VoiceSound:
        """That of a clean recording of the same speech; a clean one and the pitch stay (nothing foretold how a tracker
        errs)."""
        heard = self._standard(sound)
        likely = self.kinds(sound)
        lost = self.loss_mean + np.einsum("kf,kfg->kg", heard - self.kind_mean, self.loss_slope)
        return split(self.mean + self.scale * (heard + likely @ lost), sound.log_f0)

    def _standard(self, sound: VoiceSound) -> Array:
        return np.asarray((join(sound) - self.mean) / self.scale)


def join(sound: VoiceSound) -> Array:
    """[528]"""
    return np.concatenate([sound.embedding_a, sound.embedding_b, sound.timbre])


def split(features: Array, log_f0: float) -> VoiceSound:
    """The inverse of `join`; embeddings of unit length."""
    a, b, timbre = np.split(features, np.cumsum([_NUM_A, _NUM_B]))
    return VoiceSound(
        (a / np.linalg.norm(a)).astype(np.float32),
        (b / np.linalg.norm(b)).astype(np.float32),
        timbre,
        log_f0,
    )


def load_recording_map() -> RecordingMap:
    """Read the shipped map. Raises: WeightsCorrupt."""
    with np.load(BytesIO(read_shipped("recording_map.npz"))) as tables:
        return RecordingMap(**{name: tables[name].astype(np.float64) for name in tables.files})
