"""The tone engine's voice artifact: a magic, a version, a pitch."""

import struct

from myna.domain.errors import VoiceIncompatible

_LAYOUT = struct.Struct("<8sHf")
_MAGIC = b"MYNATONE"
_FORMAT = 1


def write_artifact(pitch_hz: float) -> bytes:
    return _LAYOUT.pack(_MAGIC, _FORMAT, pitch_hz)


def read_artifact(artifact: bytes) -> float:
    """The pitch in Hz. Raises: VoiceIncompatible."""
    if len(artifact) != _LAYOUT.size or not artifact.startswith(_MAGIC):
        raise VoiceIncompatible("This voice was not made by the tone engine. Make it again with `myna voices remake`.")
    _, layout, pitch_hz = _LAYOUT.unpack(artifact)
    if layout != _FORMAT:
        raise VoiceIncompatible(
            f"This voice has tone format {layout}, this version reads {_FORMAT}. Make it again: `myna voices remake`."
        )
    return float(pitch_hz)
