"""The body of a request as a dependency.

By hand, because FastAPI reads a body before it asks for the key, whole, on the event loop, and only under one content
type: here the key comes first, the bytes are counted as they arrive, and large ones are parsed on a thread.
"""

import asyncio
from dataclasses import dataclass
from typing import Generic

from fastapi import Request

from myna.domain.errors import PayloadTooLarge
from myna.http.auth import Caller
from myna.http.backend import WithBackend
from myna.http.proto_message import Message, parse_message
from myna.http.request_marks import note_body

_INLINE_BYTES = 32 * 1024
"""Bodies up to here are parsed on the event loop: about a tenth of a millisecond."""


@dataclass(frozen=True, slots=True)
class JsonBody(Generic[Message]):
    """`Depends(JsonBody(SpeakRequest))`: the checked message. Raises: InvalidRequest, PayloadTooLarge, Overloaded."""

    message: type[Message]
    has_audio: bool = False

    async def __call__(self, request: Request, _admitted: Caller, backend: WithBackend) -> Message:
        limits = backend.limits
        most = limits.max_body_bytes if self.has_audio else limits.max_small_body_bytes
        with backend.bodies.hold() as grow:
            parts: list[bytes] = []
            async for part in request.stream():
                if grow(len(part)) > most:
                    raise PayloadTooLarge(f"The request's body is over the limit of {most / (1024 * 1024):g} MiB.")
                parts.append(part)
            body = b"".join(parts)
            parts.clear()
            if len(body) <= _INLINE_BYTES:
                return self._read(request, body)
            return await asyncio.to_thread(self._read, request, body)

    def _read(self, request: Request, body: bytes) -> Message:
        note_body(request, body)
        return parse_message(body, self.message)
