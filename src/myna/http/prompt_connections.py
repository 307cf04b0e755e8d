"""HTTP connections on which a request has to arrive in time.

uvicorn waits for ever for the first byte and for the rest of a head; a few hundred silent connections would use up the
process's file descriptors.
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol


class PromptHttpProtocol(H11Protocol):
    """uvicorn's protocol, with a deadline for each request's head. Bodies and replies have their own (HttpLimits)."""

    max_head_s: ClassVar[float] = 60.0
    """From the connection, or from the first byte of a later request, to the end of its head. Source: nginx,
    `client_header_timeout`."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Run the clock while a head is awaited that is not covered by the keep-alive time."""
        is_handed_over = self.transport.get_protocol() is not self  # a WebSocket now
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if is_handed_over or is_answering or self.timeout_keep_alive_task is not None:
            self._stop_watching()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.max_head_s, self._give_up)

    def _stop_watching(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()
