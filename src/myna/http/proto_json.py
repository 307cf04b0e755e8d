"""Requests as protobuf-JSON (wire-contract.md#json): strict about JSON, lenient about names, absent and unknown fields.

camelCase and snake_case in one body, `null` and `*_UNSPECIFIED` as absent, enum spellings that nobody knows ignored,
bytes in either base64 alphabet with or without padding.
"""

import asyncio
import binascii
import json
import math
import re
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, StrictBool, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from myna.domain.errors import InvalidRequest, Overloaded, PayloadTooLarge
from myna.http.limits import HttpLimits
from myna.observability.metrics import Metrics

_INLINE_BYTES = 32 * 1024
"""Bodies up to here are parsed on the event loop: about a tenth of a millisecond; larger ones on a thread."""

_MAX_COMMAS = 200_000
"""More fields and elements than any request has; parsing millions of empty objects would take gigabytes."""

_BASE64_STEP_CHARS = 1 << 20
"""Decoded in steps, so that other threads get the interpreter in between. A multiple of four."""


class ProtoMessage(BaseModel):
    """A message: fields by either name, unknown ones ignored, `null` the same as absent."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="ignore", frozen=True
    )

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, value: Any) -> Any:  # Any: whatever JSON held
        if isinstance(value, dict):
            return {name: field for name, field in value.items() if field is not None}
        if isinstance(value, BaseModel):
            return value
        raise PydanticCustomError("message", "must be an object")


Message = TypeVar("Message", bound=ProtoMessage)


def _as_float(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise PydanticCustomError("number", "must be a number")
    try:
        number = float(value)
    except (ValueError, OverflowError) as exc:
        raise PydanticCustomError("number", "must be a number") from exc
    if not math.isfinite(number):
        raise PydanticCustomError("number", "must be a finite number")
    return number


def _as_int(value: object) -> int:
    number = _as_float(value)
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,20}", value):
        return int(value)
    if isinstance(value, int):
        return value
    if number != int(number):
        raise PydanticCustomError("integer", "must be a whole number")
    return int(number)


def _as_text(value: object) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("text", "must be a string")
    return value


def decode_base64(value: object) -> bytes:
    """Standard or url-safe, padded or not (proto3 JSON mapping, `bytes`). White space is not taken."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("base64", "must be a base64 string")
    if not value.isascii():
        raise PydanticCustomError("base64", "is not valid base64")
    text = value.rstrip("=")
    if len(value) - len(text) > 2:
        raise PydanticCustomError("base64", "is not valid base64")
    if "-" in text or "_" in text:
        text = text.translate({ord("-"): "+", ord("_"): "/"})
    try:
        return b"".join(_decode_steps(text))
    except binascii.Error as exc:
        raise PydanticCustomError("base64", "is not valid base64") from exc


def _decode_steps(text: str) -> Iterator[bytes]:
    for start in range(0, len(text), _BASE64_STEP_CHARS):
        step = text[start : start + _BASE64_STEP_CHARS]
        yield binascii.a2b_base64(step + "=" * (-len(step) % 4), strict_mode=True)


Text = Annotated[str, BeforeValidator(_as_text)]
Flag = StrictBool
Float = Annotated[float, BeforeValidator(_as_float)]
Int = Annotated[int, BeforeValidator(_as_int)]
Base64Bytes = Annotated[bytes, BeforeValidator(decode_base64)]

Member = TypeVar("Member", bound=StrEnum)


def known_member(members: type[Member]) -> Callable[[object], Member | None]:
    """A validator for an enum whose unknown spellings count as unset (wire-contract.md#json)."""

    def choose(value: object) -> Member | None:
        return members.__members__.get(value) if isinstance(value, str) else None

    return choose


async def read_message(
    request: Request, message: type[Message], limits: HttpLimits, bodies: "BodiesInFlight", *, has_audio: bool = False
) -> Message:
    """Read and check a request's body. Call it after the key was checked: only then is a body worth its memory.

    Raises: InvalidRequest, PayloadTooLarge, Overloaded.
    """
    most = limits.max_body_bytes if has_audio else limits.max_small_body_bytes
    with bodies.hold() as held:
        parts: list[bytes] = []
        async for part in request.stream():
            held.grow(len(part))
            if held.num_bytes > most:
                raise PayloadTooLarge(f"The request's body is over the limit of {most / (1024 * 1024):g} MiB.")
            parts.append(part)
        body = b"".join(parts)
        parts.clear()
        if len(body) <= _INLINE_BYTES:
            return parse_message(body, message)
        return await asyncio.to_thread(parse_message, body, message)


def parse_message(body: bytes | str, message: type[Message]) -> Message:
    """Raises: InvalidRequest naming the field, never repeating what was in it."""
    return check_message(parse_object(body), message)


def check_message(fields: dict[str, Any], message: type[Message]) -> Message:
    """Raises: InvalidRequest."""
    try:
        return message.model_validate(fields)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        raise InvalidRequest(f"{_path(first['loc'])}: {_plain(first['msg'])}.") from None
    except RecursionError as exc:
        raise InvalidRequest("The request's body is nested too deeply.") from exc


def parse_object(body: bytes | str) -> dict[str, Any]:
    """A JSON object, strictly: UTF-8, no NaN, no repeated names, no lone surrogates. Raises: InvalidRequest."""
    try:
        text = body.decode("utf-8-sig") if isinstance(body, bytes) else body
        if not text.strip():
            return {}
        if text.count(",") > _MAX_COMMAS:
            raise _Refused("it has too many fields")
        value = json.loads(text, object_pairs_hook=_unique_fields, parse_constant=_refuse_constant)
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
    for name, value in pairs:
        _refuse_surrogates(name)
        if isinstance(value, str):
            _refuse_surrogates(value)
        elif isinstance(value, list):
            _refuse_surrogates_in(value)
    return fields


def _refuse_surrogates_in(values: list[Any]) -> None:
    for value in values:
        if isinstance(value, str):
            _refuse_surrogates(value)
        elif isinstance(value, list):
            _refuse_surrogates_in(value)


def _refuse_surrogates(text: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        raise _Refused("a string holds half a surrogate pair") from exc


def _path(location: tuple[Hashable, ...]) -> str:
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    return path[:200] or "body"


def _plain(message: str) -> str:
    return message.removeprefix("Input should be a valid ").removeprefix("Input should be ").rstrip(".")


class BodiesInFlight:
    """How much memory request bodies take at this moment, over all requests."""

    def __init__(self, max_bytes: int, metrics: Metrics) -> None:
        self._max_bytes = max_bytes
        self._metrics = metrics
        self._num_bytes = 0

    @contextmanager
    def hold(self) -> Iterator["HeldBody"]:
        """Counts one body until it is parsed."""
        body = HeldBody(self)
        try:
            yield body
        finally:
            self.change(-body.num_bytes)

    def change(self, num_bytes: int) -> None:
        """Raises: Overloaded when there is no room."""
        if num_bytes > 0 and self._num_bytes + num_bytes > self._max_bytes:
            raise Overloaded("Too many large requests at one time. Try again in a moment.")
        self._num_bytes += num_bytes
        self._metrics.change("myna_body_bytes_in_flight", num_bytes)


class HeldBody:
    """One body as it arrives."""

    def __init__(self, bodies: BodiesInFlight) -> None:
        self._bodies = bodies
        self.num_bytes = 0

    def grow(self, num_bytes: int) -> None:
        """Raises: Overloaded."""
        self._bodies.change(num_bytes)
        self.num_bytes += num_bytes
