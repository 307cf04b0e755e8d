"""The machine's clock."""

from datetime import UTC, datetime
from time import monotonic


class SystemClock:
    """Implements `Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return monotonic()
