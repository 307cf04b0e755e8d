"""JSON as RFC 8259 has it and no other: what Python's reader would let pass is refused."""

import json
from typing import Any

from myna.domain.errors import InvalidRequest

_MAX_COMMAS = 200_000
"""More fields and elements than any request has; parsing millions of empty objects would take gigabytes."""


def parse_object(body: bytes | str) -> dict[str, Any]:
    """A JSON object, strictly: UTF-8, no NaN, no repeated names. Raises: InvalidRequest."""
    try:
        text = body.decode("utf-8-sig") if isinstance(body, bytes) else body
        if not text.strip():
            return {}
        if text.count(",") > _MAX_COMMAS:
            raise _Refused("it has too many fields")
        value = json.loads(text, object_pairs_hook=_unique_fields, parse_constant=_refuse_constant)
        if "\\u" in text:
            value = _with_whole_characters(value)
    except UnicodeDecodeError as exc:
        raise InvalidRequest("The request's body is not UTF-8. Send JSON in UTF-8.") from exc
    except RecursionError as exc:
        raise InvalidRequest("The request's body is nested too deeply.") from exc
    except ValueError as exc:
        raise InvalidRequest(f"The request's body is not valid JSON{_place(exc)}.") from exc
    if not isinstance(value, dict):
        raise InvalidRequest("The request's body must be a JSON object.")
    return value


def _place(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f" (line {error.lineno}, column {error.colno})"
    return f": {error}" if isinstance(error, _Refused) else ""


class _Refused(ValueError):
    """JSON that Python would read, but that is not JSON, or not proto-JSON."""


def _refuse_constant(name: str) -> None:
    raise _Refused(f"{name} is not JSON")


def _unique_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise _Refused("a field is there twice")
    return fields


def _with_whole_characters(value: Any) -> Any:  # Any: whatever JSON held
    """U+FFFD for each half of a surrogate pair: programs in UTF-16 cut a text wherever its 1000th unit is, and one
    emoji is no reason to lose the rest. Only escapes can write halves, so that no body without any pays for this."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.loads(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
    return value
