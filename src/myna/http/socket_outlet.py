"""The way out of a speech socket."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

from myna.http.reply import to_json
from myna.http.socket_schemas import JsonObject
from myna.observability.request_record import RequestRecord


class SocketGone(Exception):
    """The client cannot be told anything any more."""


class SocketOutlet:
    """One frame after another, given up when the client stops taking them."""

    def __init__(self, websocket: WebSocket, stall_s: float, record: RequestRecord) -> None:
        self._websocket = websocket
        self._stall_s = stall_s
        self._record = record
        self._turn = asyncio.Lock()
        self.is_broken = asyncio.Event()

    async def send(self, frame: JsonObject) -> None:
        """Raises: SocketGone."""
        content = to_json(frame).decode("ascii")
        async with self._turn:
            await self._in_time(self._websocket.send_text(content))
            self._record.sent_bytes += len(content)

    async def close(self, code: int = 1000) -> None:
        """Without a reason (wire-contract.md#opening). Raises: SocketGone."""
        async with self._turn:
            await self._in_time(self._websocket.close(code))

    async def _in_time(self, sending: Coroutine[Any, Any, None]) -> None:
        if self.is_broken.is_set():
            sending.close()
            raise SocketGone
        try:
            # Not `wait_for`: in Python 3.11 it forgets a cancellation that comes in the moment of its success.
            async with asyncio.timeout(self._stall_s):
                await sending
        except (TimeoutError, WebSocketDisconnect, RuntimeError, OSError) as exc:
            # Starlette raises RuntimeError for a socket that was closed meanwhile.
            self.is_broken.set()
            raise SocketGone from exc
