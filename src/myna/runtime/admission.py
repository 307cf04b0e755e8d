"""One line before the engine slots, or a pool of threads. Workspaces take turns (start-time fair queueing: Goyal,
Vin, Cheng, 1996), within one whoever is due first (earliest deadline first: Liu and Layland, 1973). In a full line a
newcomer takes the last place of the workspace that has the most, if its own has less. On the event loop;
`is_wanted`, `is_due_before`, `is_busy` and `num_busy` from any thread."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

from myna.domain.errors import Overloaded, ServiceUnavailable
from myna.observability.tracing import current_record
from myna.runtime.foreground import Foreground

S = TypeVar("S")

_GRACE_S = 0.5
"""Whoever has not begun to speak may wait while somebody who has would fall silent within this..."""
_LONGEST_GRACE_S = 5.0
"""... so that more callers than the engine keeps up with begin later, and do not all stammer. But not longer."""
_SERVED_S = 0.05
"""Somebody counts as served for so long after a slot was given back."""


@dataclass(frozen=True, slots=True, eq=False)
class _Place(Generic[S]):
    workspace: str
    is_newcomer: bool
    slot: "asyncio.Future[S]"
    due_s: float | None
    only: S | None
    since_s: float

    def due_at(self, now_s: float) -> float:
        if self.due_s is not None:
            return self.due_s
        return min(now_s + _GRACE_S, self.since_s + _LONGEST_GRACE_S)

    def may_take(self, slot: S) -> bool:
        return self.only is None or self.only is slot


class WaitingLine(Generic[S]):
    """Hands out slots. Whoever got one gives it back with `leave`."""

    def __init__(
        self, slots: Iterable[S], max_waiting: int, foreground: Foreground, on_wanted: Callable[[], None] = lambda: None
    ) -> None:
        """max_waiting: newcomers. foreground: is told of slots handed out. on_wanted: called when one waits."""
        self._free = list(slots)
        self._num_slots = len(self._free)
        self._max_waiting = max_waiting
        self._on_wanted = on_wanted
        self._foreground = foreground
        self._waiting: list[_Place[S]] = []
        self._number = 0
        """Of the place that was served last: how many somebody who waits all the time has had before it."""
        self._next_numbers: dict[str, int] = {}
        """Workspace -> number of its next place, if above the last served. Only they count: whoever leaves is free."""
        self._is_closed = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def wait_until_idle(self, *, elsewhere: bool) -> None:
        """Until nobody has a slot, or it closes. elsewhere: some seconds for other processes of this machine, too."""
        await self._idle.wait()
        if elsewhere:
            await self._foreground.wait_for_others()

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    @property
    def is_wanted(self) -> bool:
        """Somebody waits for a slot."""
        return bool(self._waiting)

    def is_due_before(self, due_s: float, slot: S) -> bool:
        """Somebody waits for this slot who is due before that."""
        now_s = monotonic()
        return any(place.due_at(now_s) < due_s and place.may_take(slot) for place in tuple(self._waiting))

    def is_busy(self, *, elsewhere: bool) -> bool:
        """Somebody has a slot. elsewhere: or is served by another process of this machine."""
        return self.num_busy > 0 or (elsewhere and self._foreground.is_busy_elsewhere)

    @property
    def num_waiting(self) -> int:
        return len(self._waiting)

    @property
    def num_busy(self) -> int:
        return self._num_slots - len(self._free)

    async def enter(self, *, is_newcomer: bool = True, due_s: float | None = None, only: S | None = None) -> S:
        """Wait for a slot for the current workspace; cancelling leaves the line. is_newcomer: False for who gave its
        slot away in between: it waits, but is never refused. due_s: `time.monotonic` seconds; by default half a
        second from whatever moment it is, for five seconds. only: no other slot will do. Raises: Overloaded,
        ServiceUnavailable (closing)."""
        if self._is_closed:
            raise closing()
        workspace = current_record().workspace
        free = next((slot for slot in reversed(self._free) if only is None or only is slot), None)
        if free is not None:  # nobody who waits can take it, or had got it
            self._idle.clear()
            self._foreground.begin()
            self._next_numbers[workspace] = self._next_number(workspace) + 1
            # The slot that was used last: its voices and caches are warm.
            self._free.remove(free)
            return free
        if is_newcomer and len(self._waiting) >= self._max_waiting:
            self._make_room(workspace)
        slot: asyncio.Future[S] = asyncio.Future()
        place = _Place(workspace, is_newcomer, slot, due_s, only, monotonic())
        self._waiting.append(place)
        self._on_wanted()
        try:
            return await place.slot
        except asyncio.CancelledError:
            if place.slot.cancelled():
                if place in self._waiting:
                    self._waiting.remove(place)
            elif place.slot.exception() is None:
                # Granted in the moment in which the caller left.
                self.leave(place.slot.result())
            raise

    def leave(self, slot: S) -> None:
        """Give a slot back: to who is next, if anybody waits."""
        while suitable := [place for place in self._waiting if place.may_take(slot)]:
            now_s = monotonic()
            # Of several the one that came first.
            place = min(suitable, key=lambda place: (self._next_number(place.workspace), place.due_at(now_s)))
            self._waiting.remove(place)
            if not place.slot.done():
                number = self._number = self._next_number(place.workspace)
                self._next_numbers[place.workspace] = number + 1
                self._next_numbers = {name: next_ for name, next_ in self._next_numbers.items() if next_ > number}
                place.slot.set_result(slot)
                return
        self._free.append(slot)
        if not self.num_busy:
            self._next_numbers.clear()
            self._idle.set()
        # Not at once: the next piece of the same speech comes within milliseconds, and to tell other processes of each
        # would be three calls of the system.
        asyncio.get_running_loop().call_later(_SERVED_S, self._foreground.end)

    def close(self) -> None:
        """Send everybody away, now and from now on."""
        self._is_closed = True
        self._idle.set()
        while self._waiting:
            _refuse(self._waiting.pop(0), closing())

    def _next_number(self, workspace: str) -> int:
        return max(self._number, self._next_numbers.get(workspace, 0))

    def _make_room(self, workspace: str) -> None:
        """Raises: Overloaded, unless another is to go."""
        refusal = Overloaded("Too many requests are waiting. Try again in a few seconds.")
        nums_waiting = Counter(place.workspace for place in self._waiting if place.is_newcomer)
        (greedy, num_waiting), *_ = nums_waiting.most_common(1) or [("", 0)]
        if num_waiting <= nums_waiting[workspace] + 1:
            raise refusal
        last = next(place for place in reversed(self._waiting) if place.is_newcomer and place.workspace == greedy)
        self._waiting.remove(last)
        _refuse(last, refusal)


def _refuse(place: _Place[S], error: Exception) -> None:
    if not place.slot.done():
        place.slot.set_exception(error)


def closing() -> ServiceUnavailable:
    return ServiceUnavailable("The server is stopping. Try again in a moment.")
