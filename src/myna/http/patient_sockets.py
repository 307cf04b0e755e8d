"""WebSocket connections that are safe from floods of control frames and from readers that stall, by a protocol around
uvicorn's: pings are answered there, below the application, as fast as they come and whether anybody reads."""

import asyncio
from typing import Any, cast

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from myna.http.wrapped_protocol import WrappedOutlet, WrappedProtocol

_PERIOD_S = 10.0
_MOST_IN_PERIOD = 100
"""Control frames and empty pieces of messages. Clients that keep a socket alive send one in some seconds."""
_CONTINUATION, _PING, _PONG = 0x0, 0x9, 0xA
_PONG_HEAD = 0x80 | _PONG
_LENGTH_BYTES = {126: 2, 127: 8}


class PatientSocketProtocol(WrappedProtocol):
    """Cuts a flood off, answers no ping of a client that does not read, and lets nobody's close wait for one."""

    def __init__(self, config: uvicorn.Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        self._inner = WebSocketsSansIOProtocol(config, server_state, app_state)
        self._loop = asyncio.get_running_loop()
        self._frames: _IdleFrames | None = None
        """None until uvicorn has handed over the request's head."""
        self._since_s = 0.0
        self._num_idle = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._outlet = _Outlet(cast("asyncio.Transport", transport))
        self._connect(self._outlet)

    def data_received(self, data: bytes) -> None:
        if self._frames is None:
            self._frames = _IdleFrames()
        elif self._is_flood(self._frames, data):
            self._outlet.abort()
            return
        super().data_received(data)

    def pause_writing(self) -> None:
        self._outlet.is_full = True
        super().pause_writing()

    def resume_writing(self) -> None:
        self._outlet.is_full = False
        super().resume_writing()

    def _is_flood(self, frames: "_IdleFrames", data: bytes) -> bool:
        now_s = self._loop.time()
        if now_s - self._since_s > _PERIOD_S:
            self._since_s, self._num_idle = now_s, 0
        self._num_idle += frames.count(data, _MOST_IN_PERIOD - self._num_idle)
        return self._num_idle > _MOST_IN_PERIOD


class _IdleFrames:
    """Finds pings, pongs and empty pieces of messages in what a client sends (RFC 6455, section 5.2)."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._payload_left = 0

    def count(self, data: bytes, enough: int) -> int:
        """Those that begin in the next bytes of the stream; with more than `enough` the rest is not looked at."""
        found = place = 0
        while place < len(data) and found <= enough:
            skipped = min(self._payload_left, len(data) - place)
            if skipped:
                self._payload_left -= skipped
                place += skipped
                continue
            head = self._head
            head.append(data[place])
            place += 1
            if len(head) < 2:
                continue
            num_length, num_mask = _LENGTH_BYTES.get(head[1] & 0x7F, 0), 4 * (head[1] >> 7)
            if len(head) == 2 + num_length + num_mask:
                self._payload_left = int.from_bytes(head[2 : 2 + num_length]) if num_length else head[1] & 0x7F
                opcode = head[0] & 0xF
                found += opcode in (_PING, _PONG) or (opcode == _CONTINUATION and not self._payload_left)
                head.clear()
        return found


class _Outlet(WrappedOutlet):
    """The transport, but for what would wait for a client that does not read."""

    is_full = False

    def write(self, data: bytes) -> None:
        if not (self.is_full and data[:1] == bytes([_PONG_HEAD])):  # not every ping needs a pong: section 5.5.3
            self._transport.write(data)

    def close(self) -> None:
        (self._transport.abort if self.is_full else self._transport.close)()
