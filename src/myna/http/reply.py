"""What every JSON reply has in common: camelCase, ASCII, compact, never NaN."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files
from typing import Annotated, Any

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

JsonObject = dict[str, Any]  # Any: JSON

_EXTRAS = json.loads((files("myna.http") / "schema_extras.json").read_text(encoding="utf-8"))


def to_json(value: object) -> bytes:
    r"""ASCII with `\u` escapes: U+2028 splits no line (wire-contract.md#json). Raises: ValueError for NaN, infinity."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def format_moment(moment: datetime) -> str:
    """RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def add_extras(schema: dict[str, Any], message: type) -> None:
    """`json_schema_extra` of requests and replies: examples, and which fields must be there."""
    schema.update(_EXTRAS.get(message.__name__, {}))


LEFT_OUT: Any = Field(exclude_if=lambda value: value is None or value in ("", []))
"""Of a field that is not there when it says nothing."""
Moment = Annotated[str | None, BeforeValidator(lambda moment: moment and format_moment(moment)), LEFT_OUT]


class JsonReply(JSONResponse):
    """FastAPI's own is UTF-8."""

    def render(self, content: object) -> bytes:
        return to_json(content)


Base64 = Annotated[str, Field(json_schema_extra={"format": "byte"})]


class Reply(BaseModel):
    """A reply: camelCase. Fields that are not set are left out. May be made of a value with the same attributes."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        frozen=True,
        from_attributes=True,
        use_attribute_docstrings=True,
        json_schema_extra=add_extras,
    )

    def to_wire(self) -> dict[str, Any]:  # Any: a JSON object
        """Without the fields that were left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


async def large_reply(make: Callable[[], Reply]) -> Response:
    """Made and written on a thread, and by pydantic alone: megabytes would hold up every other request."""

    def write() -> str:
        return make().model_dump_json(by_alias=True, exclude_unset=True, ensure_ascii=True)

    return Response(await asyncio.to_thread(write), media_type=JsonReply.media_type)


class ErrorReply(Reply):
    """Every failure."""

    code: int
    """gRPC number; the HTTP status is separate."""
    message: str
    details: list[dict[str, Any]]  # Any: protobuf `Any` objects


class ElevenLabsErrorReply(Reply):
    """Every failure of ElevenLabs' paths."""

    detail: dict[str, str]
    """`status` (a word) and `message`."""


class EmptyReply(Reply):
    """`{}`."""


class DeletionReply(Reply):
    """`{}`, or the receipt that was asked for."""

    receipt: dict[str, Any]  # Any: as it is signed, a JSON object
    """`workspace`, `deletedAt`, and of the one in `voices` its `voiceId` and the `sha256` of every file."""
    signed: str
    """The same as a JWS (EdDSA)."""
    public_key: dict[str, Any]  # Any: a JWK
    """Checks `signed`. Whoever has it from the operator beforehand knows who signed."""
