"""What an API key looks like (base64 of `key-id:secret`, wire-contract.md#keys), and which workspace names there
are. Lengths are such that the base64 has no padding, `+` or `/`: it survives a query string."""

import base64
import binascii
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from myna.domain.errors import CredentialsExpired, CredentialsRejected, InvalidRequest
from myna.domain.voice import WorkspaceId

_KEY_ID_BYTES = 8
_SECRET_BYTES = 48
"""Nothing to gain by guessing, hence a plain SHA-256 is enough to store it. 64 characters: see `signing_secret`."""
_MAX_KEY_CHARS = 256
_VISIBLE_CHARS = 4
_WORKSPACE = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class KeyParts:
    key_id: str
    secret: str

    @property
    def secret_sha256(self) -> str:
        """Hex; what is stored in the secret's place."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    @property
    def signing_secret(self) -> bytes:
        """What signed requests are checked with (wire-contract.md#tokens), 32 bytes: the digest of `IW1<secret>`, by
        which HMAC replaces a key of more than 64 bytes (RFC 2104)."""
        return hashlib.sha256(f"IW1{self.secret}".encode()).digest()

    @property
    def key(self) -> str:
        """As it is shown once and sent by clients."""
        return base64.b64encode(f"{self.key_id}:{self.secret}".encode()).decode()

    @property
    def prefix(self) -> str:
        """The first characters of `key`, to recognise it by."""
        return self.key[:_VISIBLE_CHARS]


def new_key() -> KeyParts:
    return KeyParts(secrets.token_hex(_KEY_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES))


def parse_key(key: str) -> KeyParts:
    """Raises: CredentialsRejected for anything that is not of the form; what is not issued is found out later."""
    if len(key) > _MAX_KEY_CHARS:
        raise rejection(key)
    try:
        key_id, separator, secret = base64.b64decode(key, validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError) as exc:
        raise rejection(key) from exc
    if not (key_id and separator and secret):
        raise rejection(key)
    return KeyParts(key_id, secret)


def rejection(key: str) -> CredentialsRejected:
    """The refusal of a key that opens nothing; the wording is one that clients look for (wire-contract.md#keys)."""
    return CredentialsRejected(f'API key does not exist or was deleted: "{_visible(key)}***"')


def expiry(key: str, expired_at: datetime) -> CredentialsExpired:
    """The refusal of a key whose time is over."""
    message = f'API key "{_visible(key)}***" expired at {expired_at:%Y-%m-%d %H:%M} UTC. Ask for a new one.'
    return CredentialsExpired(message)


def rotated_already(key_id: str) -> InvalidRequest:
    """How long it was made for is forgotten: another key from it would end as soon as it does."""
    return InvalidRequest(f"The key '{key_id}' was rotated. Rotate the one that replaced it, or make a new one.")


def _visible(key: str) -> str:
    return "".join(char if char.isascii() and char.isalnum() else "?" for char in key[:_VISIBLE_CHARS])


def check_workspace_name(name: str) -> WorkspaceId:
    """Raises: InvalidRequest. `__` separates workspace and voice in a voice id, hence it is not for names."""
    if not _WORKSPACE.fullmatch(name) or "__" in name:
        raise InvalidRequest(
            "A workspace name has 1 to 63 characters of a-z, 0-9, '-' and '_', begins and ends with a letter or "
            "digit, and holds no '__'. Choose such a name."
        )
    return WorkspaceId(name)
