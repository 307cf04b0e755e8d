"""Whether anybody is being served: what runs at leisure asks between its steps, and lets everybody go first."""

import asyncio
import logging
import os
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from time import monotonic, sleep, time

if sys.platform == "linux":
    import fcntl

logger = logging.getLogger(__name__)

at_leisure: ContextVar[bool] = ContextVar("at_leisure", default=False)
"""Nobody waits for what is done in this context."""

_LINGER_S = 0.4
"""So long nobody must have been served: a clone goes from thread to thread, a reader asks for the next sentence."""
_MAX_PAUSE_S = 20.0
"""After so long one step is made all the same: a server that is never idle gets its voices done too."""
_LOOK_S = 0.05


class Foreground:
    """Counts pieces of work that somebody waits for, of this process and, by a file, of others. Thread-safe."""

    def __init__(self, linger_s: float = _LINGER_S, shared: Path | None = None) -> None:
        """shared: a file that the processes of one machine name to each other; made when it is needed."""
        self._lock = threading.Lock()
        self._linger_s = linger_s
        self._sign = _Sign(shared) if shared is not None and sys.platform == "linux" else None
        self._num_served = 0
        self._last_s = -linger_s
        self._interrupts: set[Callable[[], None]] = set()

    def begin(self) -> None:
        with self._lock:
            self._num_served += 1
            if self._sign is not None and self._num_served == 1:
                self._sign.put_up()
            interrupts = tuple(self._interrupts)
        for interrupt in interrupts:
            interrupt()

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Within the block `interrupt` is called, from any thread, when somebody is to be served by this process."""
        with self._lock:
            self._interrupts.add(interrupt)
        try:
            yield
        finally:
            with self._lock:
                self._interrupts.discard(interrupt)

    def end(self) -> None:
        with self._lock:
            self._num_served -= 1
            self._last_s = monotonic()
            if self._sign is not None and self._num_served == 0:
                self._sign.take_down()

    @property
    def is_busy_elsewhere(self) -> bool:
        """Another process of this machine serves somebody."""
        return self._sign is not None and self._sign.is_up_elsewhere

    @property
    def is_calm(self) -> bool:
        with self._lock:
            if self._num_served or monotonic() - self._last_s < self._linger_s:
                return False
        return self._sign is None or self._sign.has_been_down_for(self._linger_s)

    def wait_until_calm(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """Block this thread while others are served. is_over: there is no sense in waiting any more."""
        until_s = monotonic() + _MAX_PAUSE_S
        while not self.is_calm and not is_over() and monotonic() < until_s:
            sleep(_LOOK_S)

    async def wait_for_others(self) -> None:
        """While other processes of this machine serve somebody, but not for ever."""
        until_s = monotonic() + _MAX_PAUSE_S
        while self.is_busy_elsewhere and monotonic() < until_s:
            await asyncio.sleep(_LOOK_S)


class _Sign:
    """A file that each process has locked for reading while it serves somebody; the kernel unlocks it for one that
    dies. Asking takes no lock, so that it holds nobody up. Its time is that of the last end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opening = threading.Lock()
        self._opened: int | None = None
        self._is_missed = False

    def __del__(self) -> None:
        if self._opened is not None:
            os.close(self._opened)

    def put_up(self) -> None:
        self._control("F_OFD_SETLK", fcntl.F_RDLCK)

    def take_down(self) -> None:
        if self._control("F_OFD_SETLK", fcntl.F_UNLCK) is not None and self._opened is not None:
            os.utime(self._opened)

    @property
    def is_up_elsewhere(self) -> bool:
        found = self._control("F_OFD_GETLK", fcntl.F_WRLCK)
        return found is not None and found != fcntl.F_UNLCK

    def has_been_down_for(self, duration_s: float) -> bool:
        if self.is_up_elsewhere:
            return False
        return self._opened is None or not 0 <= time() - os.fstat(self._opened).st_mtime < duration_s

    def _control(self, command: str, kind: int) -> int | None:
        """Of the lock of the whole file. None where it cannot be had: then each process looks at itself alone."""
        try:
            with self._opening:
                if self._opened is None:
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    self._opened = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            # struct flock: type, whence, start, length (0: all), process.
            lock = struct.pack("hhqqi4x", kind, os.SEEK_SET, 0, 0, 0)
            return int(struct.unpack_from("h", fcntl.fcntl(self._opened, getattr(fcntl, command), lock))[0])
        except OSError as exc:
            if not self._is_missed:
                self._is_missed = True
                logger.warning("what other processes serve is not known", extra={"error": exc.strerror})
            return None
