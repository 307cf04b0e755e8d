"""The `modelId`s that clients send. All of them are served by the one configured engine."""

DEFAULT_MODEL = "inworld-tts-1.5-max"
"""What the stock SDKs send; used when a request names none."""

DESIGN_MODEL = "inworld-tts-2"
"""The one with which a voice may be made up for a single request."""

DICTIONARY_MODELS = frozenset({DESIGN_MODEL, "inworld-tts-2-flash"})
"""Those that say words as pronunciation dictionaries have them; the others ignore these."""

KNOWN_MODELS = frozenset(
    {DESIGN_MODEL, "inworld-tts-2-flash", DEFAULT_MODEL, "inworld-tts-1.5-mini", "inworld-tts-1", "inworld-tts-1-max"}
)
"""Source: wire-contract.md#models."""
