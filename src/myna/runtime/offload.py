"""Blocking work beside the event loop: a bounded pool of threads behind a bounded line."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from myna.domain.errors import Overloaded
from myna.runtime.admission import closing
from myna.runtime.foreground import Foreground
from myna.runtime.leisure_lane import lower_priority

T = TypeVar("T")


class ThreadOffload:
    """Implements `Offload`. Belongs to one event loop."""

    def __init__(
        self, num_threads: int, max_waiting: int, foreground: Foreground | None = None, *, is_at_leisure: bool = False
    ) -> None:
        """max_waiting: pieces of work that may wait for a thread; one more is refused.
        is_at_leisure: nobody waits for the work, which lets the foreground go first.
        """
        self._foreground = foreground or Foreground()
        self._is_at_leisure = is_at_leisure
        self._executor = (
            ThreadPoolExecutor(num_threads, "myna-leisure-offload", initializer=lower_priority)
            if is_at_leisure
            else ThreadPoolExecutor(num_threads, "myna-offload")
        )
        self._max_open = num_threads + max_waiting
        self._num_open = 0
        self._is_closed = False

    async def __call__(self, work: Callable[[], T]) -> T:
        """With the caller's context variables. A caller who is cancelled leaves the work behind, which still counts.

        Raises: Overloaded, ServiceUnavailable (closing), and what `work` raises.
        """
        if self._is_closed:
            raise closing()
        if self._num_open >= self._max_open:
            raise Overloaded("Too many requests are being worked on. Try again in a few seconds.")
        self._num_open += 1
        context = contextvars.copy_context()
        call = asyncio.get_running_loop().run_in_executor(self._executor, lambda: context.run(self._work, work))
        call.add_done_callback(self._count_down)
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError as exc:
            if call.cancelled():
                # Not the caller was cancelled but its work, by `close`.
                raise closing() from exc
            raise

    def _work(self, work: Callable[[], T]) -> T:
        if self._is_at_leisure:
            self._foreground.wait_until_calm(lambda: self._is_closed)
            if self._is_closed:
                raise closing()
            return work()
        self._foreground.begin()
        try:
            return work()
        finally:
            self._foreground.end()

    def close(self) -> None:
        """Take no more, drop what waits; what runs comes to its end."""
        self._is_closed = True
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _count_down(self, call: "asyncio.Future[T]") -> None:
        self._num_open -= 1
        if not call.cancelled():
            # Seen, so that asyncio does not complain when the caller has left.
            call.exception()
