"""The speech of one request as an engine makes it: chunk by chunk, with pauses in which others have the engine."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.voice import VoiceArtifact
from myna.engines.base import Interruptible
from myna.runtime.engine_slot import EngineSlot, hung, segment_end
from myna.runtime.hand_over import ChunkHandOver
from myna.runtime.owner_thread import OwnerThread


class PausableSpeech:
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
        self._thread: OwnerThread | None = None
        """By which."""

    @property
    def is_between_segments(self) -> bool:
        return self.slot is None

    @property
    def is_left_behind(self) -> bool:
        """The slot has given up the thread and the engine with which the segment was begun."""
        return self.slot is not None and self.slot.thread is not self._thread

    def go_on(self, slot: EngineSlot, should_give_way: Callable[[], bool]) -> bool:
        """Until all is spoken, nobody listens, or others go first: then False. should_give_way: after every chunk."""
        if self.is_left_behind:
            self.leave_behind()
            raise hung()
        try:
            return self._speak(slot, should_give_way)
        except BaseException:
            self.close()
            raise

    def leave_behind(self) -> None:
        """Leave a segment to the thread that began it, which was given up. From any thread."""
        if self._thread is not None:
            self._thread.leftovers.append(self._take_segment())

    def close(self) -> None:
        """End a segment that is begun."""
        self._take_segment()()

    def _take_segment(self) -> Callable[[], object]:
        """None is begun any more. Returns what ends the one that was."""
        chunks, self._chunks, self.slot = self._chunks, None, None
        return getattr(chunks, "close", lambda: None)

    def _speak(self, slot: EngineSlot, should_give_way: Callable[[], bool]) -> bool:
        thread = slot.thread
        while self._index < len(self._segments) and slot.thread is thread:  # it may have been left behind
            # Before the next chunk is computed, not after.
            if not self._has_room(thread):
                if self._hand_over.is_stopped:
                    break
                return False
            chunk = self._make_chunk(slot, thread)
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

    def _has_room(self, thread: OwnerThread) -> bool:
        thread.num_steps += 1
        thread.is_resting = True
        try:
            return self._hand_over.wait_for_room()
        finally:
            thread.is_resting = False

    def _make_chunk(self, slot: EngineSlot, thread: OwnerThread) -> SpokenChunk:
        """The next one, or the end of the segment."""
        if self._chunks is None:
            segment = self._segments[self._index]
            self._chunks = iter(slot.engine.synthesize(slot.voice(self._voice), segment, self._options))
            self.slot, self._thread = slot, thread
        interrupt = self._chunks.interrupt if isinstance(self._chunks, Interruptible) else lambda: None
        with self._hand_over.interrupting(interrupt):
            chunk = next(self._chunks, None)
        return segment_end(self._index) if chunk is None else replace(chunk, segment_index=self._index)
