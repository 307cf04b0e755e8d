"""Whether anybody is being served: what runs at leisure asks between its steps, and lets everybody go first."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep

_LINGER_S = 0.4
"""So long nobody must have been served: a clone goes from thread to thread, a reader asks for the next sentence."""
_MAX_PAUSE_S = 20.0
"""After so long one step is made all the same: a server that is never idle gets its voices done too."""
_LOOK_S = 0.05


class Foreground:
    """Counts pieces of work that somebody waits for. Thread-safe."""

    def __init__(self, linger_s: float = _LINGER_S) -> None:
        self._lock = threading.Lock()
        self._linger_s = linger_s
        self._num_served = 0
        self._last_s = -linger_s
        self._interrupts: set[Callable[[], None]] = set()

    def begin(self) -> None:
        with self._lock:
            self._num_served += 1
            interrupts = tuple(self._interrupts)
        for interrupt in interrupts:
            interrupt()

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Within the block `interrupt` is called, from any thread, when somebody is to be served."""
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

    @property
    def is_calm(self) -> bool:
        with self._lock:
            return self._num_served == 0 and monotonic() - self._last_s >= self._linger_s

    def wait_until_calm(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """Block this thread while others are served. is_over: there is no sense in waiting any more."""
        until_s = monotonic() + _MAX_PAUSE_S
        while not self.is_calm and not is_over() and monotonic() < until_s:
            sleep(_LOOK_S)
