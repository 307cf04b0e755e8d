"""The whole service inside a command: the application answers the client without a socket."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import cast

import httpx

from myna.bootstrap import build_services
from myna.client import AsyncClient
from myna.config import Settings
from myna.domain.errors import CredentialsRejected
from myna.domain.scope import WRITE
from myna.domain.voice import WorkspaceId
from myna.http.app import create_app
from myna.http.limits import HttpLimits
from myna.observability.audit_log import COMMAND, AuditLog
from myna.usecases.ports import Grant, KeyStore

_ADDRESS = "http://in-process.myna"
"""Never resolved: the transport calls the application."""


@dataclass(frozen=True, slots=True)
class _OneKey:
    """Knows one key for as long as a command runs. Of `KeyStore` all that a client asks for."""

    key: str
    workspace: WorkspaceId

    async def verify(self, key: str) -> Grant:
        if not secrets.compare_digest(key.encode(), self.key.encode()):
            raise CredentialsRejected("This is not the key of this command.")
        return Grant(self.workspace, WRITE, key_id=COMMAND)


@asynccontextmanager
async def open_local_client(settings: Settings, workspace: str, *, needs_engine: bool) -> AsyncIterator[AsyncClient]:
    """A client of a service that lives as long as the block. needs_engine: off to look at voices. Raises: MynaError."""
    services = build_services(settings)
    key = secrets.token_urlsafe()
    local = replace(services, keys=cast(KeyStore, _OneKey(key, WorkspaceId(workspace))))
    app = create_app(local, HttpLimits.of(settings), AuditLog(settings.data_dir))
    try:
        await (services.start() if needs_engine else services.prepare_store())
        transport = httpx.ASGITransport(app)
        async with AsyncClient(_ADDRESS, key, transport=transport) as client:
            yield client
    finally:
        await app.state.backend.close()
