"""HTTP connections on which a request has to arrive in time, and is told in our words why it is none: uvicorn waits
for ever for a head, which uses up file descriptors, and what is not HTTP reaches no layer of the application. Both
are done by a protocol around uvicorn's that hands everything on."""

import asyncio
import sys
from dataclasses import replace
from http import HTTPStatus
from typing import Any, ClassVar, cast

import h11
import uvicorn
from starlette.types import Message, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from myna.domain.errors import InvalidRequest
from myna.http.errors import describe, failure_reply
from myna.http.wrapped_protocol import WrappedOutlet, WrappedProtocol

_STATE_KEY = "myna.connection"
_LINGER_S = 5.0
"""So long what still arrives is read: a reset would cost the sender the reply. Source: nginx, `lingering_timeout`."""


class PromptHttpProtocol(WrappedProtocol):
    """A deadline for each request's head. Bodies and replies have their own (HttpLimits)."""

    max_head_s: ClassVar[float] = 60.0
    """From the connection or a later request's first byte to the head's end. Source: nginx, `client_header_timeout`."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        # The state of a connection's requests is where ASGI lets a server and its application meet.
        self._inner = H11Protocol(config, server_state, {**app_state, _STATE_KEY: self}, _loop)
        self._loop = _loop or asyncio.get_running_loop()
        self._deadline: asyncio.TimerHandle | None = None
        self._is_answering = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._outlet = _Outlet(cast("asyncio.Transport", transport))
        self._connect(self._outlet)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        if self._outlet.is_refused:
            return
        try:
            super().data_received(data)
        except h11.LocalProtocolError:
            # With half a reply out there is no place for another: the cut tells that something is wrong.
            self._outlet.close()
        if self._outlet.is_refused:
            self._stop_waiting()
            self._deadline = self._loop.call_later(_LINGER_S, self._outlet.close)
        elif not self._is_answering:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def note_head(self) -> None:
        """It is complete, of a request or of a socket's upgrade."""
        self._is_answering = True
        self._stop_waiting()

    def note_reply(self) -> None:
        """It is out: until the next byte uvicorn's keep-alive time counts."""
        self._is_answering = False

    def _await_head(self) -> None:
        if self._deadline is None:
            self._deadline = self._loop.call_later(self.max_head_s, self._outlet.close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def noting_connection(scope: Scope, send: Send) -> Send:
    """`send` of a request or socket that begins, by which its connection also learns when it is answered."""
    connection: PromptHttpProtocol | None = scope.get("state", {}).get(_STATE_KEY)
    if connection is None:
        return send  # an application that is called without a server
    connection.note_head()

    async def send_and_note(message: Message) -> None:
        await send(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            connection.note_reply()

    return send_and_note


class _Outlet(WrappedOutlet):
    """The transport, but for one thing: what uvicorn writes while it handles that something is no HTTP is ours."""

    is_refused = False

    def write(self, data: bytes) -> None:
        reason = sys.exception()
        if not isinstance(reason, h11.RemoteProtocolError):
            self._transport.write(data)
        elif not self.is_refused:
            self._refuse(reason)

    def close(self) -> None:
        if not isinstance(sys.exception(), h11.RemoteProtocolError):
            self._transport.close()

    def _refuse(self, reason: h11.RemoteProtocolError) -> None:
        """In the one body of all failures (wire-contract.md#errors); closed when the client has heard it."""
        self.is_refused = True
        # h11 says 501 of a transfer coding that it does not know. That is the caller's mistake, so no 5xx.
        status = reason.error_status_hint if reason.error_status_hint < 500 else 400
        told = str(reason).partition(": bytearray(")[0]  # without the line itself
        failure = replace(describe(InvalidRequest(f"The request is not valid HTTP: {told}.")), status=status)
        reply = failure_reply("", failure)
        headers = [*reply.raw_headers, (b"connection", b"close")]
        head = h11.Response(status_code=status, headers=headers, reason=HTTPStatus(status).phrase.encode())
        writer = h11.Connection(h11.SERVER)
        for event in (head, h11.Data(data=bytes(reply.body)), h11.EndOfMessage()):
            self._transport.write(writer.send(event) or b"")
        if self._transport.can_write_eof():  # not under TLS
            self._transport.write_eof()
