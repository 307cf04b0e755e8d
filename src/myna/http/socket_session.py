"""What every socket has in common (wire-contract.md#opening): its place among the open ones, its key, its frames."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, ClassVar

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

from myna.domain.errors import InvalidRequest, MynaError, Overloaded
from myna.domain.scope import Scope
from myna.http.auth import admit_socket, key_of_socket
from myna.http.backend import Backend, SilentSocket
from myna.http.cross_origin import REQUEST_ID_HEADER, check_socket_origin
from myna.http.errors import Failure, describe, describe_bug, failure_reply
from myna.http.reply import JsonObject, to_json
from myna.http.socket_schemas import GARBAGE_FRAME, socket_error_frame
from myna.http.strict_json import parse_object
from myna.observability.logging import log_request
from myna.observability.request_record import RequestRecord
from myna.observability.tracing import trace_request
from myna.usecases.ports import Grant

_INLINE_CHARS = 32 * 1024
"""Frames up to here are parsed on the event loop."""


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

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Without a reason on our own routes (wire-contract.md#opening). Raises: SocketGone."""
        async with self._turn:
            await self._in_time(self._websocket.close(code, reason))

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


class SocketSession:
    """One connection. Frames are read one after another."""

    needs: ClassVar[Scope]
    refusal_code: ClassVar[int] = 1000
    """With which a connection is closed that is told why."""

    def __init__(self, websocket: WebSocket, record: RequestRecord, backend: Backend) -> None:
        self._websocket = websocket
        self._record = record
        self._backend = backend
        self._limits = backend.limits
        self._is_known = False
        self._grant: Grant
        """Once it is known who asks."""
        self._key, self._subprotocol = key_of_socket(websocket.headers, websocket.query_params)
        self._outlet = SocketOutlet(websocket, backend.limits.send_stall_s, record)
        self._is_over = False

    async def run(self) -> None:
        """Until the client leaves, is refused, stalls, or says nothing for too long."""
        headers = [(REQUEST_ID_HEADER.encode(), self._record.request_id.encode())]
        await self._websocket.accept(self._subprotocol, headers)
        try:
            await self._greet()
            while not self._is_over and (frame := await self._next_frame()) is not None:
                if not await self._is_admitted(frame):
                    return
                try:
                    fields = await self._parse(frame)
                    await (self._refuse_garbage() if fields is None else self._obey(fields))
                except MynaError as exc:
                    await self._fail(describe(exc))
        except (WebSocketDisconnect, SocketGone):
            return

    async def end_with(self, failure: Failure) -> None:
        """Say why, and close (wire-contract.md#opening)."""
        self._record.error_code = failure.error_code
        self._is_over = True
        try:
            await self._outlet.send(self._error_frame(failure))
            await self._outlet.close(self.refusal_code, self._close_reason(failure))
        except SocketGone:
            return

    def _close_reason(self, failure: Failure) -> str:
        """For clients that do not come to read the frame before."""
        del failure
        return ""

    async def close(self) -> None:
        """End the connection from here."""
        with suppress(SocketGone):
            await self._outlet.close()

    async def leave(self) -> None:
        """Stop what goes on; the client is gone."""
        raise NotImplementedError

    @property
    def _is_busy(self) -> bool:
        """Something goes on, though no frame comes."""
        raise NotImplementedError

    async def _greet(self) -> None:
        """What is said before the client has said anything."""

    async def _obey(self, fields: JsonObject) -> None:
        """fields: of a frame. Raises: MynaError for what `_fail` is to tell."""
        raise NotImplementedError

    async def _refuse_garbage(self) -> None:
        """A frame is no JSON object."""
        await self._outlet.send(GARBAGE_FRAME)

    async def _fail(self, failure: Failure) -> None:
        """Say what a frame came to, and go on."""
        await self._outlet.send(self._error_frame(failure))

    async def _parse(self, frame: dict[str, Any]) -> JsonObject | None:
        """None for what is not a JSON object in a text frame."""
        text = frame.get("text")
        if text is None or not text.strip():
            return None
        try:
            return parse_object(text) if len(text) <= _INLINE_CHARS else await asyncio.to_thread(parse_object, text)
        except InvalidRequest:
            return None

    async def _next_frame(self) -> dict[str, Any] | None:
        """The next message; None when the connection is over."""
        while True:
            receiving = asyncio.ensure_future(self._websocket.receive())
            breaking = asyncio.ensure_future(self._outlet.is_broken.wait())
            try:
                await asyncio.wait(
                    {receiving, breaking}, timeout=self._limits.socket_idle_s, return_when=asyncio.FIRST_COMPLETED
                )
                if receiving.done():
                    message = receiving.result()
                    if message["type"] != "websocket.receive":
                        return None
                    self._record.body_bytes += len(message.get("text") or message.get("bytes") or b"")
                    return dict(message)
                if breaking.done():
                    return None
            finally:
                receiving.cancel()
                breaking.cancel()
            if not self._is_busy:
                await self._outlet.close()
                return None

    def _error_frame(self, failure: Failure) -> JsonObject:
        """Of no context in particular."""
        return socket_error_frame(failure)

    async def _is_admitted(self, frame: dict[str, Any]) -> bool:
        """The key is looked at when the client first speaks (wire-contract.md#opening). frame: with that it does."""
        del frame
        if self._is_known:
            return True
        try:
            self._grant = await admit_socket(self._backend, self._websocket.client, self._key, self.needs)
        except MynaError as exc:
            await self.end_with(describe(exc))
            return False
        self._is_known = True
        self._record.workspace, self._record.key_id = self._grant.workspace, self._grant.key_id
        self._backend.open_sockets[self._record.request_id] = None
        return True


