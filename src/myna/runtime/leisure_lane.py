"""Making voices better at leisure: minutes, so in no slot of speech, but by an engine of its own in a thread of low
priority, loaded with the first piece and given back after the last, which waits between steps until nobody is
served."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from myna.domain.errors import Overloaded
from myna.engines.base import EngineSettings, EngineSpec
from myna.runtime.admission import closing
from myna.runtime.engine_slot import EngineSlot
from myna.runtime.foreground import Foreground

T = TypeVar("T")

_MAX_WAITING = 64
_LOW_PRIORITY = 10
"""Nice value; a tenth of what others get, inherited on Linux. At 19 a busy machine would never hear a voice."""
_NUM_THREADS = 1
"""More would only be faster on an idle machine, and idle helper threads that spin disturb even at this priority."""
_KEEP_S = 3.0
"""From one stage of a voice to the next the engine stays loaded."""


class LeisureLane:
    """One piece of work at a time, in order."""

    def __init__(self, spec: EngineSpec, settings: EngineSettings, foreground: Foreground) -> None:
        self._spec = spec
        self._settings = replace(
            settings,
            num_threads=_NUM_THREADS,
            before_step=self._let_others_go_first,
            interrupting=foreground.interrupting,
        )
        self._foreground = foreground
        self._slot: EngineSlot | None = None
        self._num_open = 0
        self._closed = asyncio.Event()
        self._unloading: asyncio.TimerHandle | None = None
        self._is_unwanted = threading.Event()
        """Of the call that runs: whoever wanted it has left."""

    async def run(self, work: Callable[[EngineSlot], T]) -> T:
        """Who leaves ends it within a step. Raises: Overloaded, ServiceUnavailable, EngineFailure, the engine's own."""
        if self._closed.is_set():
            raise closing()
        if self._num_open > _MAX_WAITING:
            raise Overloaded("Too many voices are waiting to be refined. Try again in some minutes.")
        slot = self._slot = self._slot or EngineSlot(
            self._spec, self._settings, "myna-leisure", max_cached_voices=0, prepare=lower_priority
        )
        self._num_open += 1
        if self._unloading is not None:
            self._unloading.cancel()
        is_unwanted = threading.Event()

        def begin() -> T:
            self._is_unwanted = is_unwanted
            self._let_others_go_first()
            return work(slot)

        call = slot.thread.submit(begin)
        call.add_done_callback(self._end)
        closed = asyncio.create_task(self._closed.wait())
        try:
            # The one who closes does not wait for it.
            await asyncio.wait((call, closed), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            is_unwanted.set()
            raise
        finally:
            closed.cancel()
        if not call.done():
            raise closing()
        return call.result()

    def close(self) -> None:
        """Take no more and send the waiting away. What runs ends within a step: its voice stays as it is."""
        self._closed.set()
        if self._slot is not None:
            self._slot.thread.stop()

    def _let_others_go_first(self) -> None:
        """Raises: ServiceUnavailable when nobody wants the result any more."""

        def is_over() -> bool:
            return self._is_unwanted.is_set() or self._closed.is_set()

        self._foreground.wait_until_calm(is_over)
        if is_over():
            raise closing()

    def _end(self, call: "asyncio.Future[Any]") -> None:
        if not call.cancelled():
            call.exception()  # seen, so that asyncio does not complain when the caller has left
        self._num_open -= 1
        if self._num_open == 0 and not self._closed.is_set():
            self._unloading = asyncio.get_running_loop().call_later(_KEEP_S, self._unload)

    def _unload(self) -> None:
        # Its memory is worth more than the second that loading takes.
        if self._num_open == 0 and self._slot is not None and not self._closed.is_set():
            self._slot.thread.post(self._slot.unload)


def lower_priority() -> None:
    """Give this thread what others leave of the processor. Only Linux has priorities for single threads."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        # Only who may do so can raise it again: a process that has been given less keeps that.
        os.setpriority(os.PRIO_PROCESS, thread, max(_LOW_PRIORITY, os.getpriority(os.PRIO_PROCESS, thread)))
