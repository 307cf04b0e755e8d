"""Requests that clients may repeat without making a second voice (`Idempotency-Key`)."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.exc import IntegrityError

from myna.domain.voice import VoiceId, WorkspaceId
from myna.store.database import Database
from myna.store.tables import RequestKeyRow
from myna.store.voice_rows import sha256
from myna.usecases.ports import Clock, MarkedRequest


class SqlRequestKeys:
    """Implements `RequestKeys`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(
        self, workspace: WorkspaceId, key: str, body_sha256: str, lifetime: timedelta
    ) -> MarkedRequest | None:
        row = RequestKeyRow(
            workspace=workspace,
            key_sha256=sha256(key.encode()),
            body_sha256=body_sha256,
            voice_ids=None,
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
        return None if earlier is None else MarkedRequest(earlier.body_sha256, _made(earlier))

    async def finish(self, workspace: WorkspaceId, key: str, voice_ids: Sequence[VoiceId], lifetime: timedelta) -> None:
        values = {"voice_ids": list(voice_ids), "expires_at": self._clock.now() + lifetime}
        async with self._database.writing() as session:
            await session.execute(update(RequestKeyRow).where(*_is(workspace, key)).values(values))

    async def abandon(self, workspace: WorkspaceId, key: str) -> None:
        async with self._database.writing() as session:
            await session.execute(delete(RequestKeyRow).where(*_is(workspace, key), RequestKeyRow.voice_ids.is_(None)))


def _is(workspace: WorkspaceId, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return RequestKeyRow.workspace == workspace, RequestKeyRow.key_sha256 == sha256(key.encode())


def _made(row: RequestKeyRow) -> tuple[VoiceId, ...]:
    return tuple(VoiceId(voice_id) for voice_id in row.voice_ids or ())
