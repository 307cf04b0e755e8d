"""Loaded voices, kept by digest. Artifacts are immutable, so nothing here is ever out of date."""

from collections import OrderedDict
from collections.abc import Callable

from myna.engines.base import VoiceState


class VoiceCache:
    """The voices that one engine instance used last. Not for several threads: its engine's owner thread has it."""

    def __init__(self, max_voices: int) -> None:
        self._max_voices = max_voices
        self._states: OrderedDict[str, VoiceState] = OrderedDict()

    def get(self, digest: str, load: Callable[[], VoiceState]) -> VoiceState:
        """The voice of this digest; loaded if it is not there. Raises: what `load` raises, and keeps nothing then."""
        if digest in self._states:
            self._states.move_to_end(digest)
            return self._states[digest]
        state = load()
        self._states[digest] = state
        if len(self._states) > self._max_voices:
            self._states.popitem(last=False)
        return state

    def clear(self) -> None:
        self._states.clear()

    def __len__(self) -> int:
        return len(self._states)
