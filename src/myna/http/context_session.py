"""A socket on which contexts speak: each on its own, so that no frame waits for speech."""

import asyncio

from fastapi import WebSocket

from myna.domain.scope import Scope
from myna.http.backend import Backend
from myna.http.socket_context import SendFrame, SocketContext
from myna.http.socket_schemas import CreateContext
from myna.http.socket_session import SocketSession
from myna.observability.request_record import RequestRecord


class ContextSession(SocketSession):
    needs = Scope.SPEAK

    def __init__(self, websocket: WebSocket, record: RequestRecord, backend: Backend) -> None:
        super().__init__(websocket, record, backend)
        self._contexts: dict[str, SocketContext] = {}

    async def leave(self) -> None:
        """Stop every context and free its engine slot."""
        await asyncio.gather(*(context.leave() for context in list(self._contexts.values())))

    @property
    def _is_busy(self) -> bool:
        return any(context.is_busy for context in self._contexts.values())

    async def _check(self, settings: CreateContext) -> None:
        """Raises: what would be refused when a text came."""
        command = settings.to_command(self._grant.workspace)
        self._backend.services.synthesize_speech.check(command)
        if command.design_prompt is None:
            voice = await self._backend.services.manage_voices.get(command.workspace, command.voice_id)
            voice.refuse_if_revoked()

    def _open_context(self, context_id: str, settings: CreateContext, send: SendFrame) -> SocketContext:
        """settings: checked, but for their buffering. Raises: InvalidRequest for that."""
        context = SocketContext(
            context_id,
            settings,
            backend=self._backend,
            grant=self._grant,
            send=send,
            on_closed=self._forget,
            route=self._record.route,
        )
        self._contexts[context_id] = context
        self._backend.metrics.change("myna_contexts_open", 1)
        return context

    def _forget(self, context_id: str) -> None:
        if self._contexts.pop(context_id, None) is not None:
            self._backend.metrics.change("myna_contexts_open", -1)
