"""The server's own secret, which is not in the database: it signs tokens and receipts, and seals what keys sign
requests with."""

import base64
import hmac
import secrets
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import jwt
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from myna.domain.errors import ServiceUnavailable
from myna.store.private_files import make_private_file, make_private_folder

_ISSUER = "myna"
_ALGORITHM = "HS256"
_SECRET_BYTES = 32
_CLAIMS = ["iss", "sub", "jti", "iat", "exp", "scope", "once"]


class Vault:
    """Implements `TokenVault`. The secret is read, or made, when it is first needed; blocks for a millisecond then."""

    def __init__(self, file: Path, secret: str = "") -> None:
        """secret: what the operator chose, the same for all servers of a database; empty: the file's."""
        self._file = file
        self._given = secret

    def sign(self, claims: Mapping[str, Any]) -> str:
        return jwt.encode({"iss": _ISSUER, **claims}, self._derive(b"tokens"), _ALGORITHM)

    def sign_link(self, name: str) -> str:
        return hmac.digest(self._derive(b"links"), name.encode(), "sha256").hex()

    def read(self, token: str) -> Mapping[str, Any] | None:
        # The times are looked at by who asks, against the service's clock.
        options: Any = {"require": _CLAIMS, "verify_exp": False, "verify_iat": False}
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token, self._derive(b"tokens"), [_ALGORITHM], options=options, issuer=_ISSUER
            )
        except (jwt.InvalidTokenError, UnicodeError):
            return None
        return claims

    def seal(self, content: bytes) -> str:
        return self._fernet.encrypt(content).decode()

    def unseal(self, sealed: str) -> bytes | None:
        """None if it was sealed with another secret."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            return None

    def sign_receipt(self, receipt: Mapping[str, Any]) -> str:
        """A JWS (EdDSA) that anybody can check who knows `receipt_key`."""
        return jwt.encode({"iss": _ISSUER, **receipt}, self._receipt_key, "EdDSA")

    def read_receipt(self, signed: str) -> Mapping[str, Any] | None:
        """None for what was not signed here."""
        try:
            receipt: Mapping[str, Any] = jwt.decode(signed, self._receipt_key.public_key(), ["EdDSA"], issuer=_ISSUER)
        except jwt.InvalidTokenError:
            return None
        return receipt

    @property
    def receipt_key(self) -> Mapping[str, Any]:
        """The public half, as a JWK."""
        jwk: Mapping[str, Any] = OKPAlgorithm.to_jwk(self._receipt_key.public_key(), as_dict=True)
        return jwk

    @cached_property
    def _receipt_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._derive(b"receipts"))

    @cached_property
    def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._derive(b"seals")))

    def _derive(self, purpose: bytes) -> bytes:
        return hmac.digest(self._secret, purpose, "sha256")

    @cached_property
    def _secret(self) -> bytes:
        """Raises: ServiceUnavailable."""
        if self._given:
            return self._given.encode()
        make_private_folder(self._file.parent)
        try:
            if not self._file.exists():
                make_private_file(self._file, secrets.token_bytes(_SECRET_BYTES))
            content = self._file.read_bytes()
        except OSError as exc:
            raise ServiceUnavailable(f"The file {self._file} cannot be used: {exc.strerror}.") from exc
        if len(content) < _SECRET_BYTES:  # whoever guesses a short one can sign
            raise ServiceUnavailable(f"The file {self._file} is damaged. Restore it, or remove it and rotate all keys.")
        return content
