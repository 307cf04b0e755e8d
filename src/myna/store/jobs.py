"""Jobs in SQL, recordings and results in object storage. An item's blob and row change in one transaction
(`blob_ledger.py`): whoever dies in between leaves the item pending, and names what to remove."""

from collections.abc import Collection, Sequence
from contextlib import nullcontext
from dataclasses import asdict, fields
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from myna.domain.errors import ResourceNotFound, ServiceUnavailable
from myna.domain.voice import VoiceId, WorkspaceId
from myna.store.blob_ledger import BlobLedger
from myna.store.blobs import BlobPrefix, new_blob_prefix
from myna.store.database import Database
from myna.store.tables import JobItemRow, JobRow
from myna.usecases.job_store import ClaimedItem, Failure, Job, JobItem, NewItem, SpokenItem, too_many_jobs, unknown_job
from myna.usecases.ports import Clock
from myna.usecases.uncut import uncut

_AUDIO, _TIMESTAMPS, _RECORDING = "audio", "timestamps.json", "recording"
_IS_PENDING = JobItemRow.message.is_not(None)


class SqlJobStore:
    """Implements `JobStore`."""

    def __init__(self, database: Database, ledger: BlobLedger, clock: Clock) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock

    async def add(self, job: Job, items: Sequence[NewItem], max_unfinished: int) -> None:
        prefixes = {position: new_blob_prefix() for position, item in enumerate(items) if item.recording is not None}
        owned = list(prefixes.values())
        unfinished = select(func.count()).where(JobRow.workspace == job.workspace, JobRow.expires_at.is_(None))

        def refuse_if_full(session: Session) -> None:
            if (session.scalar(unfinished) or 0) >= max_unfinished:
                raise too_many_jobs(max_unfinished)

        def add(session: Session) -> None:
            self._ledger.take_over(session, owned)
            refuse_if_full(session)
            session.add(JobRow(**asdict(job)))
            session.flush()
            session.add_all(
                JobItemRow(
                    job_id=job.job_id,
                    position=position,
                    custom_id=item.custom_id,
                    voice_id=item.voice_id,
                    message=item.message,
                    num_attempts=0,
                    media_type="",
                    has_timestamps=False,
                    blob_prefix=prefixes.get(position),
                )
                for position, item in enumerate(items)
            )

        if owned:  # before they are put anywhere
            await self._database.read(refuse_if_full)
        async with self._ledger.pending(owned) if owned else nullcontext():
            for position, prefix in prefixes.items():
                await self._ledger.blobs.put(prefix, {_RECORDING: items[position].recording or b""})
            await self._database.write(add)

    async def get(self, workspace: WorkspaceId, job_id: str) -> Job:
        job = await self.find(job_id)
        if job.workspace != workspace:
            raise unknown_job()
        return job

    async def find(self, job_id: str) -> Job:
        row = await self._database.read(lambda session: session.get(JobRow, job_id))
        if row is None or (row.expires_at is not None and row.expires_at <= self._clock.now()):
            raise unknown_job()
        return _to_job(row)

    async def get_items(self, job_id: str) -> Sequence[JobItem]:
        query = select(JobItemRow).where(JobItemRow.job_id == job_id).order_by(JobItemRow.position)
        return await self._database.read(lambda session: list(map(_to_item, session.scalars(query))))

    async def get_item(self, job_id: str, position: int) -> JobItem:
        return _to_item(await self._get_row(job_id, position))

    async def _get_row(self, job_id: str, position: int) -> JobItemRow:
        row = await self._database.read(lambda session: session.get(JobItemRow, (job_id, position)))
        if row is None:
            raise unknown_job()
        return row

    async def get_result(self, job_id: str, position: int) -> SpokenItem:
        row = await self._get_row(job_id, position)
        if row.blob_prefix is None or not row.media_type:
            raise unknown_job()
        prefix = BlobPrefix(row.blob_prefix)
        audio = await self._ledger.blobs.get(prefix, _AUDIO)
        timestamps = await self._ledger.blobs.get(prefix, _TIMESTAMPS) if row.has_timestamps else None
        if audio is None or (timestamps is None and row.has_timestamps):
            raise ServiceUnavailable("What was spoken cannot be read: it is missing. Send the text again.")
        return SpokenItem(audio, row.media_type, timestamps)

    async def claim(self, workspace: WorkspaceId, lifetime: timedelta, *, is_heard: bool = False) -> ClaimedItem | None:
        now = self._clock.now()
        is_theirs = JobRow.workspace == workspace, JobRow.is_heard.is_(is_heard), JobRow.expires_at.is_(None)
        query = (
            select(JobItemRow, JobRow)
            .join(JobRow)
            .where(*is_theirs, _IS_PENDING, or_(JobItemRow.claimed_until.is_(None), JobItemRow.claimed_until <= now))
            .order_by(JobItemRow.position, JobRow.created_at, JobRow.job_id)
            .limit(1)
            .with_for_update(of=JobItemRow, skip_locked=True)
        )

        def claim(session: Session) -> ClaimedItem | None:
            found = session.execute(query).first()
            if found is None:
                return None
            row, job = found
            row.claimed_until = now + lifetime
            row.num_attempts += 1
            return ClaimedItem(_to_job(job), row.position, row.message or "", row.num_attempts)

        return await self._database.write(claim)

    async def get_recording(self, claimed: ClaimedItem) -> bytes:
        prefix = (await self._get_row(claimed.job.job_id, claimed.position)).blob_prefix
        recording = None if prefix is None else await self._ledger.blobs.get(BlobPrefix(prefix), _RECORDING)
        if recording is None:
            raise ServiceUnavailable("The recording cannot be read: it is missing. Send it again.")
        return recording

    async def renew(self, claimed: ClaimedItem, lifetime: timedelta) -> bool:
        return await self._change(claimed, claimed_until=self._clock.now() + lifetime)

    async def release(self, claimed: ClaimedItem) -> None:
        await self._change(claimed, claimed_until=None, num_attempts=JobItemRow.num_attempts - 1)

    async def _change(self, claimed: ClaimedItem, **values: Any) -> bool:
        change = update(JobItemRow).where(*_is_pending(claimed)).values(values).returning(JobItemRow.position)
        return await self._database.write(lambda session: session.execute(change).first() is not None)

    async def finish(self, claimed: ClaimedItem, outcome: SpokenItem | Failure, keep_for: timedelta) -> None:
        owned = [new_blob_prefix()] if isinstance(outcome, SpokenItem) else []
        values: dict[str, Any] = {"message": None, "claimed_until": None, "blob_prefix": next(iter(owned), None)}
        contents: dict[str, bytes] = {}
        if isinstance(outcome, SpokenItem):
            contents[_AUDIO] = outcome.audio
            if outcome.timestamps is not None:
                contents[_TIMESTAMPS] = outcome.timestamps
            values |= {"media_type": outcome.media_type, "has_timestamps": outcome.timestamps is not None}
        else:
            values["failure"] = dict(outcome)

        def settle(session: Session) -> list[BlobPrefix]:
            self._ledger.take_over(session, owned)
            return self._settle(session, claimed, values, keep_for)

        try:
            async with self._ledger.pending(owned) if owned else nullcontext():
                for prefix in owned:
                    await self._ledger.blobs.put(prefix, contents)
                recordings = await self._database.write(settle)
        except ResourceNotFound:
            return
        await uncut(self._forget(recordings))

    def _settle(
        self, session: Session, claimed: ClaimedItem, values: dict[str, Any], keep_for: timedelta
    ) -> list[BlobPrefix]:
        """A recording that nothing owns any more. Raises: ResourceNotFound, if the item is not pending any more."""
        # Two servers that end the last two items of a job: the second waits here, and sees the first one's.
        job = session.scalar(select(JobRow).where(JobRow.job_id == claimed.job.job_id).with_for_update())
        recordings = session.scalars(
            select(JobItemRow.blob_prefix).where(*_is_pending(claimed), JobItemRow.blob_prefix.is_not(None))
        )
        disowned = [BlobPrefix(prefix) for prefix in recordings if prefix is not None]
        is_done = update(JobItemRow).where(*_is_pending(claimed)).values(values).returning(JobItemRow.position)
        if job is None or session.execute(is_done).first() is None:
            raise unknown_job()
        self._ledger.disown(session, disowned)
        pending = select(JobItemRow.position).where(JobItemRow.job_id == job.job_id, _IS_PENDING).limit(1)
        if session.scalar(pending) is None:
            job.expires_at = self._clock.now() + keep_for
        return disowned

    async def list_waiting(self, *, is_heard: bool = False) -> Collection[WorkspaceId]:
        is_waiting = JobRow.is_heard.is_(is_heard), JobRow.expires_at.is_(None)
        query = select(JobRow.workspace).where(*is_waiting).distinct()
        return await self._database.read(lambda session: list(map(WorkspaceId, session.scalars(query))))

    async def delete_expired(self) -> int:
        return (await self._delete(JobRow.expires_at <= self._clock.now()))[0]

    async def delete_all(self, workspace: WorkspaceId) -> Sequence[BlobPrefix]:
        """Done or not, with texts and audio; returns where the audio was."""
        return (await self._delete(JobRow.workspace == workspace))[1]

    async def _delete(self, condition: ColumnElement[bool]) -> tuple[int, Sequence[BlobPrefix]]:
        owned = JobItemRow.job_id.in_(select(JobRow.job_id).where(condition)), JobItemRow.blob_prefix.is_not(None)

        def delete_jobs(session: Session) -> tuple[int, Sequence[BlobPrefix]]:
            job_ids = session.scalars(select(JobRow.job_id).where(condition).with_for_update()).all()
            found = session.scalars(select(JobItemRow.blob_prefix).where(*owned))
            prefixes = [BlobPrefix(prefix) for prefix in found if prefix is not None]
            self._ledger.disown(session, prefixes)
            session.execute(delete(JobRow).where(condition))
            return len(job_ids), prefixes

        num_jobs, prefixes = await self._database.write(delete_jobs)
        if num_jobs:
            await uncut(self._forget(prefixes))
        return num_jobs, prefixes

    async def _forget(self, prefixes: Sequence[BlobPrefix]) -> None:
        await self._ledger.remove(prefixes)
        # The texts, out of the write-ahead log too.
        await self._database.wipe()


def _is_pending(claimed: ClaimedItem) -> tuple[ColumnElement[bool], ...]:
    """And claimed by nobody else since."""
    is_item = JobItemRow.job_id == claimed.job.job_id, JobItemRow.position == claimed.position
    return *is_item, JobItemRow.num_attempts == claimed.num_attempts, _IS_PENDING


def _to_job(row: JobRow) -> Job:
    return Job(**{field.name: getattr(row, field.name) for field in fields(Job)})


def _to_item(row: JobItemRow) -> JobItem:
    return JobItem(row.custom_id, VoiceId(row.voice_id), row.media_type, row.has_timestamps, row.failure)
