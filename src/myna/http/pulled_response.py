"""A reply that leaves while it is spoken and stops with its reader, whom StreamingResponse waits for without end."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeVar

from fastapi import Response
from starlette.types import Message, Receive, Scope, Send

from myna.http.request_edge import ClientLeft

T = TypeVar("T")


class PulledResponse(Response):
    """Sends a first piece and then what a generator yields, which is closed in every case."""

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes, None], media_type: str, stall_s: float) -> None:
        super().__init__(media_type=media_type)
        del self.headers["content-length"]  # not known
        # nginx and others would gather the pieces, or hold them back to compress them.
        self.headers["x-accel-buffering"] = "no"
        self.headers["cache-control"] = "no-store, no-transform"
        self._first = first
        self._rest = rest
        self._stall_s = stall_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        try:
            await while_client_waits(receive, self._send_all(send))
        finally:
            await self._rest.aclose()

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await self._send_piece(send, self._first)
        async for piece in self._rest:
            await self._send_piece(send, piece)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_piece(self, send: Send, piece: bytes) -> None:
        """Raises: ClientLeft for a reader that takes nothing any more."""
        message: Message = {"type": "http.response.body", "body": piece, "more_body": True}
        try:
            # Not `wait_for`: in Python 3.11 it forgets a cancellation that comes in the moment of its success, and the
            # engine would go on for a client that left.
            async with asyncio.timeout(self._stall_s):
                await send(message)
        except TimeoutError as exc:
            raise ClientLeft from exc


async def while_client_waits(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Do the work, or give it up when the client closes its connection, which is all that is received once the body
    is read. Raises: ClientLeft, and what the work raises."""
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_wait_for_departure(receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientLeft
    finally:
        for task in (working, watching):
            task.cancel()
        # The work's own clean-up (the engine's slot) is over before the request is.
        await asyncio.gather(working, watching, return_exceptions=True)


async def _wait_for_departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
