"""Improving voices at leisure, without getting into the way of speech.

A refinement may take minutes in one call that cannot be interrupted, so it may not have a slot that speech waits for.
It gets an engine instance of its own, loaded when the first refinement comes and given back after the last, in a
thread of the lowest priority: the machine's scheduler gives it what speech leaves.
"""

import asyncio
import os
import sys
import threading
from dataclasses import replace
from typing import Any

from myna.domain.errors import Overloaded
from myna.domain.waveform import ReferenceAudio
from myna.engines.base import EngineSettings, EngineSpec
from myna.runtime.admission import closing
from myna.runtime.engine_slot import EngineSlot

_MAX_WAITING = 64
_LOWEST_PRIORITY = 19
"""Nice value. Threads that the engine starts inherit it on Linux."""
_NUM_THREADS = 1
"""More would only be faster on an idle machine, and idle helper threads that spin disturb even at this priority."""


class RefinementLane:
    """One refinement at a time, in order."""

    def __init__(self, spec: EngineSpec, settings: EngineSettings) -> None:
        self._spec = spec
        self._settings = replace(settings, num_threads=_NUM_THREADS)
        self._slot: EngineSlot | None = None
        self._num_open = 0
        self._closed = asyncio.Event()

    async def refine(self, artifact: bytes, reference: ReferenceAudio) -> bytes:
        """Raises: Overloaded, ServiceUnavailable, EngineFailure and what the engine refuses."""
        if self._closed.is_set():
            raise closing()
        if self._num_open > _MAX_WAITING:
            raise Overloaded("Too many voices are waiting to be refined. Try again in some minutes.")
        slot = self._slot = self._slot or EngineSlot(
            self._spec, self._settings, "myna-refinement", max_cached_voices=0, prepare=lower_priority
        )
        self._num_open += 1
        call = slot.thread.submit(lambda: slot.engine.refine_voice(artifact, reference))
        call.add_done_callback(self._end)
        closed = asyncio.create_task(self._closed.wait())
        try:
            # A caller who leaves does not end the call, the one who closes does not wait for it.
            await asyncio.wait((call, closed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            closed.cancel()
        if not call.done():
            raise closing()
        return call.result()

    def close(self) -> None:
        """Take no more and send the waiting away. What runs dies with the process: its voice stays as it is."""
        self._closed.set()
        if self._slot is not None:
            self._slot.thread.stop()

    def _end(self, call: "asyncio.Future[bytes]") -> None:
        _mark_seen(call)
        self._num_open -= 1
        if self._num_open == 0 and self._slot is not None and not self._closed.is_set():
            # Its memory is worth more than the second that loading takes.
            self._slot.thread.submit(self._slot.unload).add_done_callback(_mark_seen)


def lower_priority() -> None:
    """Give this thread what others leave of the processor. Only Linux has priorities for single threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST_PRIORITY)


def _mark_seen(call: "asyncio.Future[Any]") -> None:
    # asyncio complains of errors that nobody reads; the owner thread has logged this one.
    if not call.cancelled():
        call.exception()
