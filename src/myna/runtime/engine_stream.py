"""The speech of one request, on its way through the slots to whoever pulls it."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Self

from myna.domain.errors import EngineFailure, MynaError, ServiceUnavailable
from myna.domain.speech import SpokenChunk
from myna.observability.tracing import trace_part
from myna.runtime.admission import WaitingLine
from myna.runtime.engine_slot import EngineSlot
from myna.runtime.hand_over import ChunkHandOver
from myna.runtime.pausable_speech import PausableSpeech

logger = logging.getLogger(__name__)


_LEAD_S = 0.5
"""A listener must have so much more to hear than another one before the engine is taken from the one to the other."""


class InProcessEngineStream:
    """Implements `EngineStream`."""

    def __init__(
        self,
        line: WaitingLine[EngineSlot],
        hand_over: ChunkHandOver,
        speech: PausableSpeech,
        *,
        on_end: Callable[["InProcessEngineStream"], None],
        gives_way_to: WaitingLine[EngineSlot] | None = None,
    ) -> None:
        """on_end: called when nothing more comes. gives_way_to: no chunk is begun while anybody there has a slot."""
        self._line = line
        self._hand_over = hand_over
        self._speech = speech
        self._on_end = on_end
        self._gives_way_to = gives_way_to
        self._work: asyncio.Future[bool] | None = None
        self._closing: asyncio.Task[None] | None = None
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

    def take_ready(self) -> list[SpokenChunk]:
        """All chunks that need not be waited for: for whoever hands them on together."""
        return list(iter(self._hand_over.take_ready, None))

    async def wait_for_first(self) -> None:
        """Raises: whatever keeps the first chunk from being made."""
        await self._hand_over.wait_for_first()

    async def aclose(self) -> None:
        # Before the first await: a caller who is being cancelled may not get further than that.
        self.stop()
        self._on_end(self)
        await asyncio.wait([self._task])
        for call in (self._work, self._closing):
            if call is not None:
                # Even if it is done: its slot is given back by a callback, which may not have run yet.
                await asyncio.wait([call])

    def stop(self) -> None:
        """Want no more: out of the line at once, off the slot within a chunk."""
        if not self._hand_over.is_stopped:
            self._hand_over.stop()
            self._task.cancel()
            self._close_speech()

    def break_off(self, error: MynaError) -> None:
        """Stop, and let the consumer know why."""
        self.stop()
        self._hand_over.finish(error)

    def nudge(self) -> None:
        """Somebody began to wait for a slot."""
        self._hand_over.nudge()

    async def _run(self) -> None:
        """Take turns on the slots until everything is spoken."""
        is_done, is_newcomer = False, True
        try:
            while not is_done:
                await self._hand_over.wait_until_welcome()
                if self._gives_way_to is not None:
                    await self._gives_way_to.wait_until_idle(elsewhere=self._speech.is_between_segments)
                with trace_part("queue"):
                    due_s = None if is_newcomer else self._hand_over.due_s
                    slot = await self._line.enter(is_newcomer=is_newcomer, due_s=due_s, only=self._speech.slot)
                is_newcomer = False
                self._work = slot.thread.submit(partial(self._speech.go_on, slot, partial(self._should_give_way, slot)))
                self._work.add_done_callback(lambda _, slot=slot: self._line.leave(slot))  # type: ignore[misc]
                with trace_part("engine speaks"):
                    is_done = await asyncio.shield(self._work)
        except MynaError as exc:
            self._hand_over.finish(exc)
        else:
            self._hand_over.finish()

    def _close_speech(self) -> None:
        """Let go of a segment that is begun, in the thread that began it."""
        if (slot := self._speech.slot) is None:
            return
        if self._speech.is_left_behind:
            self._speech.leave_behind()
        elif self._line.is_closed:
            slot.thread.post(self._speech.close)
        else:
            self._closing = asyncio.create_task(self._let_go(slot))

    async def _let_go(self, slot: EngineSlot) -> None:
        """On the slot, as any work: whoever has the slot and waits for a slow reader gives way to it."""
        try:
            await self._line.enter(is_newcomer=False, due_s=0.0, only=slot)
        except ServiceUnavailable:  # everybody is sent away
            slot.thread.post(self._speech.close)
            return
        call = slot.thread.submit(self._speech.close)
        call.add_done_callback(lambda _: self._line.leave(slot))
        # What a plug-in raises here is in the log.
        await asyncio.wait([call])
        call.exception()

    def _note_end(self, task: "asyncio.Task[None]") -> None:
        # A mistake of ours in `_run` must not leave the consumer waiting for ever.
        if not task.cancelled() and (exc := task.exception()) is not None:
            logger.error("a speech stream failed", exc_info=exc)
            self._hand_over.finish(EngineFailure("The speech could not be made. The server's log has the reason."))

    def _should_give_way(self, slot: EngineSlot) -> bool:
        if self._gives_way_to is not None and self._gives_way_to.is_busy(elsewhere=self._speech.is_between_segments):
            return True
        return self._line.is_due_before(self._hand_over.due_s - _LEAD_S, slot)
