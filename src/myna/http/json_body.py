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
from myna.http.proto_message import Message, parse_message
from myna.http.request_marks import note_body

_INLINE_BYTES = 32 * 1024
"""Bodies up to here are parsed on the event loop: about a tenth of a millisecond."""


@dataclass(frozen=True, slots=True)
class JsonBody(Generic[Message]):
    """`Depends(JsonBody(SpeakRequest))`: the checked message. Raises: InvalidRequest, PayloadTooLarge,
    UnsupportedMedia, Overloaded."""

    media_type: ClassVar[str] = "application/json"
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
        return parse_message(body, self.message)
