"""A clock that stands still until it is moved."""

from datetime import UTC, datetime, timedelta

_START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class FixedClock:
    """Implements `Clock`."""

    def __init__(self, now: datetime = _START) -> None:
        self._now = now
        self._passed_s = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic_s(self) -> float:
        return self._passed_s

    def advance(self, seconds: float) -> None:
        """Time passes."""
        self._now += timedelta(seconds=seconds)
        self._passed_s += seconds

    def jump(self, seconds: float) -> None:
        """Somebody sets the clock: no time passes. seconds: may be negative."""
        self._now += timedelta(seconds=seconds)
