"""The speech socket (wire-contract.md#socket): many contexts on one connection, pipelined, each answered in its own
time."""

import asyncio
import secrets
from typing import Any

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from myna.domain.errors import InvalidRequest, MynaError, Overloaded, ResourceNotFound
from myna.http.auth import admit_socket, key_of_socket
from myna.http.backend import Backend, WithBackend
from myna.http.cross_origin import REQUEST_ID_HEADER, check_socket_origin
from myna.http.errors import Failure, describe, describe_bug, failure_reply
from myna.http.proto_message import check_message
from myna.http.socket_context import SOCKET_ROUTE, SocketContext
from myna.http.socket_outlet import SocketGone, SocketOutlet
from myna.http.socket_schemas import (
    COMMANDS,
    GARBAGE_FRAME,
    CreateContext,
    FrameHead,
    JsonObject,
    SendText,
    context_error_frame,
    event_frame,
    find_command,
    socket_error_frame,
    updated,
)
from myna.http.strict_json import parse_object
from myna.observability.logging import log_request
from myna.observability.request_record import RequestRecord
from myna.usecases.ports import Grant
from myna.usecases.speak_command import check_length

_INLINE_CHARS = 32 * 1024
"""Frames up to here are parsed on the event loop."""


router = APIRouter()


@router.websocket(SOCKET_ROUTE)
async def converse(websocket: WebSocket, backend: WithBackend) -> None:
    """One connection from the upgrade to its end."""
    record = RequestRecord("socket", method="WS", route=SOCKET_ROUTE, status=101)
    try:
        check_socket_origin(websocket.headers, backend.limits)
        if len(backend.open_sockets) >= backend.limits.max_sockets:
            raise Overloaded("Too many open sockets. Close some, or try again later.")
    except MynaError as exc:
        failure = describe(exc)
        record.status, record.error_code = failure.status, failure.error_code
        await websocket.send_denial_response(failure_reply(SOCKET_ROUTE, failure))
        log_request(record)
        return
    backend.open_sockets.add(record.request_id)
    backend.metrics.change("myna_sockets_open", 1)
    session = _Session(websocket, record, backend)
    try:
        await session.run()
    except Exception as exc:  # noqa: BLE001  (the edge's last resort, for sockets: logged once, told as an id)
        failure, record.error_id = describe_bug(exc)
        await session.end_with(failure)
    finally:
        await session.leave()
        backend.open_sockets.discard(record.request_id)
        backend.metrics.change("myna_sockets_open", -1)
        record.finish()
        backend.metrics.observe(record)
        log_request(record)


@router.websocket("/{path:path}")
async def refuse_elsewhere(websocket: WebSocket) -> None:
    """An upgrade at any other path: 404 with the one body, where the framework would say 403 and nothing."""
    path = websocket.url.path
    await websocket.send_denial_response(failure_reply(path, describe(ResourceNotFound("Not Found"))))


