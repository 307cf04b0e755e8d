"""An engine instance with the thread that owns it."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from time import monotonic

import numpy as np

from myna.domain.errors import EngineFailure
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
        self._settings = replace(settings, before_step=self._note_step)
        self._before_step = settings.before_step
        self._max_cached_voices = max_cached_voices
        self._name = name
        self._prepare = prepare
        self._begin()

    def _begin(self) -> None:
        self._voices = VoiceCache(self._max_cached_voices)
        self._engine: Engine | None = None
        self.thread = OwnerThread(self._name, self._prepare)

    def _note_step(self) -> None:
        self.thread.num_steps += 1
        self._before_step()

    @property
    def engine(self) -> Engine:
        """Loaded by the first call that needs it; `load` is that call at start-up."""
        if self._engine is None:
            self._engine = self._spec.load(self._settings)
        return self._engine

    @property
    def is_loaded(self) -> bool:
        return self._engine is not None

    def give_up(self, failure: EngineFailure) -> OwnerThread:
        """Leave a thread that hangs behind, with its engine, and begin again with others. Called on the event loop.

        Whoever waits for it is told. If it ever gets on, it gives the engine's memory back and ends.
        Returns the thread that is left.
        """
        thread, engine = self.thread, self._engine
        self._begin()
        thread.give_up(failure)
        if engine is not None:
            thread.post(engine.close)
        thread.stop()
        self.thread.post(self.load)
        return thread

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
        thread, engine = self.thread, self.engine

        def may_go_on() -> bool:
            thread.num_steps += 1
            thread.is_resting = True
            try:
                return hand_over.wait_for_room()
            finally:
                thread.is_resting = False

        voice = self._voices.get(artifact.digest, partial(engine.load_voice, artifact.content))
        for index in range(first, len(segments)):
            if not may_go_on():
                break
            chunks = iter(engine.synthesize(voice, segments[index], options))
            interrupt = chunks.interrupt if isinstance(chunks, Interruptible) else lambda: None
            with ExitStack() as at_the_end, hand_over.interrupting(interrupt):
                at_the_end.callback(getattr(chunks, "close", lambda: None))
                for chunk in chunks:
                    hand_over.put(replace(chunk, segment_index=index))
                    # Before the next chunk is computed, not after.
                    if not may_go_on():
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
        engine = self.engine
        voice = engine.load_voice(artifact.content)
        spoken = []
        for index, segment in enumerate(segments):
            for chunk in engine.synthesize(voice, segment, options):
                self.thread.num_steps += 1
                spoken.append(replace(chunk, segment_index=index))
            spoken.append(SpokenChunk(np.zeros(0, np.float32), segment_index=index, ends_segment=True))
        return spoken

    def unload(self) -> None:
        """Give the engine's memory back; it is loaded again when it is needed."""
        if self._engine is not None:
            self._voices.clear()  # they are of no use to another instance
            self._engine.close()
            self._engine = None
