"""Findings: what was noticed about a voice sample. Data, several at once, never an exception."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """`ERROR` makes the sample unusable, `WARNING` asks for a better one, `INFO` only tells."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on a sample, with advice."""

    code: str
    """Stable, SCREAMING_SNAKE; listed in docs/audio.md."""
    severity: Severity
    message: str
    """For the person who recorded it: what is wrong and what to do."""
    value: float | None = None
    """What was measured, in `unit`."""
    unit: str = ""
    start_s: float | None = None
    """Where in the uploaded sample it applies; None for all of it."""
    end_s: float | None = None
