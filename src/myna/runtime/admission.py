"""One line before the engine slots: first come, first served, refused when it is too long.

Lives on the event loop. `is_wanted` and `num_busy` alone may be read from any thread.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from myna.domain.errors import Overloaded, ServiceUnavailable
from myna.runtime.foreground import Foreground

S = TypeVar("S")


class WaitingLine(Generic[S]):
    """Hands out slots. Whoever got one gives it back with `leave`."""

    def __init__(
        self, slots: Iterable[S], max_waiting: int, on_wanted: Callable[[], None], foreground: Foreground
    ) -> None:
        """max_waiting: how many newcomers may wait. on_wanted: called when somebody begins to wait.
        foreground: is told of every slot that is handed out.
        """
        self._free = list(slots)
        self._num_slots = len(self._free)
        self._max_waiting = max_waiting
        self._on_wanted = on_wanted
        self._foreground = foreground
        self._waiting: deque[asyncio.Future[S]] = deque()
        self._is_closed = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def wait_until_idle(self) -> None:
        """Until nobody has a slot, or the line is closed."""
        await self._idle.wait()

    @property
    def is_wanted(self) -> bool:
        """Somebody waits for a slot."""
        return bool(self._waiting)

    @property
    def num_waiting(self) -> int:
        return len(self._waiting)

    @property
    def num_busy(self) -> int:
        return self._num_slots - len(self._free)

    async def enter(self, *, is_newcomer: bool = True) -> S:
        """Wait for a slot. Cancelling leaves the line.

        is_newcomer: False for a request that was let in before and gave its slot away in between: it has to wait like
        everybody, but is never refused.
        Raises: Overloaded, ServiceUnavailable (closing).
        """
        if self._is_closed:
            raise closing()
        if self._free and not self._waiting:
            self._idle.clear()
            self._foreground.begin()
            # The slot that was used last: its voices and caches are warm.
            return self._free.pop()
        if is_newcomer and len(self._waiting) >= self._max_waiting:
            raise Overloaded("Too many requests are waiting for the engine. Try again in a few seconds.")
        turn: asyncio.Future[S] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._on_wanted()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                if turn in self._waiting:
                    self._waiting.remove(turn)
            elif turn.exception() is None:
                # Granted in the moment in which the caller left.
                self.leave(turn.result())
            raise

    def leave(self, slot: S) -> None:
        """Give a slot back: to the first in line, if there is one."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(slot)
                return
        self._free.append(slot)
        if not self.num_busy:
            self._idle.set()
        self._foreground.end()

    def close(self) -> None:
        """Send everybody away, now and from now on."""
        self._is_closed = True
        self._idle.set()
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(closing())


def closing() -> ServiceUnavailable:
    return ServiceUnavailable("The server is stopping. Try again in a moment.")
