"""An engine instance with the thread that owns it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from myna.domain.errors import EngineFailure
from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.voice import VoiceArtifact
from myna.engines.base import Engine, EngineSettings, EngineSpec, VoiceState
from myna.runtime.owner_thread import OwnerThread


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
        self._max_cached_voices = max_cached_voices
        self._name = name
        self._prepare = prepare
        self._begin()

    def _begin(self) -> None:
        self._content = b""
        self._voices = lru_cache(self._max_cached_voices)(lambda _digest: self.engine.load_voice(self._content))
        self._engine: Engine | None = None
        self.thread = OwnerThread(self._name, self._prepare)

    @property
    def engine(self) -> Engine:
        """Loaded by the first call that needs it; `load` is that call at start-up."""
        if self._engine is None:
            thread = self.thread

            def before_step() -> None:
                thread.num_steps += 1
                self._settings.before_step()

            engine = self._spec.load(replace(self._settings, before_step=before_step))
            if self.thread is not thread:
                engine.close()
                raise EngineFailure("The engine was loaded too late: another one has taken its place.")
            self._engine = engine
        return self._engine

    @property
    def is_loaded(self) -> bool:
        return self._engine is not None

    def give_up(self) -> OwnerThread:
        """Leave a thread that hangs, with its engine, and begin again; on the event loop. Whoever waits is told; if
        it ever gets on, it gives its memory back. Returns the thread."""
        thread, engine = self.thread, self._engine
        self._begin()
        thread.give_up(hung())
        if engine is not None:
            thread.post(engine.close)
        thread.stop()
        self.thread.post(self.load)
        return thread

    def load(self) -> None:
        """Raises: WeightsMissing, WeightsCorrupt, and whatever a plug-in raises."""
        _ = self.engine

    def voice(self, artifact: VoiceArtifact) -> VoiceState:
        """Opened, or still open. Raises: VoiceIncompatible."""
        self._content = artifact.content  # by digest: the bytes themselves are not kept
        return self._voices(artifact.digest)

    def speak_whole(
        self, artifact: VoiceArtifact, segments: Sequence[SpeechSegment], options: SynthesisOptions
    ) -> list[SpokenChunk]:
        """All chunks of some segments, as `PausableSpeech` hands them over."""
        engine = self.engine
        voice = engine.load_voice(artifact.content)
        spoken: list[SpokenChunk] = []
        for index, segment in enumerate(segments):
            for chunk in engine.synthesize(voice, segment, options):
                self.thread.num_steps += 1
                spoken.append(replace(chunk, segment_index=index))
            if not (spoken and spoken[-1].segment_index == index and spoken[-1].ends_segment):
                spoken.append(segment_end(index))
        return spoken

    def unload(self) -> None:
        """Give the engine's memory back; it is loaded again when it is needed."""
        if self._engine is not None:
            self._voices.cache_clear()  # they are of no use to another instance
            self._engine.close()
            self._engine = None


def segment_end(index: int) -> SpokenChunk:
    """Without samples: that a chunk was a segment's last is known only when no other follows."""
    return SpokenChunk(np.zeros(0, np.float32), segment_index=index, ends_segment=True)


def hung() -> EngineFailure:
    """What a caller is told whose engine was given up."""
    return EngineFailure("The engine did not answer any more and was started again.")
