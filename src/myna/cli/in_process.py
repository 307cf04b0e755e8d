"""The whole service inside a command: the application answers the client without a socket."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx

from myna.bootstrap import build_services
from myna.cli.http_limits import http_limits
from myna.client import AsyncClient
from myna.config import Settings
from myna.domain.errors import CredentialsRejected, FeatureUnimplemented
from myna.domain.scope import WRITE, Scopes
from myna.domain.voice import WorkspaceId
from myna.http.app import create_app
from myna.observability.audit_log import COMMAND, AuditLog
from myna.usecases.ports import Grant, KeyRow

_ADDRESS = "http://in-process.myna"
"""Never resolved: the transport calls the application."""


@dataclass(frozen=True, slots=True)
class OneKey:
    """A key store that knows one key for as long as a command runs; nothing of it is kept."""

    key: str
    workspace: WorkspaceId

    async def verify(self, key: str) -> Grant:
        if not secrets.compare_digest(key.encode(), self.key.encode()):
            raise CredentialsRejected("This is not the key of this command.")
        return Grant(self.workspace, WRITE, key_id=COMMAND)

    async def create(
        self, workspace: WorkspaceId, scopes: Scopes, lifetime: timedelta | None = None
    ) -> tuple[str, KeyRow]:
        del workspace, scopes, lifetime
        raise FeatureUnimplemented("Keys are made with `myna keys create`.")

    async def rotate(self, key_id: str, overlap: timedelta) -> tuple[str, KeyRow]:
        del key_id, overlap
        raise FeatureUnimplemented("Keys are rotated with `myna keys rotate`.")

    async def vouch(self, key_id: str) -> Grant:
        del key_id
        raise CredentialsRejected("This is not the key of this command.")

    async def signing_secret(self, key_id: str) -> None:
        del key_id

    async def spend(self, name: str, expires_at: datetime) -> bool:
        del name, expires_at
        return False

    async def list(self) -> Sequence[KeyRow]:
        return ()

    async def revoke(self, key_id: str) -> None:
        del key_id
        raise FeatureUnimplemented("Keys are revoked with `myna keys revoke`.")


@asynccontextmanager
async def open_local_client(settings: Settings, workspace: str, *, needs_engine: bool) -> AsyncIterator[AsyncClient]:
    """A client of a service that lives as long as the block.

    needs_engine: load it; off for looking at voices, which is then a matter of a moment.
    Raises: MynaError for what keeps the service from starting.
    """
    services = build_services(settings)
    key = secrets.token_urlsafe()
    local = replace(services, keys=OneKey(key, WorkspaceId(workspace)))
    try:
        await (services.start() if needs_engine else services.prepare_store())
        transport = httpx.ASGITransport(create_app(local, http_limits(settings), AuditLog(settings.data_dir)))
        async with AsyncClient(_ADDRESS, key, transport=transport) as client:
            yield client
    finally:
        await services.close()
