"""Short-lived credentials made out of keys (wire-contract.md#tokens), and who a credential of any kind is."""

import hmac
import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from myna.domain.errors import CredentialsExpired, CredentialsRejected, PermissionDenied
from myna.domain.scope import Scope, Scopes, join_scopes, split_scopes
from myna.usecases.ports import Clock, Grant, KeyStore, TokenVault

_METHOD = "ai.inworld.engine.WorldEngine/GenerateToken"
_END = "iw1_request"
"""What clients sign besides time, host and nonce. Source: Inworld's JWT sample."""
_MAX_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request for a token in which a key's secret does not travel."""

    key_id: str
    sent_at: str
    """`YYYYMMDDHHMMSS`, UTC."""
    nonce: str
    signature: str
    """Hex."""
    hosts: Sequence[str]
    """Whom the client may have meant; it signed one of these."""


@dataclass(frozen=True, slots=True)
class Token:
    token_id: str
    text: str
    """What its holder sends in place of a key."""
    made_at: datetime
    expires_at: datetime


class Tokens:
    """Makes tokens, and says what keys, tokens and signed requests open. A token opens no more than its key."""

    def __init__(self, keys: KeyStore, vault: TokenVault, clock: Clock) -> None:
        self._keys = keys
        self._vault = vault
        self._clock = clock

    def make(self, grant: Grant, wanted: Scopes, lifetime: timedelta, *, is_single_use: bool) -> Token:
        """wanted: empty for all of the key's. Raises: PermissionDenied."""
        own = grant.scopes - {Scope.MAKE_TOKENS}
        if not wanted <= own:
            raise PermissionDenied(f"The key has no scope {join_scopes(wanted - own)}, so a token cannot have it.")
        now, token_id = self._clock.now(), str(uuid.uuid4())
        expires_at = datetime.fromtimestamp(math.ceil((now + lifetime).timestamp()), UTC)
        claims = {
            "sub": grant.key_id,
            "jti": token_id,
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
            "scope": join_scopes(wanted or own),
            "once": is_single_use,
        }
        return Token(token_id, self._vault.sign(claims), now, expires_at)

    def is_own(self, credential: str | SignedRequest) -> bool:
        """It is a token that was signed here, whatever it still opens."""
        return isinstance(credential, str) and credential.count(".") == 2 and self._vault.read(credential) is not None

    async def verify(self, credential: str | SignedRequest) -> Grant:
        """Raises: CredentialsRejected, CredentialsExpired, PermissionDenied."""
        if isinstance(credential, SignedRequest):
            return await self._verify_signed(credential)
        if credential.count(".") == 2:  # no key has one
            return await self._verify_token(credential)
        return await self._keys.verify(credential)

    async def _verify_token(self, token: str) -> Grant:
        claims = self._vault.read(token)
        if claims is None:
            raise CredentialsRejected("This is no token of this server.")
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        if expires_at <= self._clock.now():
            raise CredentialsExpired(f"The token expired at {expires_at:%Y-%m-%d %H:%M:%S} UTC. Ask for a new one.")
        grant = await self._keys.vouch(claims["sub"])
        if claims["once"] and not await self._keys.spend(claims["jti"], expires_at):
            raise CredentialsExpired("The token was used before: it is for one request or socket. Ask for a new one.")
        return replace(grant, scopes=grant.scopes & split_scopes(claims["scope"]))

    async def _verify_signed(self, request: SignedRequest) -> Grant:
        secret = await self._keys.signing_secret(request.key_id)
        signatures = [_sign(secret or bytes(32), request, host) for host in request.hosts]
        matches = [hmac.compare_digest(signature, request.signature.lower().encode()) for signature in signatures]
        if secret is None or not any(matches):
            raise CredentialsRejected("The signature is not of this key.")
        try:
            sent_at = datetime.strptime(request.sent_at, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError as exc:
            raise CredentialsRejected("The signed time is none.") from exc
        if abs(self._clock.now() - sent_at) > _MAX_SKEW:
            raise CredentialsExpired("The signed DateTime is more than 5 minutes off. Look at the clock, sign again.")
        grant = await self._keys.vouch(request.key_id)
        if not await self._keys.spend(f"{request.key_id}:{request.nonce}", sent_at + 2 * _MAX_SKEW):
            raise CredentialsExpired("This signed request was seen before. Sign again, with another Nonce.")
        return grant


def _sign(secret: bytes, request: SignedRequest, host: str) -> bytes:
    signature = secret
    for part in (request.sent_at, host, _METHOD, request.nonce, _END):
        signature = hmac.digest(signature, part.encode(), "sha256")
    return signature.hex().encode()
