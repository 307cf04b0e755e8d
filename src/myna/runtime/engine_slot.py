"""An engine instance with the thread that owns it."""

import asyncio
import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any, TypeVar

import numpy as np

from myna.domain.errors import DeadlineExceeded
from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.voice import VoiceArtifact
from myna.engines.base import Engine, EngineSettings, EngineSpec, Interruptible
from myna.runtime.hand_over import ChunkHandOver
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

    def speak(
        self,
        artifact: VoiceArtifact,
        segments: Sequence[SpeechSegment],
        options: SynthesisOptions,
        *,
        first: int,
        hand_over: ChunkHandOver,
        should_give_way: Callable[[float], bool],
    ) -> int:
        """Speak segments from `first` on, until they are spoken, nobody listens, or it is time to let others in.

        should_give_way: asked between segments with the seconds since this turn began.
        Returns the index of the segment to go on with; `len(segments)` when there is nothing more to do.
        """
        started_s = monotonic()
        voice = self._voices.get(artifact.digest, partial(self.engine.load_voice, artifact.content))
        for index in range(first, len(segments)):
            if not self._has_room(hand_over):
                break
            chunks = iter(self.engine.synthesize(voice, segments[index], options))
            interrupt = chunks.interrupt if isinstance(chunks, Interruptible) else lambda: None
            with ExitStack() as at_the_end, hand_over.interrupting(interrupt):
                at_the_end.callback(getattr(chunks, "close", lambda: None))
                for chunk in chunks:
                    hand_over.put(replace(chunk, segment_index=index))
                    # Before the next chunk is computed, not after.
                    if not self._has_room(hand_over):
                        break
            if hand_over.is_stopped:
                break
            # The end of a segment is known only after its last chunk, which must not wait for that.
            hand_over.put(SpokenChunk(np.zeros(0, np.float32), segment_index=index, ends_segment=True))
            if index + 1 < len(segments) and should_give_way(monotonic() - started_s):
                return index + 1
        return len(segments)

    def _has_room(self, hand_over: ChunkHandOver) -> bool:
        with self.thread.waiting():
            return hand_over.wait_for_room()

    def speak_whole(
        self, artifact: VoiceArtifact, segments: Sequence[SpeechSegment], options: SynthesisOptions
    ) -> list[SpokenChunk]:
        """All chunks of some segments, as `speak` hands them over."""
        voice = self.engine.load_voice(artifact.content)
        spoken = []
        for index, segment in enumerate(segments):
            spoken += [replace(c, segment_index=index) for c in self.engine.synthesize(voice, segment, options)]
            spoken.append(SpokenChunk(np.zeros(0, np.float32), segment_index=index, ends_segment=True))
        return spoken

    def unload(self) -> None:
        """Give the engine's memory back; it is loaded again when it is needed."""
        if self._engine is not None:
            self._voices.clear()  # they are of no use to another instance
            self._engine.close()
            self._engine = None
