"""When a busy server is asked again."""

from collections.abc import Mapping
from dataclasses import dataclass

_BUSY_STATUSES = frozenset({429, 503})
_MAX_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Retries:
    """Nothing was begun on 429 and 503, so any call may be repeated. Other failures are told at once."""

    max_retries: int = 4
    first_wait_s: float = 1.0
    """Doubled each time, unless the server says in `Retry-After` how long to wait."""

    def wait_s(self, attempt: int, status: int, headers: Mapping[str, str]) -> float | None:
        """Seconds until the next try; None to give up. attempt: 0 for the first answer."""
        if status not in _BUSY_STATUSES or attempt >= self.max_retries:
            return None
        asked = headers.get("retry-after", "")
        return min(float(asked) if asked.isdecimal() else self.first_wait_s * 2**attempt, _MAX_WAIT_S)


DEFAULT_RETRIES = Retries()
