"""Messages of protobuf-JSON (wire-contract.md#json): camelCase and snake_case in one body, unknown fields ignored,
`null`, `*_UNSPECIFIED` and unknown enum spellings as absent, bytes in either base64 alphabet, padded or not, also in
lines or as a data URL."""

import math
import re
from collections.abc import Hashable, Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictBytes,
    StrictStr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from myna.domain.errors import InvalidRequest
from myna.http.reply import add_extras
from myna.http.strict_json import parse_object


class ProtoMessage(BaseModel):
    """A message: fields by either name, unknown ones ignored, `null` the same as absent."""

    without_effect: ClassVar[frozenset[str]] = frozenset()
    """Fields of the original that are taken and change nothing, as `field` or `field.field`: the reply names them."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        extra="ignore",
        frozen=True,
        val_json_bytes="base64",
        json_schema_extra=add_extras,
    )

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, value: Any) -> Any:  # Any: whatever JSON held
        if isinstance(value, dict):
            return {name: field for name, field in value.items() if field is not None}
        if isinstance(value, BaseModel):
            return value
        raise PydanticCustomError("message", "must be an object")


class ProtoQuery(ProtoMessage):
    """The same of a URL's query or a form, where an empty value is an absent one."""

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, fields: dict[str, Any]) -> dict[str, Any]:  # Any: strings and lists of them
        return {name: value for name, value in fields.items() if value != ""}


Message = TypeVar("Message", bound=ProtoMessage)

_WORDS = {
    "string_type": "must be a string",
    "bytes_type": "must be a file",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "dict_type": "must be an object",
    "list_type": "must be a list",
}
"""In place of pydantic's, by its names."""
_DATA_URL_HEAD = re.compile(r"\s*data:[^,]{0,200},")


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


def _read_base64(value: object, read: ValidatorFunctionWrapHandler) -> object:
    """Also in lines, as Android, Java, Ruby and `base64` write it, and as browsers do, with a data URL's head. Says in
    one sentence what pydantic says with the place of the wrong letter."""
    if not isinstance(value, str):
        raise PydanticCustomError("base64", "must be a base64 string")
    if (head := _DATA_URL_HEAD.match(value)) is not None:
        value = value[head.end() :]
    if "\n" in value:
        value = value.replace("\n", "").replace("\r", "")
    try:
        return read(value)
    except ValidationError as exc:
        raise PydanticCustomError("base64", "is not valid base64") from exc


def as_object(value: object) -> object:
    """For a form's field that holds JSON as text; nothing and `null` are an empty object."""
    if not isinstance(value, str | bytes):
        return value
    try:
        return {} if value.strip() in ("", b"", "null", b"null") else parse_object(value)
    except InvalidRequest as exc:
        raise PydanticCustomError("json", "must be a JSON object") from exc


Text = StrictStr
Flag = StrictBool
Float = Annotated[float, BeforeValidator(_as_float)]
Int = Annotated[int, BeforeValidator(_as_int)]
PageSize = Annotated[Int, Field(ge=0)]
"""0: as many as there are, up to the most that a page holds."""
Base64Bytes = Annotated[bytes, WrapValidator(_read_base64), Field(json_schema_extra={"format": "byte"})]
FileBytes = Annotated[StrictBytes, Field(json_schema_extra={"format": "binary"})]
"""Of a form's file, not of one of its texts."""
AudioFile = Annotated[FileBytes, Field(description="WAV, MP3, FLAC, OGG, WebM/Opus or M4A.")]


class RecordingForm(ProtoQuery):
    """A form with a recording."""

    file: AudioFile = b""

    def check_file(self) -> None:
        """Raises: InvalidRequest."""
        if not self.file:
            raise InvalidRequest("file is required. Send a recording.")


Member = TypeVar("Member", bound=StrEnum)


def _or_unset(value: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(value)
    except ValidationError:
        return None


Known = Annotated[Member | None, WrapValidator(_or_unset)]
"""`Known[AudioEncoding]`: an enum whose unknown spellings count as unset (wire-contract.md#json)."""


def parse_message(body: bytes | str, message: type[Message]) -> Message:
    """Raises: InvalidRequest naming the field, never repeating what was in it."""
    return check_message(parse_object(body), message)


def check_message(fields: dict[str, Any], message: type[Message]) -> Message:
    """Raises: InvalidRequest."""
    try:
        return message.model_validate(fields)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        raise InvalidRequest(tell_wrong(first, first["loc"])) from None
    except RecursionError as exc:
        raise InvalidRequest("The request's body is nested too deeply.") from exc


def tell_wrong(error: Mapping[str, Any], location: tuple[Hashable, ...]) -> str:
    """Which field it is and what it must be, never what was in it. error: one of pydantic's."""
    told = _WORDS.get(error["type"]) or error["msg"].replace("Input should be", "must be")
    return f"{_path(location)}: {told.rstrip('.')}."


def sent_without_effect(fields: dict[str, Any], message: type[ProtoMessage]) -> list[str]:
    """Which of the message's `without_effect` are there, and not empty."""
    return [name for name in sorted(message.without_effect) if _find(fields, name.split("."))]


def _find(fields: Any, steps: list[str]) -> Any:  # Any: whatever JSON held
    for step in steps:
        fields = fields.get(to_camel(step), fields.get(step)) if isinstance(fields, dict) else None
    return fields


def _path(location: tuple[Hashable, ...]) -> str:
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    return path[:200] or "body"
