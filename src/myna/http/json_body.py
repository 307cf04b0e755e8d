"""The body of a request as a dependency.

By hand, because FastAPI reads a body before it asks for the key, whole, on the event loop, and only under one content
type: here the key comes first, the bytes are counted as they arrive, and large ones are parsed on a thread.
"""

import asyncio
from dataclasses import dataclass
from typing import ClassVar, Generic

from fastapi import Request

from myna.domain.errors import UnsupportedMedia
from myna.http.auth import Caller
from myna.http.backend import WithBackend
from myna.http.body_stream import read_body
from myna.http.form_body import FormBody, is_form
from myna.http.proto_message import Message, check_message, sent_without_effect
from myna.http.request_marks import note_body
from myna.http.request_state import note_without_effect
from myna.http.strict_json import parse_object

_INLINE_BYTES = 32 * 1024
"""Bodies up to here are parsed on the event loop: about a tenth of a millisecond."""


@dataclass(frozen=True, slots=True)
class JsonBody(Generic[Message]):
    """`Depends(JsonBody(SpeakRequest))`: the checked message. Raises: InvalidRequest, PayloadTooLarge,
    UnsupportedMedia, Overloaded."""

    media_types: ClassVar[tuple[str, ...]] = ("application/json",)
    message: type[Message]
    is_large: bool = False

    async def __call__(self, request: Request, _admitted: Caller, backend: WithBackend) -> Message:
        limits = backend.limits
        if request.headers.get("content-type", "").lower().startswith("multipart/"):
            raise UnsupportedMedia("Content-Type is multipart, but this method takes JSON. Send application/json.")
        most = limits.max_body_bytes if self.is_large else limits.max_small_body_bytes
        with backend.bodies.hold() as grow:
            parts = [part async for part in read_body(request, grow, most)]
            body = b"".join(parts)
            parts.clear()
            if len(body) <= _INLINE_BYTES:
                return self._read(request, body)
            return await asyncio.to_thread(self._read, request, body)

    def _read(self, request: Request, body: bytes) -> Message:
        note_body(request, body)
        fields = parse_object(body)
        note_without_effect(request.scope, sent_without_effect(fields, self.message))
        return check_message(fields, self.message)


@dataclass(frozen=True, slots=True)
class JsonOrFormBody(Generic[Message]):
    """The same, or `FormBody`, of a message with audio: as the client says."""

    media_types: ClassVar[tuple[str, ...]] = (*JsonBody.media_types, *FormBody.media_types)
    message: type[Message]

    async def __call__(self, request: Request, admitted: Caller, backend: WithBackend) -> Message:
        # A browser's form sends a text with a media type as a file, too.
        body = FormBody(self.message, num_files=2) if is_form(request) else JsonBody(self.message, is_large=True)
        return await body(request, admitted, backend)
