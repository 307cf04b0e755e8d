"""Requests that clients may repeat without making a second voice (`Idempotency-Key`)."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.orm import Session

from myna.domain.voice import VoiceId, WorkspaceId
from myna.store.database import Database, insert_if_new
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
        now, identity = self._clock.now(), {"workspace": workspace, "key_sha256": sha256(key.encode())}

        def work(session: Session) -> MarkedRequest | None:
            session.execute(delete(RequestKeyRow).where(RequestKeyRow.expires_at <= now))
            if insert_if_new(session, RequestKeyRow, **identity, body_sha256=body_sha256, expires_at=now + lifetime):
                return None
            earlier = session.get_one(RequestKeyRow, identity)
            return MarkedRequest(earlier.body_sha256, tuple(map(VoiceId, earlier.voice_ids or ())))

        return await self._database.write(work)

    async def finish(self, workspace: WorkspaceId, key: str, voice_ids: Sequence[VoiceId], lifetime: timedelta) -> None:
        values = {"voice_ids": list(voice_ids), "expires_at": self._clock.now() + lifetime}
        change = update(RequestKeyRow).where(*_is(workspace, key)).values(values)
        await self._database.write(lambda session: session.execute(change))

    async def abandon(self, workspace: WorkspaceId, key: str) -> None:
        unfinished = delete(RequestKeyRow).where(*_is(workspace, key), RequestKeyRow.voice_ids.is_(None))
        await self._database.write(lambda session: session.execute(unfinished))


def _is(workspace: WorkspaceId, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return RequestKeyRow.workspace == workspace, RequestKeyRow.key_sha256 == sha256(key.encode())
