"""The voice of the embedded engine as a value, and the bytes it is kept in.

A voice is two points in the decoder's style space (how sounds are articulated, and their timbre), what is added to the
timbre layer by layer, one point in the prosody predictor's space, and what pitch, pace and colour to speak with. Knows
nothing of how voices are found or spoken.
"""

import struct
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from myna.domain.errors import VoiceIncompatible
from myna.engines.kokoro.norm_statistics import NUM_BYTES, NormStatistics

FloatArray = npt.NDArray[np.float32]

STYLE_DIM = 128
"""Width of either half of a Kokoro style vector."""
OFFSET_DIM = 64
"""Numbers of a timbre offset, by the basis in `timbre_space.npz`; another basis is another layout version."""
NUM_EQ_BANDS = 32
"""Points of the equaliser curve; their frequencies are `timbre_eq.BAND_HZ`."""
NUM_PHONE_KINDS = 17
"""Kinds of sound that have a colour of their own (`phone_colour.py`); other kinds are another layout version."""

_VOICED_HZ = 40.0
_LOWEST_F0_HZ = 50.0
_HIGHEST_F0_HZ = 600.0

_MAGIC = b"MYNAKOK1"
_HEADER = struct.Struct("<8sHHHH")
"""Magic, layout version, flags, rows of the decoder style, equaliser bands."""
_LAYOUT_VERSION = 4
_NUM_COLOUR = NUM_PHONE_KINDS * NUM_EQ_BANDS
_LAYOUTS = {1: (4, 0, 0), 2: (5, 0, 0), 3: (5, OFFSET_DIM, 0), 4: (5, OFFSET_DIM, _NUM_COLOUR)}
"""Single numbers, the offset's and the colours', by version. Voices of the first raise no hisses, the first two have no
offset, the first three colour no phones.
"""
_ROWS = (1, 2)
"""Voices from before the styles were parted have one row, which serves for both."""
_FLAG_REFINED, _FLAG_PRACTISED = 1, 2


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
    timbre_offset: FloatArray = field(default_factory=lambda: np.zeros(OFFSET_DIM, dtype=np.float32))
    """[64] what the generator's layers add, each in its own way, to what they read from the style (`TimbreSpace`)."""
    phone_colour_db: FloatArray = field(
        default_factory=lambda: np.zeros((NUM_PHONE_KINDS, NUM_EQ_BANDS), dtype=np.float32)
    )
    """[17, 32] what each kind of sound is changed by besides, dB at the same frequencies."""
    hiss_db: float = 0.0
    """How much the treble of hisses is raised: see `hiss.py`."""
    is_refined: bool = False
    """The gradient has been over it (`voice_refine.py`)."""

    def __post_init__(self) -> None:
        styles = (self.timbre_style, self.articulation_style, self.prosody_style)
        if any(style.shape != (STYLE_DIM,) for style in styles):
            raise ValueError("a style has 128 numbers")
        if self.timbre_offset.shape != (OFFSET_DIM,):
            raise ValueError(f"a timbre offset has {OFFSET_DIM} numbers")
        if self.eq_db.shape != (NUM_EQ_BANDS,):
            raise ValueError(f"an equaliser curve has {NUM_EQ_BANDS} points")

    def towards(self, goal: "KokoroVoice", share: float) -> "KokoroVoice":
        """This voice with its timbre moved a share of the way to another's."""
        style = (1.0 - share) * self.timbre_style + share * goal.timbre_style
        offset = (1.0 - share) * self.timbre_offset + share * goal.timbre_offset
        return replace(self, timbre_style=style.astype(np.float32), timbre_offset=offset.astype(np.float32))

    def move_pitch(self, f0_hz: FloatArray) -> FloatArray:
        """A predicted curve, Hz, any shape, in this person's range; frames at or under 40 Hz are unvoiced and stay. One
        mapping for the whole voice, so that questions stay higher than statements."""
        voiced = f0_hz > _VOICED_HZ
        log_f0 = np.log(np.maximum(f0_hz, _VOICED_HZ))
        moved = np.exp(self.target_log_f0 + self.pitch_spread * (log_f0 - self.predicted_log_f0))
        return np.where(voiced, np.clip(moved, _LOWEST_F0_HZ, _HIGHEST_F0_HZ), f0_hz).astype(np.float32)


