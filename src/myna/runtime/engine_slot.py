"""An engine instance with the thread that owns it."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from time import monotonic

import numpy as np

from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.voice import VoiceArtifact
from myna.engines.base import Engine, EngineSettings, EngineSpec, Interruptible
from myna.runtime.hand_over import ChunkHandOver
from myna.runtime.owner_thread import OwnerThread
from myna.runtime.voice_cache import VoiceCache


class EngineSlot:
    """Serves one request at a time. Every method blocks and is for `thread` alone."""

    def __init__(
        self,
        spec: EngineSpec,
        settings: EngineSettings,
        name: str,
        max_cached_voices: int,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        """prepare: called first of all in the thread."""
        self._spec = spec
        self._settings = settings
        self._voices = VoiceCache(max_cached_voices)
        self._engine: Engine | None = None
        self.thread = OwnerThread(name, prepare)

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
            if not hand_over.wait_for_room():
                break
            chunks = iter(self.engine.synthesize(voice, segments[index], options))
            interrupt = chunks.interrupt if isinstance(chunks, Interruptible) else lambda: None
            with ExitStack() as at_the_end, hand_over.interrupting(interrupt):
                at_the_end.callback(getattr(chunks, "close", lambda: None))
                for chunk in chunks:
                    hand_over.put(replace(chunk, segment_index=index))
                    # Before the next chunk is computed, not after.
                    if not hand_over.wait_for_room():
                        break
            if hand_over.is_stopped:
                break
            # The end of a segment is known only after its last chunk, which must not wait for that.
            hand_over.put(SpokenChunk(np.zeros(0, np.float32), segment_index=index, ends_segment=True))
            if index + 1 < len(segments) and should_give_way(monotonic() - started_s):
                return index + 1
        return len(segments)

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
