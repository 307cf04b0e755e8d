"""Who is asking, and may they: keys in the `Authorization` header (wire-contract.md#keys), as dependencies of the
endpoints."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Path, Request, Security
from fastapi.security import APIKeyHeader
from starlette.datastructures import Address, Headers, QueryParams

from myna.domain.errors import CredentialsMissing, CredentialsRejected, PermissionDenied, ResourceNotFound
from myna.http.backend import Backend, WithBackend
from myna.http.request_state import record_of
from myna.usecases.ports import Grant

_SHOWN_KEY_CHARS = 4
"""No more of a key is ever repeated (wire-contract.md#keys)."""
_MAX_KEY_CHARS = 4096
_SUBPROTOCOL_PREFIX = "bearer_"

_HEADER = APIKeyHeader(
    name="Authorization", scheme_name="key", description="`Basic <key>` or `Bearer <key>`.", auto_error=False
)


async def _admit(
    request: Request, backend: WithBackend, header: Annotated[str | None, Security(_HEADER)]
) -> AsyncIterator[Grant]:
    """Until the reply is out. Raises: CredentialsMissing, CredentialsRejected, CredentialsExpired, RateLimited."""
    key = _after_scheme(header or "")
    try:
        grant = await _verify(backend, request.client, key)
    except CredentialsRejected as exc:
        raise CredentialsRejected(f'API key does not exist or was deleted: "{_shown_part(key)}***"') from exc
    record = record_of(request.scope)
    record.workspace, record.key_id = grant.workspace, grant.key_id
    with backend.allowances.request(grant):
        yield grant


Reader = Annotated[Grant, Depends(_admit)]
"""Any valid key: reading, and speaking."""


async def _admit_writer(grant: Reader) -> Grant:
    """Raises: as `_admit`, and PermissionDenied."""
    if not grant.can_write:
        raise PermissionDenied("This API key may only read. Use a key with write access.")
    return grant


Writer = Annotated[Grant, Depends(_admit_writer)]
"""A key that may change voices."""


async def check_workspace(
    workspace: Annotated[str, Path(description="The key's workspace.")], grant: Reader, backend: WithBackend
) -> None:
    """Raises: ResourceNotFound for another workspace's path, where that is not overlooked."""
    if workspace != grant.workspace and not backend.limits.accept_any_workspace_path:
        raise ResourceNotFound("There is no such workspace, or it is not this key's.")


async def admit_socket(backend: Backend, client: Address | None, key: str) -> Grant:
    """In the words of the socket. Raises: as `_admit`."""
    try:
        return await _verify(backend, client, key)
    except CredentialsRejected as exc:
        message = f'Invalid credentials provided for API key "{_shown_part(key)}***"'
        raise CredentialsRejected(message) from exc


def key_of_socket(headers: Headers, query: QueryParams) -> tuple[str, str | None]:
    """The credential of an upgrade, and the subprotocol to confirm if the key came in one (wire-contract.md#keys)."""
    offered = [name.strip() for name in headers.get("sec-websocket-protocol", "").split(",")]
    subprotocol = next((name for name in offered if name.startswith(_SUBPROTOCOL_PREFIX)), None)
    key = _after_scheme(headers.get("authorization", "")) or _after_scheme(query.get("authorization", ""))
    if not key and subprotocol is not None:
        key = subprotocol.removeprefix(_SUBPROTOCOL_PREFIX)
    return key, subprotocol


async def _verify(backend: Backend, client: Address | None, key: str) -> Grant:
    if not key:
        raise CredentialsMissing("authentication is required")
    if len(key) > _MAX_KEY_CHARS or not key.isprintable():
        raise CredentialsRejected("malformed")
    return await backend.keys.verify(key, client.host if client is not None else "")


def _shown_part(key: str) -> str:
    """The part of a refused key by which its owner can tell which one it was."""
    return "".join(char for char in key[:_SHOWN_KEY_CHARS] if char.isprintable())


def _after_scheme(value: str) -> str:
    """`Basic <key>`, `Bearer <key>` or the bare key; the scheme word is not checked (wire-contract.md#keys)."""
    words = value.split(maxsplit=1)
    if not words:
        return ""
    if len(words) == 1:
        return "" if words[0].lower() in ("basic", "bearer") else words[0]
    return words[1].strip()
