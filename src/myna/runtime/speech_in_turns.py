"""The speech of one request as an engine makes it: chunk by chunk, with pauses in which others have the engine."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.voice import VoiceArtifact
from myna.engines.base import Interruptible
from myna.runtime.engine_slot import EngineSlot, segment_end
from myna.runtime.hand_over import ChunkHandOver


class SpeechInTurns:
    """Every method blocks and is for the thread of the slot that has it; within a segment that is always the same."""

    def __init__(
        self,
        voice: VoiceArtifact,
        segments: Sequence[SpeechSegment],
        options: SynthesisOptions,
        hand_over: ChunkHandOver,
    ) -> None:
        self._voice = voice
        self._segments = segments
        self._options = options
        self._hand_over = hand_over
        self._index = 0
        self._chunks: Iterator[SpokenChunk] | None = None
        """Of the segment that is begun."""
        self.slot: EngineSlot | None = None
        """Where the begun segment is spoken."""

    def go_on(self, slot: EngineSlot, should_give_way: Callable[[], bool]) -> bool:
        """Speak until everything is spoken, nobody listens, or it is time to let others in: then False.

        should_give_way: asked after every chunk.
        """
        try:
            return self._speak(slot, should_give_way)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End a segment that is begun."""
        chunks, self._chunks, self.slot = self._chunks, None, None
        getattr(chunks, "close", lambda: None)()

    def _speak(self, slot: EngineSlot, should_give_way: Callable[[], bool]) -> bool:
        while self._index < len(self._segments):
            # Before the next chunk is computed, not after.
            with slot.thread.waiting():
                has_room = self._hand_over.wait_for_room()
            if not has_room:
                if self._hand_over.is_stopped:
                    break
                return False
            chunk = self._make_chunk(slot)
            if self._hand_over.is_stopped:
                break
            self._hand_over.put(chunk)
            if chunk.ends_segment:
                self.close()
                self._index += 1
            # In this order: who stops a speech that stands still closes it, and here it may not stand still yet.
            if self._index < len(self._segments) and should_give_way() and not self._hand_over.is_stopped:
                return False
        self.close()
        return True

    def _make_chunk(self, slot: EngineSlot) -> SpokenChunk:
        """The next one, or the end of the segment."""
        if self._chunks is None:
            segment = self._segments[self._index]
            self._chunks = iter(slot.engine.synthesize(slot.voice(self._voice), segment, self._options))
            self.slot = slot
        interrupt = self._chunks.interrupt if isinstance(self._chunks, Interruptible) else lambda: None
        with self._hand_over.interrupting(interrupt):
            chunk = next(self._chunks, None)
        return segment_end(self._index) if chunk is None else replace(chunk, segment_index=self._index)
