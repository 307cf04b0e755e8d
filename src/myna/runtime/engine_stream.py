"""The speech of one request, on its way through the slots to whoever pulls it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Self

from myna.domain.errors import EngineFailure, MynaError
from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.voice import VoiceArtifact
from myna.observability.tracing import trace_part
from myna.runtime.admission import WaitingLine
from myna.runtime.engine_slot import EngineSlot
from myna.runtime.hand_over import ChunkHandOver

logger = logging.getLogger(__name__)


class InProcessEngineStream:
    """Implements `EngineStream`."""

    def __init__(
        self,
        line: WaitingLine[EngineSlot],
        hand_over: ChunkHandOver,
        *,
        voice: VoiceArtifact,
        segments: Sequence[SpeechSegment],
        options: SynthesisOptions,
        turn_s: float,
        on_end: Callable[["InProcessEngineStream"], None],
        gives_way_to: WaitingLine[EngineSlot] | None = None,
    ) -> None:
        """turn_s: after this long others are let in at the end of a segment. on_end: called when nothing more comes.
        gives_way_to: no segment is begun while anybody there has a slot.
        """
        self._line = line
        self._hand_over = hand_over
        self._voice = voice
        self._segments = tuple(segments)
        self._options = options
        self._turn_s = turn_s
        self._on_end = on_end
        self._gives_way_to = gives_way_to
        self._turn: tuple[EngineSlot, asyncio.Future[int]] | None = None
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._note_end)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SpokenChunk:
        try:
            chunk = await self._hand_over.get()
        except MynaError:
            self._on_end(self)
            raise
        if chunk is None:
            self._on_end(self)
            raise StopAsyncIteration
        return chunk

    async def wait_for_first(self) -> None:
        """Raises: whatever keeps the first chunk from being made."""
        await self._hand_over.wait_for_first()

    async def aclose(self) -> None:
        # Before the first await: a caller who is being cancelled may not get further than that.
        self.stop()
        self._on_end(self)
        await asyncio.wait([self._task])
        if self._turn is not None:
            # Even if it is done: its slot is given back by a callback, which may not have run yet.
            slot, turn = self._turn
            await slot.wait_for(turn)

    def stop(self) -> None:
        """Want no more: out of the line at once, off the slot within a chunk."""
        self._hand_over.stop()
        self._task.cancel()

    def break_off(self, error: MynaError) -> None:
        """Stop, and let the consumer know why."""
        self.stop()
        self._hand_over.finish(error)

    def nudge(self) -> None:
        """Somebody began to wait for a slot."""
        self._hand_over.nudge()

    async def _run(self) -> None:
        """Take turns on the slots until everything is spoken."""
        try:
            index = 0
            while index < len(self._segments):
                await self._hand_over.wait_until_drained()
                if self._gives_way_to is not None:
                    await self._gives_way_to.wait_until_idle()
                with trace_part("queue"):
                    slot = await self._line.enter(is_newcomer=index == 0)
                turn = slot.thread.submit(partial(self._speak, slot, index))
                turn.add_done_callback(lambda _, slot=slot: self._line.leave(slot))  # type: ignore[misc]
                self._turn = slot, turn
                with trace_part("engine speaks"):
                    index = await slot.result_of(turn)
        except MynaError as exc:
            self._hand_over.finish(exc)
        else:
            self._hand_over.finish()

    def _note_end(self, task: "asyncio.Task[None]") -> None:
        # A mistake of ours in `_run` must not leave the consumer waiting for ever.
        if not task.cancelled() and (exc := task.exception()) is not None:
            logger.error("a speech stream failed", exc_info=exc)
            self._hand_over.finish(EngineFailure("The speech could not be made. The server's log has the reason."))

    def _speak(self, slot: EngineSlot, first: int) -> int:
        return slot.speak(
            self._voice,
            self._segments,
            self._options,
            first=first,
            hand_over=self._hand_over,
            should_give_way=self._should_give_way,
        )

    def _should_give_way(self, turn_s: float) -> bool:
        if self._gives_way_to is not None and self._gives_way_to.num_busy > 0:
            return True
        return self._line.is_wanted and (turn_s >= self._turn_s or self._hand_over.has_ample)
