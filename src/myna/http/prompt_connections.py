"""HTTP connections on which a request has to arrive in time, and is told in our words why it is none.

uvicorn waits for ever for the first byte and for the rest of a head; a few hundred silent connections would use up the
process's file descriptors. What is not HTTP never becomes a request, so that no layer of the application can answer it.
"""

import asyncio
import sys
from dataclasses import replace
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from myna.domain.errors import InvalidRequest
from myna.http.errors import describe, failure_reply

_NO_REPLY_YET = (h11.IDLE, h11.SEND_RESPONSE)
_LINGER_S = 5.0
"""How long what still arrives after a refusal is thrown away: closed at once, the connection would be reset, and a
client that is still sending would lose the reply. Source: nginx, `lingering_timeout`."""


class PromptHttpProtocol(H11Protocol):
    """uvicorn's protocol, with a deadline for each request's head. Bodies and replies have their own (HttpLimits)."""

    max_head_s: ClassVar[float] = 60.0
    """From the connection, or from the first byte of a later request, to the end of its head. Source: nginx,
    `client_header_timeout`."""

    _deadline: asyncio.TimerHandle | None = None
    _is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        super().data_received(data)
        if not self._is_refused:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read as HTTP, in the one body of all failures (wire-contract.md#errors), and hang
        up."""
        del msg  # uvicorn's words
        reason = sys.exception()
        status = reason.error_status_hint if isinstance(reason, h11.RemoteProtocolError) else 400
        if self.conn.our_state in _NO_REPLY_YET:
            failure = replace(describe(InvalidRequest(f"The request is not valid HTTP: {reason}.")), status=status)
            reply = failure_reply("", failure)
            headers = [*reply.raw_headers, (b"connection", b"close")]
            head = h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES[status])
            for event in (head, h11.Data(data=bytes(reply.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event))
            self._is_refused = True
            self._stop_watching()
            self._deadline = self.loop.call_later(_LINGER_S, self._give_up)
            self.transport.write_eof()
        else:
            # With half a reply out there is no place for another: the cut tells that something is wrong.
            self.transport.close()

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
