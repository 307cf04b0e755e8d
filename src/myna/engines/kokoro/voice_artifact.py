"""The voice of the embedded engine as a value, and the bytes it is kept in.

A voice is two points in the decoder's style space (how sounds are articulated, and their timbre), one in the prosody
predictor's, and what pitch, pace and colour to speak with. Knows nothing of how voices are found or spoken.
"""

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from myna.domain.errors import VoiceIncompatible
from myna.engines.kokoro.graphs import DecoderStyles

FloatArray = npt.NDArray[np.float32]

STYLE_DIM = 128
"""Width of either half of a Kokoro style vector."""
NUM_EQ_BANDS = 32
"""Points of the equaliser curve; their frequencies are `timbre_eq.BAND_HZ`."""

_VOICED_HZ = 40.0
_LOWEST_F0_HZ = 50.0
_HIGHEST_F0_HZ = 600.0

_MAGIC = b"MYNAKOK1"
_HEADER = struct.Struct("<8sHHHH")
"""Magic, layout version, flags, rows of the decoder style, equaliser bands."""
_LAYOUT_VERSION = 2
_NUM_SCALARS = {1: 4, 2: 5}
"""By layout version. Voices of the first raise no hisses."""
_ROWS = (1, 2)
"""Voices from before the styles were parted have one row, which serves for both."""
_FLAG_REFINED = 1


@dataclass(frozen=True, slots=True, eq=False)
class KokoroVoice:
    """Everything that makes one person's voice out of the shared decoder."""

    timbre_style: FloatArray
    """[128] what the adaptive normalisations of the decoder's generator read."""
    articulation_style: FloatArray
    """[128] what those of the blocks before it read."""
    prosody_style: FloatArray
    """[128] manner: what durations, pitch movement and energy are predicted from."""
    predicted_log_f0: float
    """Mean of ln(F0 in Hz) that the predictor gives this prosody style over voiced frames of many texts."""
    target_log_f0: float
    """Where that mean is moved to: the person's own."""
    pitch_spread: float
    """Factor on the distance of ln(F0) from its mean: above 1 is livelier."""
    duration_scale: float
    """Factor on predicted durations: above 1 speaks slower."""
    eq_db: FloatArray
    """[32] gain at `timbre_eq.BAND_HZ`, dB."""
    hiss_db: float = 0.0
    """How much the treble of hisses is raised: see `hiss.py`."""
    is_refined: bool = False
    """The gradient has been over it (`voice_refine.py`)."""

    def __post_init__(self) -> None:
        styles = (self.timbre_style, self.articulation_style, self.prosody_style)
        if any(style.shape != (STYLE_DIM,) for style in styles):
            raise ValueError("a style has 128 numbers")
        if self.eq_db.shape != (NUM_EQ_BANDS,):
            raise ValueError(f"an equaliser curve has {NUM_EQ_BANDS} points")

    @property
    def decoder_styles(self) -> DecoderStyles:
        return DecoderStyles(self.articulation_style, self.timbre_style)

    def move_pitch(self, f0_hz: FloatArray) -> FloatArray:
        """Rewrite a predicted pitch curve into this person's range.

        One mapping for the whole voice, not one per segment, so that questions stay higher than statements.
        f0_hz: predicted F0, Hz, any shape; frames at or under 40 Hz are unvoiced and stay.
        """
        voiced = f0_hz > _VOICED_HZ
        log_f0 = np.log(np.maximum(f0_hz, _VOICED_HZ))
        moved = np.exp(self.target_log_f0 + self.pitch_spread * (log_f0 - self.predicted_log_f0))
        return np.where(voiced, np.clip(moved, _LOWEST_F0_HZ, _HIGHEST_F0_HZ), f0_hz).astype(np.float32)


def pack_voice(voice: KokoroVoice) -> bytes:
    """Write a voice: a header, then little-endian float32. Equal voices give equal bytes."""
    numbers = np.concatenate(
        [
            voice.timbre_style,
            voice.articulation_style,
            voice.prosody_style,
            np.array([voice.predicted_log_f0, voice.target_log_f0, voice.pitch_spread, voice.duration_scale]),
            [voice.hiss_db],
            voice.eq_db,
        ]
    ).astype("<f4")
    flags = _FLAG_REFINED if voice.is_refined else 0
    return _HEADER.pack(_MAGIC, _LAYOUT_VERSION, flags, len(_ROWS), NUM_EQ_BANDS) + numbers.tobytes()


def unpack_voice(artifact: bytes) -> KokoroVoice:
    """Read what `pack_voice` wrote.

    Raises: VoiceIncompatible for other bytes, another layout version, a wrong length or numbers out of range.
    """
    if len(artifact) < _HEADER.size or not artifact.startswith(_MAGIC):
        raise VoiceIncompatible("This voice was not made by the kokoro engine. Clone it again.")
    _, version, flags, num_rows, num_bands = _HEADER.unpack_from(artifact)
    num_scalars = _NUM_SCALARS.get(version)
    if num_scalars is None or num_rows not in _ROWS or num_bands != NUM_EQ_BANDS:
        raise VoiceIncompatible("This voice was made by another version of the kokoro engine. Clone it again.")
    body = artifact[_HEADER.size :]
    if len(body) != 4 * ((num_rows + 1) * STYLE_DIM + num_scalars + NUM_EQ_BANDS):
        raise VoiceIncompatible("This voice is damaged: its length is wrong. Clone it again.")
    numbers = np.frombuffer(body, dtype="<f4").astype(np.float32)
    rows, prosody_style, scalars, eq_db = np.split(numbers, np.cumsum([num_rows * STYLE_DIM, STYLE_DIM, num_scalars]))
    timbre_style, articulation_style = rows[:STYLE_DIM], rows[-STYLE_DIM:]
    predicted_log_f0, target_log_f0, pitch_spread, duration_scale, *later = (float(value) for value in scalars)
    if not np.isfinite(numbers).all() or not 0.2 < duration_scale < 5.0:
        raise VoiceIncompatible("This voice is damaged: its numbers are out of range. Clone it again.")
    for array in (timbre_style, articulation_style, prosody_style, eq_db):
        array.setflags(write=False)
    return KokoroVoice(
        timbre_style=timbre_style,
        articulation_style=articulation_style,
        prosody_style=prosody_style,
        predicted_log_f0=predicted_log_f0,
        target_log_f0=target_log_f0,
        pitch_spread=pitch_spread,
        duration_scale=duration_scale,
        eq_db=eq_db,
        hiss_db=later[0] if later else 0.0,
        is_refined=bool(flags & _FLAG_REFINED),
    )
