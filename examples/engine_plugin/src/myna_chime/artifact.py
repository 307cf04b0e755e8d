"""What is stored for a voice: a magic, a version, a pitch. Fourteen bytes, the same on every machine."""

import struct

from myna.domain.errors import VoiceIncompatible

_LAYOUT = struct.Struct("<8sHf")
_MAGIC = b"MYNCHIME"
_FORMAT = 1


def write_artifact(pitch_hz: float) -> bytes:
    return _LAYOUT.pack(_MAGIC, _FORMAT, pitch_hz)


def read_artifact(artifact: bytes) -> float:
    """The pitch in Hz. Raises: VoiceIncompatible."""
    if len(artifact) == _LAYOUT.size:
        magic, layout, pitch_hz = _LAYOUT.unpack(artifact)
        if (magic, layout) == (_MAGIC, _FORMAT):
            return float(pitch_hz)
    raise VoiceIncompatible("This voice was not made by this version of the chime engine. Clone it again.")
