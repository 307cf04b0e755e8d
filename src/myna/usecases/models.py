"""The `modelId`s that clients send. All of them are served by the one configured engine."""

from myna.domain.errors import ModelUnsupported

KNOWN_MODELS = frozenset(
    {
        "inworld-tts-2",
        "inworld-tts-2-flash",
        "inworld-tts-1.5-max",
        "inworld-tts-1.5-mini",
        "inworld-tts-1",
        "inworld-tts-1-max",
    }
)
"""Source: wire-contract.md#models."""

DEFAULT_MODEL = "inworld-tts-1.5-max"
"""What the stock SDKs send; used when a request names none."""


def check_model(model_id: str) -> str:
    """The model to report back. Raises: ModelUnsupported."""
    if not model_id:
        return DEFAULT_MODEL
    if model_id not in KNOWN_MODELS:
        raise ModelUnsupported(f"model_id: {model_id[:64]} is not supported.")
    return model_id
