"""uvicorn's WebSocket protocol, safe from floods of control frames and from readers that stall: the application never
hears of either, since pings are answered below it."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

_PIECE_BYTES = 4096
"""Parsed at a time, so that a flood is cut after some hundred frames and not after the 40,000 that one read brings."""
_PERIOD_S = 10.0
_MOST_IN_PERIOD = 100
"""Control frames and empty pieces of messages. Clients that keep a socket alive send one in some seconds."""


class PatientSocketProtocol(WebSocketsSansIOProtocol):
    """Cuts a flood off, answers no ping of a client that does not read, and lets nobody's close wait for one."""

    _since_s = 0.0
    _num_idle_frames = 0

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), _PIECE_BYTES):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + _PIECE_BYTES])

    def handle_ping(self) -> None:
        if self._cuts_flood():
            return
        pongs = b"".join(self.conn.data_to_send())
        if self.writable.is_set():  # not every ping needs a pong: RFC 6455, section 5.5.3
            self.transport.write(pongs)

    def handle_pong(self, event: Frame) -> None:
        if not self._cuts_flood():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        if event.data or not self._cuts_flood():
            super().handle_cont(event)

    async def run_asgi(self) -> None:
        await super().run_asgi()
        if not self.writable.is_set():
            self.transport.abort()

    def _cuts_flood(self) -> bool:
        now_s = self.loop.time()
        if now_s - self._since_s > _PERIOD_S:
            self._since_s, self._num_idle_frames = now_s, 0
        self._num_idle_frames += 1
        if self._num_idle_frames <= _MOST_IN_PERIOD:
            return False
        self.transport.abort()
        return True
