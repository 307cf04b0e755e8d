"""Requests that clients may repeat without making a second voice (`Idempotency-Key`)."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.exc import IntegrityError

from myna.domain.voice import VoiceId, WorkspaceId
from myna.store.database import Database
from myna.store.tables import RequestKeyRow
from myna.store.voice_rows import sha256
from myna.usecases.ports import Clock


@dataclass(frozen=True, slots=True)
class MarkedRequest:
    """An earlier request with the same key."""

    body_sha256: str
    """If it is another than now, the client uses one key for two requests."""
    voice_id: VoiceId | None
    """What it made; None while it is at work."""


class SqlRequestKeys:
    """Keys of one workspace mean nothing in another. What has expired is forgotten."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(
        self, workspace: WorkspaceId, key: str, body_sha256: str, lifetime: timedelta
    ) -> MarkedRequest | None:
        """None: the key is new, and taken from now on; of several at once one gets this. Otherwise the earlier request.

        key: any text of the client. lifetime: after it a request that never ended (a crash) may be begun again.
        Raises: ServiceUnavailable.
        """
        row = RequestKeyRow(
            workspace=workspace,
            key_sha256=sha256(key.encode()),
            body_sha256=body_sha256,
            voice_id=None,
            expires_at=self._clock.now() + lifetime,
        )
        identity = (workspace, row.key_sha256)
        async with self._database.writing() as session:
            await session.execute(delete(RequestKeyRow).where(RequestKeyRow.expires_at <= self._clock.now()))
            earlier = await session.get(RequestKeyRow, identity)
            if earlier is None:
                try:
                    async with session.begin_nested():
                        session.add(row)
                except IntegrityError:
                    # Another server began it in this moment (PostgreSQL; SQLite has one writer at a time).
                    earlier = await session.get_one(RequestKeyRow, identity)
        return None if earlier is None else MarkedRequest(earlier.body_sha256, _voice_id(earlier))

    async def finish(self, workspace: WorkspaceId, key: str, voice_id: VoiceId, lifetime: timedelta) -> None:
        """Remember what the request has made, for a lifetime from now on. Raises: ServiceUnavailable."""
        values = {"voice_id": voice_id, "expires_at": self._clock.now() + lifetime}
        async with self._database.writing() as session:
            await session.execute(update(RequestKeyRow).where(*_is(workspace, key)).values(values))

    async def abandon(self, workspace: WorkspaceId, key: str) -> None:
        """The request failed and made nothing: its key is free again. Raises: ServiceUnavailable."""
        async with self._database.writing() as session:
            await session.execute(delete(RequestKeyRow).where(*_is(workspace, key), RequestKeyRow.voice_id.is_(None)))


def _is(workspace: WorkspaceId, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return RequestKeyRow.workspace == workspace, RequestKeyRow.key_sha256 == sha256(key.encode())


def _voice_id(row: RequestKeyRow) -> VoiceId | None:
    return None if row.voice_id is None else VoiceId(row.voice_id)
