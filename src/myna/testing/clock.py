"""A clock that stands still until it is moved."""

from datetime import UTC, datetime, timedelta

_START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class FixedClock:
    """Implements `Clock`."""

    def __init__(self, now: datetime = _START) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        """seconds: may be negative, as clocks sometimes go."""
        self._now += timedelta(seconds=seconds)