def pack_voice(voice: KokoroVoice, norms: NormStatistics | None = None) -> bytes:
    """A header, then little-endian float32; equal voices give equal bytes. norms: measured while the voice
    practised."""
    numbers = np.concatenate(
        [
            voice.timbre_style,
            voice.articulation_style,
            voice.prosody_style,
            np.array([voice.predicted_log_f0, voice.target_log_f0, voice.pitch_spread, voice.duration_scale]),
            [voice.hiss_db],
            voice.eq_db,
            voice.timbre_offset,
            voice.phone_colour_db.ravel(),
        ]
    ).astype("<f4")
    flags = (_FLAG_REFINED if voice.is_refined else 0) | (_FLAG_PRACTISED if norms is not None else 0)
    header = _HEADER.pack(_MAGIC, _LAYOUT_VERSION, flags, len(_ROWS), NUM_EQ_BANDS)
    return header + numbers.tobytes() + (norms.to_bytes() if norms is not None else b"")


def unpack_voice(artifact: bytes) -> KokoroVoice:
    """What `pack_voice` wrote. Raises: VoiceIncompatible for another layout version, length or range."""
    if len(artifact) < _HEADER.size or not artifact.startswith(_MAGIC):
        raise _incompatible("was not made by the kokoro engine")
    _, version, flags, num_rows, num_bands = _HEADER.unpack_from(artifact)
    num_scalars, num_offset, num_colour = _LAYOUTS.get(version, (0, 0, 0))
    if not num_scalars or num_rows not in _ROWS or num_bands != NUM_EQ_BANDS:
        raise _incompatible("was made by another version of the kokoro engine")
    body = artifact[_HEADER.size : len(artifact) - (NUM_BYTES if flags & _FLAG_PRACTISED else 0)]
    if len(body) != 4 * ((num_rows + 1) * STYLE_DIM + num_scalars + NUM_EQ_BANDS + num_offset + num_colour):
        raise _incompatible("is damaged: its length is wrong")
    numbers = np.frombuffer(body, dtype="<f4").astype(np.float32)
    sizes = [num_rows * STYLE_DIM, STYLE_DIM, num_scalars, NUM_EQ_BANDS, num_offset]
    rows, prosody_style, scalars, eq_db, offset, colour = np.split(numbers, np.cumsum(sizes))
    timbre_offset = np.pad(offset, (0, OFFSET_DIM - num_offset))
    phone_colour_db = np.pad(colour, (0, _NUM_COLOUR - num_colour)).reshape(NUM_PHONE_KINDS, NUM_EQ_BANDS)
    timbre_style, articulation_style = rows[:STYLE_DIM], rows[-STYLE_DIM:]
    predicted_log_f0, target_log_f0, pitch_spread, duration_scale, *later = (float(value) for value in scalars)
    if not np.isfinite(numbers).all() or not 0.2 < duration_scale < 5.0:
        raise _incompatible("is damaged: its numbers are out of range")
    for array in (timbre_style, timbre_offset, articulation_style, prosody_style, eq_db, phone_colour_db):
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
        timbre_offset=timbre_offset,
        phone_colour_db=phone_colour_db,
        hiss_db=later[0] if later else 0.0,
        is_refined=bool(flags & _FLAG_REFINED),
    )


def unpack_norms(artifact: bytes) -> NormStatistics | None:
    """What `pack_voice` was given beside the voice; None: it has to practise. Raises: VoiceIncompatible (damaged)."""
    _, _, flags, _, _ = _HEADER.unpack_from(artifact)
    if not flags & _FLAG_PRACTISED:
        return None
    try:
        return NormStatistics.from_bytes(artifact[-NUM_BYTES:])
    except ValueError as exc:
        raise _incompatible("is damaged: its numbers are out of range") from exc


def _incompatible(why: str) -> VoiceIncompatible:
    return VoiceIncompatible(f"This voice {why}. Make it again with `myna voices remake`.")
