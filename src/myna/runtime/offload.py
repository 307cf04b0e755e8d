"""Blocking work beside the event loop: a pool of threads behind a bounded line that is fair between workspaces."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from myna.runtime.admission import WaitingLine, closing
from myna.runtime.foreground import Foreground, at_leisure
from myna.runtime.leisure_lane import lower_priority

T = TypeVar("T")


class ThreadOffload:
    """Implements `Offload`. Belongs to one event loop."""

    def __init__(
        self, num_threads: int, max_waiting: int, foreground: Foreground | None = None, *, is_at_leisure: bool = False
    ) -> None:
        """max_waiting: pieces that may wait for a thread. is_at_leisure: lets the foreground go first."""
        self._foreground = foreground or Foreground()
        self._is_at_leisure = is_at_leisure
        self._executor = (
            ThreadPoolExecutor(num_threads, "myna-leisure-offload", initializer=lower_priority)
            if is_at_leisure
            else ThreadPoolExecutor(num_threads, "myna-offload")
        )
        served = Foreground() if is_at_leisure else self._foreground
        self._line: WaitingLine[int] = WaitingLine(range(num_threads), max_waiting, served)
        self._is_closed = False

    async def __call__(self, work: Callable[[], T]) -> T:
        """In the caller's context. Who is cancelled leaves work behind. Raises: Overloaded, ServiceUnavailable, ..."""
        place = await self._line.enter()
        if self._is_closed:  # in the moment in which it was this one's turn
            self._line.leave(place)
            raise closing()
        context = contextvars.copy_context()
        call = asyncio.get_running_loop().run_in_executor(self._executor, lambda: context.run(self._work, work))
        call.add_done_callback(lambda call: self._end(place, call))
        return await asyncio.shield(call)

    def _work(self, work: Callable[[], T]) -> T:
        if self._is_at_leisure:
            at_leisure.set(True)  # in this piece's own context
            self._foreground.wait_until_calm(lambda: self._is_closed)
            if self._is_closed:
                raise closing()
        return work()

    def close(self) -> None:
        """Take no more, send the waiting away; what runs comes to its end."""
        self._is_closed = True
        self._line.close()
        self._executor.shutdown(wait=False)

    def _end(self, place: int, call: "asyncio.Future[T]") -> None:
        self._line.leave(place)
        if not call.cancelled():
            # Seen, so that asyncio does not complain when the caller has left.
            call.exception()
