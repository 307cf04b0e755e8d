"""How much memory request bodies take at this moment, over all requests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from myna.domain.errors import Overloaded
from myna.observability.metrics import Metrics


class BodiesInFlight:
    """A common account of all bodies, from their first byte until they are parsed."""

    def __init__(self, max_bytes: int, metrics: Metrics) -> None:
        self._max_bytes = max_bytes
        self._metrics = metrics
        self._num_bytes = 0

    @contextmanager
    def hold(self) -> Iterator[Callable[[int], int]]:
        """A function that is told of a body's bytes as they arrive, and answers how many they are by now.

        It raises: Overloaded when there is no room.
        """
        held_bytes = 0

        def grow(num_bytes: int) -> int:
            nonlocal held_bytes
            if self._num_bytes + num_bytes > self._max_bytes:
                raise Overloaded("Too many large requests at one time. Try again in a moment.")
            self._change(num_bytes)
            held_bytes += num_bytes
            return held_bytes

        try:
            yield grow
        finally:
            self._change(-held_bytes)

    def _change(self, num_bytes: int) -> None:
        self._num_bytes += num_bytes
        self._metrics.change("myna_body_bytes_in_flight", num_bytes)
