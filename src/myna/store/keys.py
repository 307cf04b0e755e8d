"""API keys in SQL: only the digest of a secret is kept."""

import hashlib
import hmac
import logging
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from myna.domain.errors import (
    CredentialsRejected,
    InvalidRequest,
    PermissionDenied,
    ResourceNotFound,
    ServiceUnavailable,
)
from myna.domain.scope import Scopes, join_scopes, split_scopes
from myna.domain.voice import WorkspaceId
from myna.store.database import Database, insert_if_new
from myna.store.key_format import check_workspace_name, expiry, new_key, parse_key, rejection, rotated_already
from myna.store.tables import AnyRow, ApiKeyRow, SpentTokenRow, TallyRow, WorkspaceRow
from myna.store.vault import Vault
from myna.usecases.ports import Clock, Grant, KeyRow

logger = logging.getLogger(__name__)

_FORGETTING = timedelta(hours=1)
"""Longer than anything takes that may still be at work for a workspace."""
_NOTED_AGAIN = timedelta(hours=1)
"""A use that could not be noted is tried again after this."""
_SPENT_KEPT = timedelta(days=1)
"""After its end: a clock that runs ahead for a while and is set back does not make a used token good again."""


class SqlKeyStore:
    """Implements `KeyStore`. A revoked key stays listed and opens nothing from that moment on, in any process."""

    def __init__(self, database: Database, clock: Clock, vault: Vault) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._noted_at: dict[str, datetime] = {}

    async def create(
        self, workspace: WorkspaceId, scopes: Scopes, lifetime: timedelta | None = None
    ) -> tuple[str, KeyRow]:
        key, row = self._new(check_workspace_name(workspace), scopes, lifetime)

        def add(session: Session) -> None:
            ensure_workspace(session, WorkspaceId(row.workspace), self._clock)
            session.add(row)

        await self._database.write(add)
        return key, _describe(row)

    async def rotate(self, key_id: str, overlap: timedelta) -> tuple[str, KeyRow]:
        now = self._clock.now()

        def rotate(session: Session) -> tuple[str, KeyRow]:
            old = _get(session, key_id)
            if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
                raise InvalidRequest(f"The key '{key_id}' opens nothing any more. Make a new one.")
            if old.rotated_at is not None:
                raise rotated_already(key_id)
            lifetime = None if old.expires_at is None else old.expires_at - old.created_at
            key, row = self._new(WorkspaceId(old.workspace), _describe(old).scopes, lifetime)
            session.add(row)
            old.rotated_at = now
            if not overlap:
                old.revoked_at = now
            old.expires_at = min(old.expires_at or now + overlap, now + overlap)
            return key, _describe(row)

        return await self._database.write(rotate)

    def _new(self, workspace: WorkspaceId, scopes: Scopes, lifetime: timedelta | None) -> tuple[str, ApiKeyRow]:
        parts = new_key()
        now = self._clock.now()
        return parts.key, ApiKeyRow(
            key_id=parts.key_id,
            workspace=workspace,
            scopes=join_scopes(scopes),
            prefix=parts.prefix,
            secret_sha256=parts.secret_sha256,
            created_at=now,
            revoked_at=None,
            expires_at=None if lifetime is None else now + lifetime,
            rotated_at=None,
            last_used_on=None,
            sealed_signing_secret=self._vault.seal(parts.signing_secret),
        )

    async def verify(self, key: str) -> Grant:
        parts = parse_key(key)
        row = await self._find(parts.key_id)
        # A row that is not there is compared too. The time still tells which ids were asked for a moment ago (they are
        # answered from memory), not a secret: ids are none, they are listed and logged.
        expected = row.secret_sha256 if row is not None else "0" * 64
        is_right = hmac.compare_digest(expected, parts.secret_sha256)
        if row is None or not is_right:
            raise rejection(key)
        return await self._admit(row)

    async def vouch(self, key_id: str) -> Grant:
        row = await self._find(key_id)
        if row is None:
            raise CredentialsRejected("The key is not of this store.")
        return await self._admit(row)

    async def _find(self, key_id: str) -> AnyRow | None:
        """The columns of `ApiKeyRow`."""

        def find(session: Session) -> AnyRow | None:
            return session.execute(select(ApiKeyRow.__table__).where(ApiKeyRow.key_id == key_id)).first()

        return await self._database.read(find, ("key", key_id))

    async def _admit(self, row: AnyRow) -> Grant:
        if row.revoked_at is not None:
            raise rejection(row.prefix)
        now = self._clock.now()
        if row.expires_at is not None and row.expires_at <= now:
            raise expiry(row.prefix, row.expires_at)
        if row.last_used_on != now.date():
            await self._note_use(row.key_id, now)
        return Grant(WorkspaceId(row.workspace), split_scopes(row.scopes), row.key_id)

    async def signing_secret(self, key_id: str) -> bytes | None:
        row = await self._find(key_id)
        if row is None:
            return None
        secret = self._vault.unseal(row.sealed_signing_secret or "")
        if secret is None:
            raise PermissionDenied(
                "This key cannot sign here: it is older, or of another token secret. Rotate the key."
            )
        return secret

    async def spend(self, name: str, expires_at: datetime) -> bool:
        is_old = SpentTokenRow.expires_at <= self._clock.now() - _SPENT_KEPT

        def spend(session: Session) -> bool:
            session.execute(delete(SpentTokenRow).where(is_old))
            return insert_if_new(session, SpentTokenRow, name=name, expires_at=expires_at)

        return await self._database.write(spend)

    async def _note_use(self, key_id: str, now: datetime) -> None:
        """At most once an hour, whatever comes of it: a store that can only be read still opens to its keys."""
        noted_at = self._noted_at.get(key_id)
        if noted_at is not None and abs(now - noted_at) < _NOTED_AGAIN:
            return
        self._noted_at[key_id] = now
        query = update(ApiKeyRow).where(ApiKeyRow.key_id == key_id).values(last_used_on=now.date())
        try:
            await self._database.write(lambda session: session.execute(query), is_lasting=False)
        except ServiceUnavailable as exc:
            logger.warning("use of a key not noted", extra={"key_id": key_id, "error_code": exc.code})

    async def list(self) -> Sequence[KeyRow]:
        query = select(ApiKeyRow).order_by(ApiKeyRow.created_at, ApiKeyRow.key_id)
        return await self._database.read(lambda session: [_describe(row) for row in session.scalars(query)])

    async def revoke(self, key_id: str) -> None:
        def revoke(session: Session) -> None:
            row = _get(session, key_id)
            row.revoked_at = row.revoked_at or self._clock.now()

        await self._database.write(revoke)


