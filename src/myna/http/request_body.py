"""The body of a request as a dependency. By hand: FastAPI reads a body before it asks for the key, whole, on the
event loop, of one content type. Here the key comes first, bytes are counted as they arrive and are unpacked, large
ones are parsed on a thread, and forms stay in memory."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from myna.domain.errors import InvalidRequest, PayloadTooLarge, UnsupportedMedia
from myna.http.asker import Asker
from myna.http.auth import Caller
from myna.http.proto_message import Message, check_message, sent_without_effect
from myna.http.request_marks import note_body
from myna.http.strict_json import parse_object

_INLINE_BYTES = 32 * 1024
"""Bodies up to here are parsed on the event loop: about a tenth of a millisecond."""
_MAX_FIELDS = 64
_MAX_FIELD_BYTES = 64 * 1024
_CODINGS = frozenset({"gzip", "x-gzip", "deflate"})
_EITHER_WRAPPER = zlib.MAX_WBITS | 32
"""zlib finds out by itself whether its own header or gzip's is there."""
_PIECE_BYTES = 64 * 1024
_MAX_MEMBERS = 1000
"""Of one gzip body: one that is nothing but empty members takes minutes to unpack to nothing."""


@dataclass(frozen=True, slots=True)
class JsonBody(Generic[Message]):
    """`Depends(JsonBody(SpeakRequest))`. Raises: InvalidRequest, PayloadTooLarge, UnsupportedMedia, Overloaded."""

    media_types: ClassVar[tuple[str, ...]] = ("application/json",)
    message: type[Message]
    is_large: bool = False

    async def __call__(self, asker: Caller) -> Message:
        request, limits, bodies = asker.request, asker.backend.limits, asker.backend.bodies
        if request.headers.get("content-type", "").lower().startswith("multipart/"):
            raise UnsupportedMedia("Content-Type is multipart, but this method takes JSON. Send application/json.")
        most = limits.max_body_bytes if self.is_large else min(limits.max_small_body_bytes, limits.max_body_bytes)
        with bodies.hold() as grow:
            parts = [part async for part in _read_body(request, grow, most)]
            body = b"".join(parts)
            parts.clear()
            if len(body) <= _INLINE_BYTES:
                return self._read(asker, body)
            return await asyncio.to_thread(self._read, asker, body)

    def _read(self, asker: Asker, body: bytes) -> Message:
        note_body(asker.request, body)
        return _check(asker, parse_object(body), self.message)


class _MemoryParser(MultiPartParser):
    spool_max_size = 2**62

    def on_headers_finished(self) -> None:
        """A recording is a file also if its part has no file name, or only one that is written as `filename*`."""
        part = self._current_part
        options = parse_options_header(part.content_disposition)[1]
        if options.get(b"name", b"").removesuffix(b"[]") in (b"file", b"files") and b"filename" not in options:
            part.content_disposition = bytes(part.content_disposition or b"") + b'; filename=""'
        super().on_headers_finished()

    def close(self) -> None:
        """Also what a form that breaks off has left open."""
        for file in self._files_to_close_on_error:
            file.close()


@dataclass(frozen=True, slots=True)
class FormBody(Generic[Message]):
    """`Depends(FormBody(TranscriptionRequest))`: a file and some fields; `name[]` is a list, and one of `lists`.
    Raises: as `JsonBody`."""

    media_types: ClassVar[tuple[str, ...]] = ("multipart/form-data",)
    message: type[Message]
    lists: tuple[str, ...] = ()
    num_files: int = 1

    async def __call__(self, asker: Caller) -> Message:
        request, most = asker.request, asker.backend.limits.max_body_bytes
        if not _is_form(request):
            raise InvalidRequest("Send the request as multipart/form-data.")
        with asker.backend.bodies.hold() as grow:
            limits = {"max_files": self.num_files, "max_fields": _MAX_FIELDS, "max_part_size": _MAX_FIELD_BYTES}
            parser = _MemoryParser(request.headers, _read_body(request, grow, most), **limits)
            try:
                fields = await _read_fields(await parser.parse(), self.lists)
            except MultiPartException as exc:
                raise InvalidRequest(_tell(exc, request)) from exc
            finally:
                parser.close()
        return _check(asker, fields, self.message)


@dataclass(frozen=True, slots=True)
class JsonOrFormBody(Generic[Message]):
    """The same, or `FormBody`, of a message with audio: as the client says."""

    media_types: ClassVar[tuple[str, ...]] = (*JsonBody.media_types, *FormBody.media_types)
    message: type[Message]

    async def __call__(self, asker: Caller) -> Message:
        # A browser's form sends a text with a media type as a file, too.
        is_form = _is_form(asker.request)
        return await (FormBody(self.message, num_files=2) if is_form else JsonBody(self.message, is_large=True))(asker)


def _check(asker: Asker, fields: dict[str, Any], message: type[Message]) -> Message:
    asker.record.without_effect = ", ".join(sent_without_effect(fields, message))
    return check_message(fields, message)


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


def _tell(error: MultiPartException, request: Request) -> str:
    if "boundary=" not in request.headers.get("content-type", "").lower():
        return "Content-Type names no boundary. Do not set that header: your HTTP client does, with the boundary in it."
    return f"The request's body is not valid multipart/form-data: {error.message.rstrip('.')}."


async def _read_fields(form: FormData, lists: tuple[str, ...]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in form.multi_items():
        content = await value.read() if isinstance(value, UploadFile) else value
        name = key.removesuffix("[]")
        is_list = name != key or name in lists
        if name in fields and not (is_list and isinstance(fields[name], list)):
            raise InvalidRequest("A field of the form is there more than once, and not as a list (`name[]`). Send one.")
        if is_list:
            fields.setdefault(name, []).append(content)
        else:
            fields[name] = content
    return fields


async def _read_body(request: Request, grow: Callable[[int], int], most: int) -> AsyncGenerator[bytes, None]:
    """Its parts, unpacked. grow: `BodiesInFlight.hold`. most: bytes, unpacked too. Raises: as `JsonBody`."""
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding not in _CODINGS | {"", "identity"}:
        raise UnsupportedMedia("Content-Encoding is not one of gzip and deflate. Send the body as it is, or in these.")
    parts = _unpack(request, most) if coding in _CODINGS else request.stream()
    async for part in parts:
        if grow(len(part)) > most:
            raise _too_large(most)
        yield part


def _too_large(most: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The request's body is over the limit of {most / (1024 * 1024):g} MiB.")


async def _unpack(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """A piece at a time: a bomb is refused as soon as it is over the limit, and so is much that unpacks to nothing."""
    unpacker = zlib.decompressobj(_EITHER_WRAPPER)
    num_packed, num_members = 0, 1
    async for part in request.stream():
        packed = part
        num_packed += len(part)
        if num_packed > most:
            raise _too_large(most)
        while packed:
            if unpacker.eof:
                unpacker = zlib.decompressobj(_EITHER_WRAPPER)  # gzip may have several members
                num_members += 1
                if num_members > _MAX_MEMBERS:
                    raise InvalidRequest(f"The compressed body has more than {_MAX_MEMBERS} members. Compress it once.")
            try:
                piece = unpacker.decompress(packed, _PIECE_BYTES)
            except zlib.error as exc:
                raise InvalidRequest("Content-Encoding says that the body is compressed, but it is not.") from exc
            if piece:
                yield piece
            packed = unpacker.unconsumed_tail or unpacker.unused_data
            await asyncio.sleep(0)
    if not unpacker.eof:
        raise InvalidRequest("The compressed body ends too early. Send it again.")
