"""A remark on a sample or a voice (wire-contract.md#clone)."""

import math
from typing import Annotated, Any, Self

from pydantic import BeforeValidator

from myna.domain.finding import Finding
from myna.http.reply import Reply


def rounded(value: float | None, num_digits: int = 3) -> float | None:
    """None for what JSON cannot say."""
    return round(float(value), num_digits) if value is not None and math.isfinite(value) else None


Rounded = Annotated[float | None, BeforeValidator(rounded)]


class NoteReply(Reply):
    """A remark on a sample or a voice."""

    text: str
    code: str = ""
    value: Rounded = None
    unit: str = ""
    start_seconds: Rounded = None
    end_seconds: Rounded = None

    @classmethod
    def of(cls, finding: Finding, *, is_strict: bool) -> Self:
        if is_strict:
            return cls(text=finding.message)
        known: dict[str, Any] = {"start_seconds": finding.start_s, "end_seconds": finding.end_s}
        if finding.value is not None and math.isfinite(finding.value):
            known |= {"value": finding.value, "unit": finding.unit}
        known = {name: value for name, value in known.items() if value is not None}
        return cls(text=finding.message, code=finding.code, **known)
