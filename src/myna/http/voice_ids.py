"""Voice ids as callers write them."""

from myna.domain.errors import InvalidRequest, VoiceNotFound
from myna.domain.voice import VoiceId


def read_voice_id(given: str) -> VoiceId:
    """Ids are opaque; but no id holds control characters, which stores may stumble over.

    Raises: InvalidRequest if there is none, VoiceNotFound.
    """
    if not given:
        raise InvalidRequest("voiceId is required. List the voices to find one.")
    if not given.isprintable():
        raise VoiceNotFound("Unknown voice: the id holds control characters.")
    return VoiceId(given)


def unknown_voice(voice_id: str) -> VoiceNotFound:
    """One wording for every unknown voice (wire-contract.md#errors)."""
    return VoiceNotFound(f"Unknown voice: {voice_id[:128]} not found!")
