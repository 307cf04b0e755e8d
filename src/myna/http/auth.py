"""Who is asking, and may they: `Authorization` (wire-contract.md#keys) or `xi-api-key`, as dependencies."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request, Security
from fastapi.security import APIKeyHeader
from starlette.datastructures import Address, Headers, QueryParams

from myna.domain.errors import CredentialsMissing, CredentialsRejected, PermissionDenied, ResourceNotFound
from myna.domain.scope import Scope
from myna.http.asker import Asker
from myna.http.backend import Backend, WithBackend
from myna.usecases.ports import Grant
from myna.usecases.tokens import SignedRequest

_SHOWN_KEY_CHARS = 4
"""No more of a key is ever repeated (wire-contract.md#keys)."""
_MAX_KEY_CHARS = 4096
_SUBPROTOCOL_PREFIX = "bearer_"
_SIGNED = re.compile(
    r"IW1-HMAC-SHA256 +ApiKey=([\w-]{1,32}), *DateTime=(\d{14}), *Nonce=([\w-]{1,64}), *Signature=([0-9a-fA-F]{64})",
    re.ASCII,
)
_MEANT_HOSTS = ("api-engine.inworld.ai", "api.inworld.ai")
"""What clients sign if only the address they ask was changed."""

_HEADER = APIKeyHeader(
    name="Authorization", scheme_name="key", description="`Basic <key>` or `Bearer <key or token>`.", auto_error=False
)

_ELEVENLABS_HEADER = APIKeyHeader(
    name="xi-api-key", scheme_name="elevenlabs", description="The bare key or token.", auto_error=False
)


async def _admit(
    request: Request,
    backend: WithBackend,
    header: Annotated[str | None, Security(_HEADER)],
    elevenlabs_header: Annotated[str | None, Security(_ELEVENLABS_HEADER)],
) -> AsyncIterator[Asker]:
    """Until the reply is out. Raises: CredentialsMissing, CredentialsRejected, CredentialsExpired, RateLimited."""
    key = _signed_request(request, header or "") or _after_scheme(header or "") or (elevenlabs_header or "").strip()
    try:
        grant = await _verify(backend, request.client, key)
    except CredentialsRejected as exc:
        raise CredentialsRejected(f'API key does not exist or was deleted: "{_shown_part(key)}***"') from exc
    asker = Asker(request, backend, grant)
    asker.record.workspace, asker.record.key_id = grant.workspace, grant.key_id
    async with backend.allowances.request(grant):
        yield asker


Caller = Annotated[Asker, Depends(_admit)]
"""Any valid key or token, whatever it may do."""


@dataclass(frozen=True, slots=True)
class _Needing:
    scope: Scope

    async def __call__(self, asker: Caller) -> Asker:
        check_scope(asker.grant, self.scope)
        return asker


Speaker = Annotated[Asker, Depends(_Needing(Scope.SPEAK))]
Listener = Annotated[Asker, Depends(_Needing(Scope.LISTEN))]
Reader = Annotated[Asker, Depends(_Needing(Scope.READ_VOICES))]
Writer = Annotated[Asker, Depends(_Needing(Scope.WRITE_VOICES))]
TokenMaker = Annotated[Asker, Depends(_Needing(Scope.MAKE_TOKENS))]


def check_scope(grant: Grant, scope: Scope) -> None:
    """Raises: PermissionDenied."""
    if scope not in grant.scopes:
        raise PermissionDenied(f"This API key or token lacks the scope {scope}. Use one that has it.")


async def check_workspace(workspace: Annotated[str, Path(description="The key's workspace.")], asker: Caller) -> None:
    """`-` is the key's own (AIP-159). Raises: ResourceNotFound for another's path, unless that is overlooked."""
    if workspace not in (asker.workspace, "-") and not asker.backend.limits.accept_any_workspace_path:
        raise ResourceNotFound("There is no such workspace, or it is not this key's.")


async def admit_socket(backend: Backend, client: Address | None, key: str, scope: Scope) -> Grant:
    """In the words of the socket. Raises: as `_admit`, and PermissionDenied."""
    try:
        grant = await _verify(backend, client, key)
    except CredentialsRejected as exc:
        message = f'Invalid credentials provided for API key "{_shown_part(key)}***"'
        raise CredentialsRejected(message) from exc
    check_scope(grant, scope)
    return grant


def key_of_socket(headers: Headers, query: QueryParams) -> tuple[str, str | None]:
    """The credential of an upgrade, and the subprotocol to confirm if the key came in one (wire-contract.md#keys)."""
    offered = [name.strip() for name in headers.get("sec-websocket-protocol", "").split(",")]
    subprotocol = next((name for name in offered if name.startswith(_SUBPROTOCOL_PREFIX)), None)
    key = _after_scheme(headers.get("authorization", "")) or _after_scheme(query.get("authorization", ""))
    key = key or headers.get("xi-api-key", "").strip() or query.get("single_use_token", "")
    if not key and subprotocol is not None:
        key = subprotocol.removeprefix(_SUBPROTOCOL_PREFIX)
    return key, subprotocol


async def _verify(backend: Backend, client: Address | None, key: str | SignedRequest) -> Grant:
    if not key:
        raise CredentialsMissing("authentication is required")
    if isinstance(key, str) and (len(key) > _MAX_KEY_CHARS or not key.isprintable()):
        raise CredentialsRejected("malformed")
    return await backend.keys.verify(key, client.host if client is not None else "")


def _signed_request(request: Request, header: str) -> SignedRequest | None:
    """Only where tokens are made: what is signed names that and no other request (wire-contract.md#tokens)."""
    found = _SIGNED.fullmatch(header) if request.url.path.endswith("/token:generate") else None
    if found is None:
        return None
    host = request.headers.get("host", "").removesuffix(":443")
    hosts = dict.fromkeys((host, host.rpartition(":")[0] or host, *_MEANT_HOSTS))
    key_id, sent_at, nonce, signature = found.groups()
    return SignedRequest(key_id, sent_at, nonce, signature, tuple(hosts))


def _shown_part(key: str | SignedRequest) -> str:
    """The part of a refused key by which its owner can tell which one it was."""
    key = key if isinstance(key, str) else key.key_id
    return "".join(char for char in key[:_SHOWN_KEY_CHARS] if char.isprintable())


def _after_scheme(value: str) -> str:
    """`Basic <key>`, `Bearer <key>` or the bare key; the scheme word is not checked (wire-contract.md#keys)."""
    words = value.split(maxsplit=1)
    if not words:
        return ""
    if len(words) == 1:
        return "" if words[0].lower() in ("basic", "bearer") else words[0]
    return words[1].strip()
