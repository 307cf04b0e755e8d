"""Chunks on their way from an owner thread to the event loop.

The engine works two chunks ahead and then waits for the consumer, so that little is made for somebody who leaves.
When others wait for the slot it does not wait: it works ahead to the end of its segment, up to a bounded amount of
audio, so that a consumer who reads slowly delays nobody.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from myna.domain.errors import DeadlineExceeded, MynaError
from myna.domain.speech import SpokenChunk

_MAX_CHUNKS_AHEAD = 2
_AMPLE_S = 10.0
"""With this much audio unread the consumer can do without the engine for a while..."""
_SCARCE_S = 5.0
"""... and below this it needs the engine again, early enough to wait in line without a gap in what is heard."""
MAX_BUFFERED_S = 60.0
"""Audio that is kept for a slow consumer: 5.8 MB at 24 kHz. A segment begins with at most `_AMPLE_S` and takes less
than 40 s (400 characters), so that only an unusual engine comes near."""
MAX_STALL_S = 30.0
"""How long a consumer with a full buffer may keep others waiting before the stream is broken off."""


class ChunkHandOver:
    """One producer in its owner thread, one consumer on the event loop."""

    def __init__(
        self,
        sample_rate_hz: int,
        is_wanted: Callable[[], bool],
        max_buffered_s: float = MAX_BUFFERED_S,
        max_stall_s: float = MAX_STALL_S,
    ) -> None:
        """is_wanted: somebody else waits for the producer's slot; asked from its thread."""
        self._loop = asyncio.get_running_loop()
        self._is_wanted = is_wanted
        self._sample_rate_hz = sample_rate_hz
        self._max_buffered_s = max_buffered_s
        self._max_stall_s = max_stall_s
        self._chunks: deque[SpokenChunk] = deque()
        self._num_samples = 0
        self._is_finished = False
        self._is_stopped = False
        self._error: MynaError | None = None
        self._interrupt: Callable[[], None] | None = None
        self._changed = threading.Condition()
        self._ready = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()

    # --- owner thread ----------------------------------------------------------------------------------------------

    @property
    def is_stopped(self) -> bool:
        return self._is_stopped

    @property
    def has_ample(self) -> bool:
        """The consumer has enough to read for now."""
        return self._buffered_s >= _AMPLE_S

    @property
    def _buffered_s(self) -> float:
        return self._num_samples / self._sample_rate_hz

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """While this lasts, a consumer who wants no more also interrupts what is being computed."""
        with self._changed:
            self._interrupt = interrupt
            if self._is_stopped:
                interrupt()
        try:
            yield
        finally:
            with self._changed:
                self._interrupt = None

    def put(self, chunk: SpokenChunk) -> None:
        with self._changed:
            if self._is_stopped:
                return
            self._chunks.append(chunk)
            self._num_samples += len(chunk.samples)
        self._wake_consumer()

    def wait_for_room(self) -> bool:
        """Block until another chunk is welcome; False if none will ever be.

        Raises: DeadlineExceeded for a consumer who keeps others waiting.
        """
        with self._changed:
            while not self._is_stopped and self._is_full():
                if not self._changed.wait(self._max_stall_s) and self._is_full() and self._is_wanted():
                    raise DeadlineExceeded("The speech was read too slowly while others waited. Read it faster.")
            return not self._is_stopped

    def _is_full(self) -> bool:
        if len(self._chunks) < _MAX_CHUNKS_AHEAD:
            return False
        return not self._is_wanted() or self._buffered_s >= self._max_buffered_s

    def _wake_consumer(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._ready.set)
        except RuntimeError:
            # The loop was closed without closing the stream: nobody will read.
            self._is_stopped = True

    # --- event loop ------------------------------------------------------------------------------------------------

    def nudge(self) -> None:
        """Let a waiting producer look again: somebody began to wait for its slot."""
        with self._changed:
            self._changed.notify()

    def finish(self, error: MynaError | None = None) -> None:
        """Nothing more comes; `error` is raised after what is there."""
        with self._changed:
            self._is_finished = True
            self._error = error
        self._ready.set()

    def stop(self) -> None:
        """The consumer wants no more: what is there is dropped, the producer ends at once, or in a chunk."""
        with self._changed:
            self._is_stopped = True
            self._chunks.clear()
            self._num_samples = 0
            if self._interrupt is not None:
                self._interrupt()
            self._changed.notify()
        self._drained.set()
        self._ready.set()

    async def wait_for_first(self) -> None:
        """Until a chunk is there or none will be. Raises: the producer's error if it came before any chunk."""
        while not (self._chunks or self._is_finished or self._is_stopped):
            self._ready.clear()
            await self._ready.wait()
        if not self._chunks and self._error is not None:
            raise self._error

    async def get(self) -> SpokenChunk | None:
        """The next chunk; None at the end. Raises: the producer's error."""
        await self.wait_for_first()
        if not self._chunks:
            return None
        with self._changed:
            chunk = self._chunks.popleft()
            self._num_samples -= len(chunk.samples)
            self._changed.notify()
        if self._buffered_s < _SCARCE_S:
            self._drained.set()
        return chunk

    async def wait_until_drained(self) -> None:
        """Until the consumer has read so much that it needs the engine again."""
        while self._buffered_s >= _SCARCE_S and not self._is_stopped:
            self._drained.clear()
            await self._drained.wait()
