"""Who is asking, and may they: keys in the `Authorization` header (wire-contract.md#keys)."""

from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import Headers, QueryParams

from myna.domain.errors import CredentialsMissing, CredentialsRejected, PermissionDenied, ResourceNotFound
from myna.http.limits import HttpLimits
from myna.http.request_state import record_of
from myna.usecases.ports import Grant, KeyStore

_SHOWN_KEY_CHARS = 4
"""No more of a key is ever repeated (wire-contract.md#keys)."""
_MAX_KEY_CHARS = 4096
_SUBPROTOCOL_PREFIX = "bearer_"


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Turns a credential into a grant."""

    keys: KeyStore
    limits: HttpLimits

    async def admit(self, request: Request) -> Grant:
        """Any valid key: reading, and speaking.

        Raises: CredentialsMissing, CredentialsRejected, ResourceNotFound for another workspace's path.
        """
        key = key_in_header(request.headers)
        try:
            grant = await self._verify(key)
        except CredentialsRejected as exc:
            shown = shown_part(key)
            raise CredentialsRejected(f'API key does not exist or was deleted: "{shown}***"') from exc
        record = record_of(request.scope)
        record.workspace, record.key_id = grant.workspace, grant.key_id
        named = request.path_params.get("workspace")
        if named is not None and named != grant.workspace and not self.limits.accept_any_workspace_path:
            raise ResourceNotFound("There is no such workspace, or it is not this key's.")
        return grant

    async def admit_writer(self, request: Request) -> Grant:
        """A key that may change voices. Raises: as `admit`, and PermissionDenied."""
        grant = await self.admit(request)
        if not grant.can_write:
            raise PermissionDenied("This API key may only read. Use a key with write access.")
        return grant

    async def admit_socket(self, key: str) -> Grant:
        """As `admit`, in the words of the socket. Raises: CredentialsMissing, CredentialsRejected."""
        try:
            return await self._verify(key)
        except CredentialsRejected as exc:
            message = f'Invalid credentials provided for API key "{shown_part(key)}***"'
            raise CredentialsRejected(message) from exc

    async def _verify(self, key: str) -> Grant:
        if not key:
            raise CredentialsMissing("authentication is required")
        if len(key) > _MAX_KEY_CHARS or not key.isprintable():
            raise CredentialsRejected("malformed")
        return await self.keys.verify(key)


def key_in_header(headers: Headers) -> str:
    """`Basic <key>`, `Bearer <key>` or the bare key; the scheme word is not checked (wire-contract.md#keys)."""
    return _after_scheme(headers.get("authorization", ""))


def key_of_socket(headers: Headers, query: QueryParams) -> tuple[str, str | None]:
    """The credential of an upgrade, and the subprotocol to confirm if the key came in one (wire-contract.md#keys)."""
    offered = [name.strip() for name in headers.get("sec-websocket-protocol", "").split(",")]
    subprotocol = next((name for name in offered if name.startswith(_SUBPROTOCOL_PREFIX)), None)
    key = key_in_header(headers) or _after_scheme(query.get("authorization", ""))
    if not key and subprotocol is not None:
        key = subprotocol.removeprefix(_SUBPROTOCOL_PREFIX)
    return key, subprotocol


def shown_part(key: str) -> str:
    """The part of a refused key by which its owner can tell which one it was."""
    return "".join(char for char in key[:_SHOWN_KEY_CHARS] if char.isprintable())


def _after_scheme(value: str) -> str:
    words = value.split(maxsplit=1)
    if not words:
        return ""
    if len(words) == 1:
        return "" if words[0].lower() in ("basic", "bearer") else words[0]
    return words[1].strip()