async def _close_a_silent_one(backend: Backend) -> bool:
    """Who never shows a key keeps nobody out. False if there is none of these, or too many are on their way."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() - backend.limits.silent_socket_s
    silent = ((name, it) for name, it in backend.open_sockets.items() if it is not None and it.opened_at_s <= until_s)
    name, socket = next(silent, ("", None))
    if socket is None or len(backend.evicted_sockets) >= backend.limits.max_sockets:
        return False
    del backend.open_sockets[name]
    backend.evicted_sockets.add(name)
    loop.call_later(backend.limits.closing_socket_s, backend.evicted_sockets.discard, name)
    await socket.close()
    return True


async def serve_socket(
    websocket: WebSocket,
    backend: Backend,
    route: str,
    open_session: Callable[[WebSocket, RequestRecord, Backend], SocketSession],
) -> None:
    """One connection from the upgrade to its end."""
    record = RequestRecord("socket", method="WS", route=route, status=101)
    with trace_request(record, websocket.headers.get("traceparent", "")):
        try:
            check_socket_origin(websocket.headers, backend.limits)
            if len(backend.open_sockets) >= backend.limits.max_sockets and not await _close_a_silent_one(backend):
                raise Overloaded("Too many open sockets. Close some, or try again later.")
        except MynaError as exc:
            failure = describe(exc)
            record.status, record.error_code = failure.status, failure.error_code
            await websocket.send_denial_response(failure_reply(route, failure))
            log_request(record)
            return
        session = open_session(websocket, record, backend)
        backend.open_sockets[record.request_id] = SilentSocket(asyncio.get_running_loop().time(), session.close)
        backend.metrics.change("myna_sockets_open", 1)
        try:
            await session.run()
        except Exception as exc:  # noqa: BLE001  (the edge's last resort, for sockets: logged once, told as an id)
            failure, record.error_id = describe_bug(exc)
            await session.end_with(failure)
        finally:
            await session.leave()
            backend.open_sockets.pop(record.request_id, None)
            backend.metrics.change("myna_sockets_open", -1)
            record.finish()
            backend.metrics.observe(record)
            log_request(record)