class _Session:
    """One connection. Frames are read one after another and never wait for speech; contexts speak on their own."""

    def __init__(self, websocket: WebSocket, record: RequestRecord, backend: Backend) -> None:
        self._websocket = websocket
        self._record = record
        self._backend = backend
        self._limits = backend.limits
        self._contexts: dict[str, SocketContext] = {}
        self._grant: Grant | None = None
        self._key, self._subprotocol = key_of_socket(websocket.headers, websocket.query_params)
        self._outlet = SocketOutlet(websocket, backend.limits.send_stall_s, record)

    async def run(self) -> None:
        """Until the client leaves, is refused, stalls, or says nothing for too long."""
        headers = [(REQUEST_ID_HEADER.encode(), self._record.request_id.encode())]
        await self._websocket.accept(self._subprotocol, headers)
        try:
            while (frame := await self._next_frame()) is not None:
                if not await self._is_admitted():
                    return
                await self._obey(frame)
        except (WebSocketDisconnect, SocketGone):
            return

    async def end_with(self, failure: Failure) -> None:
        """Say why, and close (wire-contract.md#opening)."""
        self._record.error_code = failure.error_code
        try:
            await self._outlet.send(socket_error_frame(failure))
            await self._outlet.close()
        except SocketGone:
            return

    async def leave(self) -> None:
        """Stop every context and free its engine slot."""
        await asyncio.gather(*(context.leave() for context in list(self._contexts.values())))

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
                    return dict(message) if message["type"] == "websocket.receive" else None
                if breaking.done():
                    return None
            finally:
                receiving.cancel()
                breaking.cancel()
            if not any(context.is_busy for context in self._contexts.values()):
                await self._outlet.close()
                return None

    async def _is_admitted(self) -> bool:
        """The key is looked at when the client first speaks (wire-contract.md#opening)."""
        if self._grant is not None:
            return True
        try:
            self._grant = await admit_socket(self._backend, self._websocket.client, self._key)
        except MynaError as exc:
            await self.end_with(describe(exc))
            return False
        self._record.workspace, self._record.key_id = self._grant.workspace, self._grant.key_id
        return True

    async def _obey(self, frame: dict[str, Any]) -> None:
        fields = await self._parse(frame)
        if fields is None:
            await self._outlet.send(GARBAGE_FRAME)
            return
        try:
            context_id = check_message(fields, FrameHead).context_id
        except InvalidRequest as exc:
            await self._outlet.send(socket_error_frame(describe(exc)))
            return
        for name in COMMANDS:
            try:
                payload = find_command(fields, name)
                if payload is not None:
                    # A context without a name gets one when it is made; later commands of the frame mean it.
                    context_id = await self._obey_command(name, context_id, payload)
            except MynaError as exc:
                await self._outlet.send(context_error_frame(context_id, describe(exc)))

    async def _parse(self, frame: dict[str, Any]) -> JsonObject | None:
        """None for what is not a JSON object in a text frame."""
        text = frame.get("text")
        self._record.body_bytes += len(text or frame.get("bytes") or b"")
        if text is None or not text.strip():
            return None
        try:
            return parse_object(text) if len(text) <= _INLINE_CHARS else await asyncio.to_thread(parse_object, text)
        except InvalidRequest:
            return None

    async def _obey_command(self, name: str, context_id: str, payload: JsonObject) -> str:
        """Raises: InvalidRequest, VoiceNotFound, Overloaded and the like, told in the context."""
        if name == "create":
            return await self._create(context_id or secrets.token_hex(8), payload)
        context = self._find(context_id, name)
        if name == "update_config":
            settings = updated(context.settings, payload)
            await self._check(settings)
            context.change(settings)
            await self._outlet.send(event_frame(context.context_id, "contextUpdated", settings.to_echo()))
        elif name == "send_text":
            self._send_text(context, check_message(payload, SendText))
        elif name == "flush_context":
            context.flush()
        elif name == "close_context":
            context.close()
        else:
            context.cancel()
        return context.context_id

    async def _create(self, context_id: str, payload: JsonObject) -> str:
        assert self._grant is not None
        if context_id in self._contexts:
            raise InvalidRequest(f"context {context_id} already exists")
        most = self._limits.max_contexts
        if len(self._contexts) >= most:
            raise Overloaded(
                f"You have reached the limit of {most} TTS contexts per connection (max contexts limit reached). "
                "Please close other contexts on this connection to continue."
            )
        settings = check_message(payload, CreateContext)
        await self._check(settings)
        context = SocketContext(
            context_id,
            settings,
            backend=self._backend,
            grant=self._grant,
            send=self._outlet.send,
            on_closed=self._forget,
        )
        self._contexts[context_id] = context
        self._backend.metrics.change("myna_contexts_open", 1)
        await self._outlet.send(event_frame(context_id, "contextCreated", settings.to_echo()))
        return context_id

    async def _check(self, settings: CreateContext) -> None:
        """Raises: what would be refused when a text came."""
        assert self._grant is not None
        command = settings.to_command(self._grant.workspace)
        self._backend.services.synthesize_speech.check(command)
        if command.design_prompt is None:
            await self._backend.services.get_voice(command.workspace, command.voice_id)

    def _send_text(self, context: SocketContext, message: SendText) -> None:
        check_length(message.text, self._limits.max_socket_text_chars)
        if message.text:
            context.add_text(message.text)
        if message.flush_context is not None:
            context.flush()

    def _find(self, context_id: str, command: str) -> SocketContext:
        """The context that is meant; the only one if none is named. Raises: ResourceNotFound."""
        if not context_id and len(self._contexts) == 1:
            return next(iter(self._contexts.values()))
        context = self._contexts.get(context_id)
        takes_more = context is not None and (not context.is_closing or command == "cancel_context")
        if context is None or not takes_more:
            suffix = "" if command == "close_context" else f" (payload={command.upper()})"
            raise ResourceNotFound(f"context {context_id} not found{suffix}")
        return context

    def _forget(self, context_id: str) -> None:
        if self._contexts.pop(context_id, None) is not None:
            self._backend.metrics.change("myna_contexts_open", -1)