def ensure_workspace(session: Session, name: WorkspaceId, clock: Clock, asked_at: datetime | None = None) -> None:
    """Begins with its first key or voice. asked_at: when. Raises: ResourceNotFound if it was forgotten since."""
    # Held (PostgreSQL): it is not forgotten between this look and the next.
    held = session.get(WorkspaceRow, name, with_for_update={"read": True, "key_share": True})
    if asked_at is not None:
        # One that is there may be another of the same name, begun since.
        forgotten = session.get(TallyRow, _forgotten_name(name))
        if forgotten is not None and forgotten.expires_at - _FORGETTING >= asked_at:
            raise ResourceNotFound("The workspace was forgotten meanwhile.")
    if held is None:
        insert_if_new(session, WorkspaceRow, name=name, created_at=clock.now())


def note_forgotten(session: Session, name: str, clock: Clock) -> None:
    """What is being made for it at this moment must not bring it back."""
    session.merge(TallyRow(name_hmac=_forgotten_name(name), counts={}, expires_at=clock.now() + _FORGETTING))


def _forgotten_name(workspace: str) -> str:
    return hashlib.sha256(f"forgotten {workspace}".encode()).hexdigest()


def _get(session: Session, key_id: str) -> ApiKeyRow:
    row = session.get(ApiKeyRow, key_id)
    if row is None:
        raise ResourceNotFound(f"There is no key '{key_id}'. `myna keys list` shows the ids.")
    return row


def _describe(row: ApiKeyRow) -> KeyRow:
    kept = {field.name: getattr(row, field.name) for field in fields(KeyRow)}
    return KeyRow(**kept | {"scopes": split_scopes(row.scopes)})
