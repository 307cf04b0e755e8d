"""Requests that clients may repeat without making a second voice (`Idempotency-Key`)."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, literal, select, update
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

    async def begin(self, workspace: WorkspaceId, mark: RequestMark, lifetime: timedelta) -> MarkedRequest | None:
        now, identity = self._clock.now(), _identity(workspace, mark)
        values = {**identity, "body_sha256": mark.body_sha256, "expires_at": now + lifetime}

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
            own = *_is_at_work(workspace, mark), RequestKeyRow.expires_at == values["expires_at"]
            with suppress(ServiceUnavailable):
                await self._database.write(
                    lambda session: session.execute(delete(RequestKeyRow).where(*own)), is_lasting=False
                )
            raise

    async def renew(self, workspace: WorkspaceId, mark: RequestMark, lifetime: timedelta) -> None:
        until = self._clock.now() + lifetime
        change = update(RequestKeyRow).where(*_is_at_work(workspace, mark)).values(expires_at=until)
        await self._database.write(lambda session: session.execute(change), is_lasting=False)

    async def finish(
        self, workspace: WorkspaceId, mark: RequestMark, voice_ids: Sequence[VoiceId], lifetime: timedelta
    ) -> None:
        until = self._clock.now() + lifetime
        await self._database.write(lambda session: finish_request(session, workspace, mark, voice_ids, until))

    async def abandon(self, workspace: WorkspaceId, mark: RequestMark) -> None:
        def work(session: Session) -> None:
            marked = session.scalar(select(RequestKeyRow).where(*_is(workspace, mark)).with_for_update())
            made = (marked.voice_ids if marked is not None else None) or ()
            kept = select(VoiceRow.id).where(VoiceRow.workspace == workspace, VoiceRow.voice_id.in_(made))
            if marked is not None and session.scalar(kept) is None:
                session.delete(marked)

        await self._database.write(work)


def finish_request(
    session: Session, workspace: WorkspaceId, mark: RequestMark, made: Sequence[VoiceId], expires_at: datetime
) -> bool:
    """In the transaction that makes a voice nothing comes between. False if the key is another's."""
    values = {"voice_ids": list(made), "expires_at": expires_at}
    change = update(RequestKeyRow).where(*_is_at_work(workspace, mark)).values(values).returning(literal(1))
    if session.execute(change).first() is not None:
        return True
    # It took so long that its key became free: nobody else has it, or somebody has.
    return insert_if_new(session, RequestKeyRow, **_identity(workspace, mark), body_sha256=mark.body_sha256, **values)


def _identity(workspace: WorkspaceId, mark: RequestMark) -> dict[str, str]:
    return {"workspace": workspace, "key_sha256": sha256(mark.key.encode())}


def _is_at_work(workspace: WorkspaceId, mark: RequestMark) -> Sequence[ColumnElement[bool]]:
    return *_is(workspace, mark), RequestKeyRow.voice_ids.is_(None)


def _is(workspace: WorkspaceId, mark: RequestMark) -> Sequence[ColumnElement[bool]]:
    is_key = RequestKeyRow.workspace == workspace, RequestKeyRow.key_sha256 == sha256(mark.key.encode())
    return *is_key, RequestKeyRow.body_sha256 == mark.body_sha256
