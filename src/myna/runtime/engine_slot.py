"""An engine instance with the thread that owns it."""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from myna.domain.errors import DeadlineExceeded
from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.voice import VoiceArtifact
from myna.engines.base import Engine, EngineSettings, EngineSpec, VoiceState
from myna.runtime.owner_thread import OwnerThread
from myna.runtime.voice_cache import VoiceCache

T = TypeVar("T")


class EngineSlot:
    """Serves one request at a time. Every method blocks and is for `thread` alone."""

    def __init__(
        self,
        spec: EngineSpec,
        settings: EngineSettings,
        name: str,
        max_cached_voices: int,
        prepare: Callable[[], None] | None = None,
        *,
        deadline_s: float = math.inf,
    ) -> None:
        """prepare: called first of all in the thread.
        deadline_s: an engine that gives no sign of life for so long hangs.
        """
        self._spec = spec
        self._settings = settings
        self._voices = VoiceCache(max_cached_voices)
        self._engine: Engine | None = None
        self._deadline_s = deadline_s
        self.thread = OwnerThread(name, prepare)

    @property
    def hangs(self) -> bool:
        """From any thread. A call that ends after all makes it well again."""
        return self.thread.silence_s > self._deadline_s

    async def result_of(self, call: "asyncio.Future[T]") -> T:
        """Of a call, which is not cancelled with who waits. Raises: DeadlineExceeded for one that hangs."""
        await self.wait_for(call)
        if not call.done():
            raise DeadlineExceeded("The engine does not answer any more. The server's log says since when.")
        return call.result()

    async def wait_for(self, call: "asyncio.Future[Any]") -> None:
        """Until it has ended or hangs, and what was to be done at its end is done."""
        while True:
            left_s = self._deadline_s - self.thread.silence_s
            await asyncio.wait({call}, timeout=left_s + 0.01 if left_s < math.inf else None)
            if call.done() or self.hangs:
                return

    @property
    def engine(self) -> Engine:
        """Loaded by the first call that needs it; `load` is that call at start-up."""
        if self._engine is None:
            self._engine = self._spec.load(self._settings)
        return self._engine

    def load(self) -> None:
        """Raises: WeightsMissing, WeightsCorrupt, and whatever a plug-in raises."""
        _ = self.engine

    def voice(self, artifact: VoiceArtifact) -> VoiceState:
        """Opened, or still open. Raises: VoiceIncompatible."""
        return self._voices.get(artifact.digest, partial(self.engine.load_voice, artifact.content))

    def speak_whole(
        self, artifact: VoiceArtifact, segments: Sequence[SpeechSegment], options: SynthesisOptions
    ) -> list[SpokenChunk]:
        """All chunks of some segments, as `SpeechInTurns` hands them over."""
        voice = self.engine.load_voice(artifact.content)
        spoken = []
        for index, segment in enumerate(segments):
            spoken += [replace(c, segment_index=index) for c in self.engine.synthesize(voice, segment, options)]
            if not (spoken and spoken[-1].segment_index == index and spoken[-1].ends_segment):
                spoken.append(segment_end(index))
        return spoken

    def unload(self) -> None:
        """Give the engine's memory back; it is loaded again when it is needed."""
        if self._engine is not None:
            self._voices.clear()  # they are of no use to another instance
            self._engine.close()
            self._engine = None


def segment_end(index: int) -> SpokenChunk:
    """Without samples: that a chunk was a segment's last is known only when no other follows."""
    return SpokenChunk(np.zeros(0, np.float32), segment_index=index, ends_segment=True)
