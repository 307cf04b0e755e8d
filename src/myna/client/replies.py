"""Reads the API's JSON. Tolerant of what is missing or new, strict about the shape of what it uses."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Generic, TypeVar

from myna.client.errors import ApiError, ReplyUnreadable, error_from_body
from myna.client.models import CloneReport, Consent, Remark, SampleReport, Voice

Json = Mapping[str, object]
T = TypeVar("T")

_UNKNOWN_LANGUAGE = "LANGUAGE_CODE_UNSPECIFIED"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    entries: tuple[T, ...]
    next_page_token: str


def read_voice(content: bytes) -> Voice:
    return _voice(json_object(content))


def read_page(content: bytes) -> Page[Voice]:
    return page_of(content, "voices", _voice)


def page_of(content: bytes, name: str, read: Callable[[Json], T]) -> Page[T]:
    """name: of the list in the reply."""
    body = json_object(content)
    return Page(tuple(read(entry) for entry in objects_of(body.get(name))), text_of(body, "nextPageToken"))


def read_clone(content: bytes) -> CloneReport:
    body = json_object(content)
    voice = body.get("voice")
    samples = tuple(_sample(entry) for entry in objects_of(body.get("audioSamplesValidated")))
    if not isinstance(voice, Mapping):
        return CloneReport(None, samples)
    return CloneReport(_voice(voice), samples, is_refining=voice.get("isRefining") is True)


def read_speech(content: bytes) -> bytes:
    """The audio of a whole reply."""
    return _audio(json_object(content))


def read_stream_line(line: bytes) -> bytes:
    """The audio of one line of a streamed reply; may be empty. Raises: ApiError for a line that tells of a failure."""
    body = json_object(line)
    if isinstance(body.get("error"), Mapping):
        raise error_from_body(ApiError.MID_STREAM, body)
    result = body.get("result", body)
    return _audio(result) if isinstance(result, Mapping) else b""


def read_nothing(_: bytes) -> None:
    """For replies whose status says it all."""


def _voice(entry: Json) -> Voice:
    if not text_of(entry, "voiceId"):
        raise ReplyUnreadable("The server described a voice without a voiceId: is this the address of a Myna server?")
    consent = entry.get("consent")
    return read_fields(
        Voice,
        entry,
        warnings=_remarks(entry, "warnings"),
        consent=read_fields(Consent, consent) if isinstance(consent, Mapping) else None,
    )


def _sample(entry: Json) -> SampleReport:
    quality = object_of(entry, "quality")
    return SampleReport(
        lang_code=text_of(entry, "langCode").replace(_UNKNOWN_LANGUAGE, ""),
        transcript=text_of(entry, "transcription"),
        warnings=_remarks(entry, "warnings"),
        errors=_remarks(entry, "errors"),
        notes=_remarks(entry, "notes"),
        wav=_decode(text_of(entry, "audioData")),
        quality={name: value for name, value in quality.items() if value is None or isinstance(value, float | int)},
    )


def _remarks(entry: Json, name: str) -> tuple[Remark, ...]:
    return tuple(read_fields(Remark, remark) for remark in objects_of(entry.get(name)))


def _audio(body: Json) -> bytes:
    return _decode(text_of(body, "audioContent"))


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as exc:
        raise ReplyUnreadable("The server sent audio that is not base64.") from exc


def json_object(content: bytes) -> Json:
    try:
        body = json.loads(content)
    except ValueError as exc:
        raise ReplyUnreadable("The server's reply is not JSON: is this the address of a Myna server?") from exc
    if not isinstance(body, dict):
        raise ReplyUnreadable("The server's reply is not a JSON object: is this the address of a Myna server?")
    return body


def objects_of(value: object) -> Iterable[Json]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def object_of(entry: Json, name: str) -> Json:
    value = entry.get(name)
    return value if isinstance(value, Mapping) else {}


def text_of(entry: Json, name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def texts_of(entry: Json, name: str) -> tuple[str, ...]:
    value = entry.get(name)
    return tuple(text for text in value if isinstance(text, str)) if isinstance(value, list) else ()


def number_of(entry: Json, name: str) -> float | None:
    value = entry.get(name)
    return float(value) if isinstance(value, float | int) and not isinstance(value, bool) else None


_READERS: Mapping[object, Callable[[Json, str], object]] = {
    str: text_of,
    float | None: number_of,
    tuple[str, ...]: texts_of,
}


def read_fields(value: type[T], entry: Json, **known: object) -> T:
    """A dataclass of the texts and numbers that stand under its fields' names. known: its other fields."""
    unknown = {field.name: field.type for field in fields(value) if field.name not in known}  # type: ignore[arg-type]
    return value(**known, **{name: _READERS[kind](entry, wire_name(name)) for name, kind in unknown.items()})


def wire_name(name: str) -> str:
    """`start_s` -> `startSeconds`."""
    first, *others = re.sub("_s$", "_seconds", name).split("_")
    return first + "".join(map(str.capitalize, others))
