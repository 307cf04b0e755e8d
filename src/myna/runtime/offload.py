"""Blocking work beside the event loop: a bounded pool of threads behind a bounded line."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from myna.domain.errors import Overloaded
from myna.runtime.admission import closing

T = TypeVar("T")


class ThreadOffload:
    """Implements `Offload`. Belongs to one event loop."""

    def __init__(self, num_threads: int, max_waiting: int, name: str = "myna-offload") -> None:
        """max_waiting: pieces of work that may wait for a thread; one more is refused."""
        self._executor = ThreadPoolExecutor(num_threads, thread_name_prefix=name)
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
        call = asyncio.get_running_loop().run_in_executor(self._executor, lambda: context.run(work))
        call.add_done_callback(self._count_down)
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError as exc:
            if call.cancelled():
                # Not the caller was cancelled but its work, by `close`.
                raise closing() from exc
            raise

    def close(self) -> None:
        """Take no more, drop what waits; what runs comes to its end."""
        self._is_closed = True
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _count_down(self, call: "asyncio.Future[T]") -> None:
        self._num_open -= 1
        if not call.cancelled():
            # Seen, so that asyncio does not complain when the caller has left.
            call.exception()
