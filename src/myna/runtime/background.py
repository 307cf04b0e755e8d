"""Speech that nobody waits for (jobs): an engine of its own in a thread of low priority (`leisure_lane.py`), which
begins no chunk while live slots are busy, waits some seconds for other processes before a segment, is loaded with
the first job and given back when none has come for a while."""

import asyncio
from dataclasses import replace

from myna.engines.base import EngineSettings, EngineSpec
from myna.runtime.admission import WaitingLine
from myna.runtime.engine_slot import EngineSlot
from myna.runtime.foreground import Foreground
from myna.runtime.leisure_lane import lower_priority

_MAX_WAITING = 64
_MAX_CACHED_VOICES = 16
_NUM_THREADS = 1
_REST_AFTER_S = 30.0


class BackgroundLane:
    """One slot and the line before it."""

    def __init__(self, spec: EngineSpec, settings: EngineSettings, max_cached_voices: int) -> None:
        """max_cached_voices: what a live slot keeps; here it is sixteen at most."""
        self._spec = spec
        self._max_cached_voices = min(_MAX_CACHED_VOICES, max_cached_voices)
        self._settings = replace(settings, num_threads=_NUM_THREADS)
        self._slot: EngineSlot | None = None
        self._line: WaitingLine[EngineSlot] | None = None
        self._rest: asyncio.TimerHandle | None = None

    def open(self) -> WaitingLine[EngineSlot]:
        """The line to enter; `end` when the stream is over."""
        self._stay()
        if self._slot is None or self._line is None:
            self._slot = EngineSlot(
                self._spec, self._settings, "myna-background", self._max_cached_voices, prepare=lower_priority
            )
            # A foreground of its own: work at leisure need not stop for it.
            self._line = WaitingLine([self._slot], _MAX_WAITING, Foreground())
        return self._line

    def end(self) -> None:
        """A stream is over: rest, unless another comes soon."""
        self._stay()
        self._rest = asyncio.get_running_loop().call_later(_REST_AFTER_S, self._give_back)

    @property
    def slot(self) -> EngineSlot | None:
        return self._slot

    def send_away(self) -> None:
        """Take no more and send the waiting away."""
        if self._line is not None:
            self._line.close()

    def close(self) -> None:
        """The same, and give the engine back."""
        self._stay()
        if self._slot is not None and self._line is not None:
            self._line.close()
            self._give_back()
            self._slot.thread.stop()

    def _stay(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def _give_back(self) -> None:
        if self._slot is not None and self._line is not None:
            # After the segment that may be running; an engine is loaded again when it is needed.
            self._slot.thread.post(self._slot.unload)
