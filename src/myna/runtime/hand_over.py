"""Chunks from an owner thread to the event loop. The engine works two ahead and waits for the consumer; when others
wait for the slot it works ahead for a few seconds of audio, lets them in, and makes the rest in a later turn."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from myna.domain.errors import MynaError
from myna.domain.speech import SpokenChunk

_MAX_CHUNKS_AHEAD = 2
_AMPLE_S = 4.0
"""With this much audio unread the consumer can do without the engine for a while..."""
_SCARCE_S = 2.0
"""... and below this it needs the engine again."""
_WHOLE_SHARE = 0.25
"""Who hears nothing before the end plays four times as fast, so to say: such requests are served one after the
other, since taking turns makes the first one later and the last no sooner."""


class ChunkHandOver:
    """One producer in its owner thread, one consumer on the event loop."""

    def __init__(self, sample_rate_hz: int, is_wanted: Callable[[], bool], *, is_stream: bool = True) -> None:
        """is_wanted: somebody waits for the slot; asked from the producer's thread. is_stream: played as it comes."""
        self._loop = asyncio.get_running_loop()
        self._is_wanted = is_wanted
        self._sample_rate_hz = sample_rate_hz
        self._share = 1.0 if is_stream else _WHOLE_SHARE
        self._due_s = monotonic()
        self._chunks: deque[SpokenChunk] = deque()
        self._num_samples = 0
        self._is_finished = False
        self._is_stopped = False
        self._error: MynaError | None = None
        self._interrupt: Callable[[], None] | None = None
        self._changed = threading.Condition()
        self._ready = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def due_s(self) -> float:
        """When a listener who plays as it comes has heard all that was handed over: `time.monotonic` seconds."""
        return self._due_s

    # --- owner thread ----------------------------------------------------------------------------------------------

    @property
    def is_stopped(self) -> bool:
        return self._is_stopped

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
            duration_s = len(chunk.samples) / self._sample_rate_hz
            self._due_s = max(self._due_s, monotonic()) + self._share * duration_s
        self._wake_consumer()

    def wait_for_room(self) -> bool:
        """Block until another chunk is welcome; False if none is for now, because others wait, or none will ever be."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or self._has_room or self._is_wanted())
            return not self._is_stopped and self._has_room

    @property
    def _has_room(self) -> bool:
        return len(self._chunks) < _MAX_CHUNKS_AHEAD or (self._unread_s < _AMPLE_S and self._is_wanted())

    @property
    def _unread_s(self) -> float:
        return self._num_samples / self._sample_rate_hz

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
        self._room.set()
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
        return self.take_ready()

    def take_ready(self) -> SpokenChunk | None:
        """The next chunk if it is there now."""
        if not self._chunks:
            return None
        with self._changed:
            chunk = self._chunks.popleft()
            self._num_samples -= len(chunk.samples)
            self._changed.notify()
        self._room.set()
        return chunk

    async def wait_until_welcome(self) -> None:
        """Until the consumer has read so much that it needs the engine again, or wants no more."""
        while len(self._chunks) >= _MAX_CHUNKS_AHEAD and self._unread_s >= _SCARCE_S and not self._is_stopped:
            self._room.clear()
            await self._room.wait()
