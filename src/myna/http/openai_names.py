"""What OpenAI's clients call models and voices, and what they get for it (wire-contract.md#openai)."""

from myna.usecases.models import DEFAULT_MODEL

SPEECH_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15")
"""Spoken like any other, by the configured engine. Source: the official Python package, `SpeechModel`."""

TRANSCRIPTION_MODELS = (
    "whisper-1",
    "gpt-transcribe",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-mini-transcribe-2025-12-15",
)
"""All are the recogniser aboard. Source: the same package, `TranscriptionCreateParams`."""

_VOICES = {
    "alloy": "Dennis",
    "ash": "Jason",
    "ballad": "Clive",
    "cedar": "Craig",
    "coral": "Ashley",
    "echo": "Alex",
    "fable": "Olivia",
    "marin": "Hana",
    "nova": "Sarah",
    "onyx": "Hades",
    "sage": "Olivia",
    "shimmer": "Hana",
    "verse": "Aarav",
}
"""Names from the same package; the stock voices are of the same sex and about the same age where OpenAI says any."""


def known_model(name: str) -> str:
    """One of ours for one of OpenAI's; others stay as they are."""
    return DEFAULT_MODEL if name in SPEECH_MODELS else name


def openai_voices(changes: str = "") -> dict[str, str]:
    """OpenAI's names and the voice of each. changes: `alloy=Dennis,nova=acme__anna`, as in the settings."""
    pairs = (pair.split("=", 1) for pair in changes.split(",") if pair)
    return _VOICES | {name.strip(): voice.strip() for name, voice in pairs}
