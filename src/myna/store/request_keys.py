"""Requests that clients may repeat without making a second voice (`Idempotency-Key`)."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from myna.domain.errors import ServiceUnavailable
from myna.domain.voice import VoiceId, WorkspaceId
from myna.store.database import Database, insert_if_new
from myna.store.tables import RequestKeyRow, VoiceRow
from myna.store.voice_rows import sha256
from myna.usecases.ports import Clock, MarkedRequest, RequestMark


class SqlRequestKeys:
    """Implements `RequestKeys`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(
        self, workspace: WorkspaceId, key: str, body_sha256: str, lifetime: timedelta
    ) -> MarkedRequest | None:
        now, identity = self._clock.now(), {"workspace": workspace, "key_sha256": sha256(key.encode())}
        values = {**identity, "body_sha256": body_sha256, "expires_at": now + lifetime}

        def work(session: Session) -> MarkedRequest | None:
            session.execute(delete(RequestKeyRow).where(RequestKeyRow.expires_at <= now))
            if insert_if_new(session, RequestKeyRow, **values):
                return None
            earlier = session.get_one(RequestKeyRow, identity)
            return MarkedRequest(earlier.body_sha256, tuple(map(VoiceId, earlier.voice_ids or ())))

        try:
            return await self._database.write(work)
        except BaseException:
            # The commit may have been done all the same. Nobody works on what it began: let the next one begin.
            own = RequestKeyRow.voice_ids.is_(None), RequestKeyRow.expires_at == values["expires_at"]
            with suppress(ServiceUnavailable):
                await self._database.write(
                    lambda session: session.execute(delete(RequestKeyRow).where(*_is(workspace, key), *own)),
                    is_lasting=False,
                )
            raise

    async def finish(self, workspace: WorkspaceId, key: str, voice_ids: Sequence[VoiceId], lifetime: timedelta) -> None:
        values = {"voice_ids": list(voice_ids), "expires_at": self._clock.now() + lifetime}
        change = update(RequestKeyRow).where(*_is(workspace, key), RequestKeyRow.voice_ids.is_(None)).values(values)
        await self._database.write(lambda session: session.execute(change))

    async def abandon(self, workspace: WorkspaceId, key: str) -> None:
        def work(session: Session) -> None:
            marked = session.scalar(select(RequestKeyRow).where(*_is(workspace, key)).with_for_update())
            made = (marked.voice_ids if marked is not None else None) or ()
            kept = select(VoiceRow.id).where(VoiceRow.workspace == workspace, VoiceRow.voice_id.in_(made))
            if marked is not None and session.scalar(kept) is None:
                session.delete(marked)

        await self._database.write(work)


def to_request_row(workspace: WorkspaceId, mark: RequestMark, made: VoiceId, expires_at: datetime) -> RequestKeyRow:
    """For the transaction that makes the voice, so that nothing comes between."""
    identity = {"workspace": workspace, "key_sha256": sha256(mark.key.encode())}
    return RequestKeyRow(**identity, body_sha256=mark.body_sha256, voice_ids=[made], expires_at=expires_at)


def _is(workspace: WorkspaceId, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return RequestKeyRow.workspace == workspace, RequestKeyRow.key_sha256 == sha256(key.encode())
