"""A body of `multipart/form-data` as a dependency, under the same rules as `JsonBody`: the key first, bytes counted as
they arrive. In memory alone: what people say is not written to temporary files.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Generic

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from myna.domain.errors import InvalidRequest
from myna.http.auth import Caller
from myna.http.backend import WithBackend
from myna.http.body_stream import read_body
from myna.http.proto_message import Message, check_message

_MAX_FIELDS = 64
_MAX_FILES = 64
_MAX_FIELD_BYTES = 64 * 1024


class _MemoryParser(MultiPartParser):
    spool_max_size = 2**62

    def close(self) -> None:
        """Also what a form that breaks off has left open."""
        for file in self._files_to_close_on_error:
            file.close()


@dataclass(frozen=True, slots=True)
class FormBody(Generic[Message]):
    """`Depends(FormBody(TranscriptionRequest))`: the checked message, of one file and some fields.

    A field whose name ends in `[]` is a list. Raises: InvalidRequest, PayloadTooLarge, UnsupportedMedia,
    Overloaded.
    """

    media_type: ClassVar[str] = "multipart/form-data"
    message: type[Message]
    files_field: str = ""
    """A list without `[]`, of up to `_MAX_FILES` files."""

    async def __call__(self, request: Request, _admitted: Caller, backend: WithBackend) -> Message:
        if not request.headers.get("content-type", "").lower().startswith(self.media_type):
            raise InvalidRequest("Send the request as multipart/form-data.")
        most = backend.limits.max_body_bytes
        with backend.bodies.hold() as grow:
            limits = {
                "max_files": _MAX_FILES if self.files_field else 1,
                "max_fields": _MAX_FIELDS,
                "max_part_size": _MAX_FIELD_BYTES,
            }
            parser = _MemoryParser(request.headers, read_body(request, grow, most), **limits)
            try:
                fields = await _read_fields(await parser.parse(), self.files_field)
            except MultiPartException as exc:
                raise InvalidRequest("The request's body is not valid multipart/form-data, or has too much.") from exc
            finally:
                parser.close()
        return check_message(fields, self.message)


async def _read_fields(form: FormData, files_field: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in form.multi_items():
        content = await value.read() if isinstance(value, UploadFile) else value
        is_list = key.endswith("[]") or key == files_field
        name = key.removesuffix("[]")
        if isinstance(fields.get(name), list) != is_list and name in fields:
            raise InvalidRequest("A field of the form is there both alone and as a list (`name[]`). Send one of them.")
        if is_list:
            fields.setdefault(name, []).append(content)
        else:
            fields[name] = content
    return fields
