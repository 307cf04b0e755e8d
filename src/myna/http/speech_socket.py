"""The speech socket (wire-contract.md#socket): many contexts on one connection, each answered in its own time."""

import secrets

from fastapi import APIRouter, WebSocket

from myna.domain.errors import InvalidRequest, MynaError, Overloaded, ResourceNotFound
from myna.http.backend import WithBackend
from myna.http.context_session import ContextSession
from myna.http.errors import describe, failure_reply
from myna.http.proto_message import check_message
from myna.http.reply import JsonObject
from myna.http.socket_context import SocketContext
from myna.http.socket_schemas import (
    COMMANDS,
    CreateContext,
    FrameHead,
    SendText,
    context_error_frame,
    event_frame,
    find_command,
    updated,
)
from myna.http.socket_session import serve_socket
from myna.usecases.speak_command import check_length

_ROUTE = "/tts/v1/voice:streamBidirectional"

router = APIRouter()


@router.websocket(_ROUTE)
async def converse(websocket: WebSocket, backend: WithBackend) -> None:
    """One connection, many contexts."""
    await serve_socket(websocket, backend, _ROUTE, _Session)


@router.websocket("/{path:path}")
async def refuse_elsewhere(websocket: WebSocket) -> None:
    """An upgrade at any other path: 404 with the one body, where the framework would say 403 and nothing."""
    path = websocket.url.path
    await websocket.send_denial_response(failure_reply(path, describe(ResourceNotFound("Not Found"))))


class _Session(ContextSession):
    async def _obey(self, fields: JsonObject) -> None:
        context_id = check_message(fields, FrameHead).context_id
        for name in COMMANDS:
            try:
                payload = find_command(fields, name)
                if payload is not None:
                    # A context without a name gets one when it is made; later commands of the frame mean it.
                    context_id = await self._obey_command(name, context_id, payload)
            except MynaError as exc:
                await self._outlet.send(context_error_frame(context_id, describe(exc)))

    async def _obey_command(self, name: str, context_id: str, payload: JsonObject) -> str:
        """Raises: InvalidRequest, VoiceNotFound, Overloaded and the like, told in the context."""
        if name == "create":
            return await self._create(context_id or secrets.token_hex(8), payload)
        if name == "send_text":
            return self._send_text(context_id, check_message(payload, SendText))
        context = self._find(context_id, name)
        if name == "update_config":
            settings = updated(context.settings, payload)
            await self._check(settings)
            context.change(settings)
            await self._outlet.send(event_frame(context.context_id, "contextUpdated", settings.to_echo()))
        elif name == "flush_context":
            context.flush()
        elif name == "close_context":
            context.close()
        else:
            context.cancel()
        return context.context_id

    async def _create(self, context_id: str, payload: JsonObject) -> str:
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
        self._open_context(context_id, settings, self._outlet.send)
        await self._outlet.send(event_frame(context_id, "contextCreated", settings.to_echo()))
        return context_id

    def _send_text(self, context_id: str, message: SendText) -> str:
        """Raises: ResourceNotFound, TextTooLong."""
        if not message.text and message.flush_context is None:
            return context_id  # keeps the connection; some clients send it when their context is over, or have none
        context = self._find(context_id, "send_text")
        check_length(message.text, self._limits.max_socket_text_chars)
        if message.text:
            context.add_text(message.text)
        if message.flush_context is not None:
            context.flush()
        return context.context_id

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
