"""Voices in SQL, their recordings and artifacts in object storage, and no moment at which only half of one exists.

The rule that makes it so: **a blob prefix is owned by a voice row or listed in `pending_blobs`, from before its first
byte until after its last.** Every change of owner is one transaction:

    clone     pending += new | put blobs | voices += row, pending -= new
    improve   pending += new | put blob  | row: old -> new, pending -= new, += old | remove old | pending -= old
    delete    voices -= row, pending += old | remove blobs | pending -= old

A process that dies at any `|` leaves a whole voice or none, and names what to remove in `pending_blobs`; `recover`
removes it. docs/decisions/0006-store-format.md has the reasons.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from myna.domain.errors import ServiceUnavailable, VoiceAlreadyExists
from myna.domain.language import LangCode
from myna.domain.voice import (
    Refinement,
    Voice,
    VoiceArtifact,
    VoiceDesign,
    VoiceId,
    VoiceSource,
    WorkspaceId,
    unknown_voice,
)
from myna.store.blobs import BlobPrefix, Blobs, new_blob_prefix
from myna.store.database import Database
from myna.store.keys import ensure_workspace
from myna.store.owners import StoreOwners
from myna.store.tables import PendingBlobsRow, SampleRow, VoiceRow
from myna.usecases.ports import Clock, StoredSample, StoredVoice, VoiceChange

logger = logging.getLogger(__name__)

T = TypeVar("T")

_ARTIFACT = "artifact"
_ABANDONED_AFTER = timedelta(hours=1)
"""Where locks cannot tell whether another machine's store is alive, its pending blobs count as left behind after this:
far longer than any upload, far shorter than anybody would keep paying for the space."""
_MAX_READ_ATTEMPTS = 5


class SqlVoiceStore:
    """Implements `VoiceStore`. Nothing is opened before the first call; `Database.start` comes before it."""

    def __init__(self, database: Database, blobs: Blobs, clock: Clock, owners: StoreOwners | None) -> None:
        """owners: who else uses this store on this machine; None if it is shared by machines."""
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._owners = owners
        self._own_id = owners.own_id if owners is not None else new_blob_prefix()
        self._in_flight: set[BlobPrefix] = set()
        self._running: set[asyncio.Task[Any]] = set()

    # --- reading ---------------------------------------------------------------------------------------------------

    async def get(self, workspace: WorkspaceId, voice_id: VoiceId) -> Voice:
        async with self._database.reading() as session:
            return _to_voice(await self._find(session, workspace, voice_id))

    async def get_with_artifact(self, workspace: WorkspaceId, voice_id: VoiceId) -> StoredVoice:
        """Raises: VoiceNotFound, ServiceUnavailable (the artifact is missing or damaged)."""
        prefix = None
        for _ in range(_MAX_READ_ATTEMPTS):
            async with self._database.reading() as session:
                row = await self._find(session, workspace, voice_id)
            content = await self._blobs.get(BlobPrefix(row.artifact_prefix), _ARTIFACT)
            if content is not None and _sha256(content) == row.artifact_sha256:
                return StoredVoice(_to_voice(row), VoiceArtifact(content, row.engine_id, row.engine_version))
            if row.artifact_prefix == prefix:
                break
            # A better artifact may have taken its place between the two reads: look again before complaining.
            prefix = row.artifact_prefix
        raise _damaged(voice_id, "artifact")

    async def get_samples(self, workspace: WorkspaceId, voice_id: VoiceId) -> Sequence[StoredSample]:
        """Raises: VoiceNotFound, ServiceUnavailable (a sample is missing or damaged)."""
        async with self._database.reading() as session:
            row = await self._find(session, workspace, voice_id, with_samples=True)
        samples = []
        for sample in row.samples:
            wav = await self._blobs.get(BlobPrefix(row.samples_prefix or ""), _sample_name(sample.position))
            if wav is None or _sha256(wav) != sample.sha256:
                await self.get(workspace, voice_id)
                raise _damaged(voice_id, "samples")
            samples.append(StoredSample(wav, sample.transcript, LangCode(sample.lang), sample.rating))
        return samples

    async def list(self, workspace: WorkspaceId) -> Sequence[Voice]:
        async with self._database.reading() as session:
            rows = await session.scalars(
                select(VoiceRow)
                .where(VoiceRow.workspace == workspace, VoiceRow.is_draft.is_(False))
                .order_by(VoiceRow.created_at, VoiceRow.id)
            )
            return [_to_voice(row) for row in rows]

    async def check(self) -> None:
        async with self._database.writing() as session:
            await session.execute(select(1))
        await self._blobs.check()

    # --- writing ---------------------------------------------------------------------------------------------------

    async def add(
        self, workspace: WorkspaceId, voice: Voice, artifact: VoiceArtifact, samples: Sequence[StoredSample]
    ) -> None:
        """Raises: VoiceAlreadyExists, ServiceUnavailable (disk full and the like; nothing is left then)."""
        await self._uncut(self._add(workspace, voice, artifact, samples))

    async def _add(
        self, workspace: WorkspaceId, voice: Voice, artifact: VoiceArtifact, samples: Sequence[StoredSample]
    ) -> None:
        async with self._database.reading() as session:
            await self._refuse_taken(session, workspace, voice.voice_id)
        contents = {_sample_name(position): sample.wav for position, sample in enumerate(samples)}
        prefixes = [new_blob_prefix() for _ in range(2 if contents else 1)]
        row = _to_row(workspace, voice, artifact, samples, prefixes)
        async with self._pending(prefixes):
            await self._blobs.put(prefixes[0], {_ARTIFACT: artifact.content})
            if contents:
                await self._blobs.put(prefixes[1], contents)
            try:
                async with self._database.writing() as session:
                    await self._take_over(session, prefixes)
                    await ensure_workspace(session, workspace, self._clock)
                    await self._refuse_taken(session, workspace, voice.voice_id)
                    session.add(row)
            except IntegrityError as exc:
                # PostgreSQL: another writer took the id between the look and the insert.
                raise _taken(voice.voice_id) from exc

    async def update(self, workspace: WorkspaceId, voice_id: VoiceId, change: VoiceChange) -> Voice:
        async with self._database.writing() as session:
            row = await self._find(session, workspace, voice_id)
            _apply(row, change)
            return _to_voice(row)

    async def publish(self, workspace: WorkspaceId, voice_id: VoiceId, change: VoiceChange) -> Voice:
        async with self._database.writing() as session:
            row = await self._find(session, workspace, voice_id)
            _apply(row, change)
            row.is_draft = False
            row.expires_at = None
            return _to_voice(row)

    async def replace_artifact(
        self,
        workspace: WorkspaceId,
        voice_id: VoiceId,
        artifact: VoiceArtifact,
        refinement: Refinement = Refinement.DONE,
    ) -> None:
        await self._uncut(self._replace_artifact(workspace, voice_id, artifact, refinement))

    async def _replace_artifact(
        self, workspace: WorkspaceId, voice_id: VoiceId, artifact: VoiceArtifact, refinement: Refinement
    ) -> None:
        await self.get(workspace, voice_id)
        new = new_blob_prefix()
        async with self._pending([new]):
            await self._blobs.put(new, {_ARTIFACT: artifact.content})
            async with self._database.writing() as session:
                await self._take_over(session, [new])
                row = await self._find(session, workspace, voice_id, for_change=True)
                old = BlobPrefix(row.artifact_prefix)
                row.artifact_prefix = new
                row.artifact_sha256 = artifact.digest
                row.engine_id, row.engine_version = artifact.engine_id, artifact.engine_version
                row.refinement = refinement
                self._disown(session, [old])
        await self._remove([old])

    async def list_pending_refinements(self) -> Sequence[Voice]:
        pending = select(VoiceRow).where(VoiceRow.refinement == Refinement.PENDING).order_by(VoiceRow.created_at)
        async with self._database.reading() as session:
            return [_to_voice(row) for row in await session.scalars(pending)]

    async def list_made_by_others(self, engine_id: str, engine_version: str) -> Sequence[Voice]:
        is_other = or_(VoiceRow.engine_id != engine_id, VoiceRow.engine_version != engine_version)
        others = select(VoiceRow).where(is_other, VoiceRow.is_draft.is_(False))
        async with self._database.reading() as session:
            rows = await session.scalars(others.order_by(VoiceRow.created_at, VoiceRow.id))
            return [_to_voice(row) for row in rows]

    async def delete(self, workspace: WorkspaceId, voice_id: VoiceId) -> None:
        await self._uncut(self._delete(workspace, voice_id))

    async def _delete(self, workspace: WorkspaceId, voice_id: VoiceId) -> None:
        async with self._database.writing() as session:
            row = await self._find(session, workspace, voice_id, for_change=True)
            prefixes = await self._delete_row(session, row)
        await self._remove(prefixes)

    async def delete_expired_drafts(self) -> int:
        return await self._uncut(self._delete_expired_drafts())

    async def _delete_expired_drafts(self) -> int:
        expired = select(VoiceRow).where(VoiceRow.is_draft.is_(True), VoiceRow.expires_at <= self._clock.now())
        prefixes: list[BlobPrefix] = []
        async with self._database.writing() as session:
            rows = (await session.scalars(expired)).all()
            for row in rows:
                prefixes += await self._delete_row(session, row)
        await self._remove(prefixes)
        return len(rows)

    async def recover(self) -> int:
        """Remove the blobs of dead stores; those of stores that are running are left alone.

        Also removes what this store could not remove earlier, so it may be called again at leisure.
        """
        if self._owners is not None:
            await asyncio.to_thread(self._owners.claim)
        async with self._database.reading() as session:
            rows = (await session.scalars(select(PendingBlobsRow))).all()
        abandoned = [BlobPrefix(row.prefix) for row in rows if self._is_abandoned(row)]
        await self._uncut(self._remove(abandoned))
        if self._owners is not None:
            await asyncio.to_thread(self._owners.forget_dead)
        return len(abandoned)

    async def close(self) -> None:
        """Finish what is being written, then stop being known as alive."""
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._owners is not None:
            await asyncio.to_thread(self._owners.release)

    # --- ownership of blobs ----------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _pending(self, prefixes: Sequence[BlobPrefix]) -> AsyncIterator[None]:
        """List prefixes before anything is written under them; remove everything if the block fails."""
        self._in_flight.update(prefixes)
        try:
            if self._owners is not None:
                await asyncio.to_thread(self._owners.claim)
            async with self._database.writing() as session:
                self._disown(session, prefixes)
            try:
                yield
            except BaseException:
                await self._remove(prefixes)
                raise
        finally:
            self._in_flight.difference_update(prefixes)

    def _disown(self, session: AsyncSession, prefixes: Sequence[BlobPrefix]) -> None:
        now = self._clock.now()
        session.add_all(PendingBlobsRow(prefix=prefix, owner=self._own_id, created_at=now) for prefix in prefixes)

    async def _take_over(self, session: AsyncSession, prefixes: Sequence[BlobPrefix]) -> None:
        """Unlist prefixes because a voice owns them from now on.

        If they are not listed any more, somebody took this store for dead and removed the blobs: then give up.
        Raises: ServiceUnavailable.
        """
        gone = await session.execute(
            delete(PendingBlobsRow).where(PendingBlobsRow.prefix.in_(prefixes)).returning(PendingBlobsRow.prefix)
        )
        if len(gone.all()) != len(prefixes):
            raise ServiceUnavailable("The voice could not be stored: the store was cleaned meanwhile. Try again.")

    async def _remove(self, prefixes: Sequence[BlobPrefix]) -> None:
        """Remove listed blobs and unlist them. What cannot be removed stays listed for `recover`: never an error."""
        if not prefixes:
            return
        try:
            for prefix in prefixes:
                await self._blobs.delete(prefix)
            async with self._database.writing() as session:
                await session.execute(delete(PendingBlobsRow).where(PendingBlobsRow.prefix.in_(prefixes)))
        except ServiceUnavailable:
            logger.warning("blobs of %d prefixes stay until the next recovery", len(prefixes))

    async def _delete_row(self, session: AsyncSession, row: VoiceRow) -> Sequence[BlobPrefix]:
        prefixes = [BlobPrefix(prefix) for prefix in (row.artifact_prefix, row.samples_prefix) if prefix]
        self._disown(session, prefixes)
        await session.execute(delete(VoiceRow).where(VoiceRow.id == row.id))
        return prefixes

    def _is_abandoned(self, row: PendingBlobsRow) -> bool:
        if row.prefix in self._in_flight:
            return False
        if row.owner == self._own_id:
            return True
        if self._owners is not None:
            return not self._owners.is_alive(row.owner)
        return row.created_at < self._clock.now() - _ABANDONED_AFTER

    async def _uncut(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end even if the caller is cancelled: a client that leaves does not leave half a step."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    # --- rows ------------------------------------------------------------------------------------------------------

    async def _find(
        self,
        session: AsyncSession,
        workspace: WorkspaceId,
        voice_id: VoiceId,
        *,
        with_samples: bool = False,
        for_change: bool = False,
    ) -> VoiceRow:
        query: Select[VoiceRow] = select(VoiceRow).where(VoiceRow.workspace == workspace, VoiceRow.voice_id == voice_id)
        if with_samples:
            query = query.options(selectinload(VoiceRow.samples))
        if for_change:
            query = query.with_for_update()
        row = await session.scalar(query)
        if row is None or (row.is_draft and row.expires_at is not None and row.expires_at <= self._clock.now()):
            raise unknown_voice(voice_id)
        return row

    async def _refuse_taken(self, session: AsyncSession, workspace: WorkspaceId, voice_id: VoiceId) -> None:
        query = select(VoiceRow.id).where(VoiceRow.workspace == workspace, VoiceRow.voice_id == voice_id)
        if await session.scalar(query) is not None:
            raise _taken(voice_id)


def _taken(voice_id: VoiceId) -> VoiceAlreadyExists:
    return VoiceAlreadyExists(f"The voice id '{voice_id[:128]}' is taken.")


def _damaged(voice_id: VoiceId, part: str) -> ServiceUnavailable:
    logger.error("the %s of voice %s are missing or do not match their digest", part, voice_id)
    remedy = "make it again with `myna voices remake`" if part == _ARTIFACT else "delete the voice and clone it again"
    return ServiceUnavailable(
        f"The stored {part} of voice '{voice_id[:128]}' cannot be read: missing or damaged. Restore the data folder "
        f"from a backup, or {remedy}."
    )


def _sample_name(position: int) -> str:
    return f"sample-{position}.wav"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _apply(row: VoiceRow, change: VoiceChange) -> None:
    if change.display_name is not None:
        row.display_name = change.display_name
    if change.description is not None:
        row.description = change.description
    if change.tags is not None:
        row.tags = list(change.tags)
    if change.gender is not None:
        row.gender = change.gender
    if change.age_group is not None:
        row.age_group = change.age_group


def _to_row(
    workspace: WorkspaceId,
    voice: Voice,
    artifact: VoiceArtifact,
    samples: Sequence[StoredSample],
    prefixes: Sequence[BlobPrefix],
) -> VoiceRow:
    return VoiceRow(
        workspace=workspace,
        voice_id=voice.voice_id,
        display_name=voice.display_name,
        lang=voice.lang.value,
        source=voice.source.value,
        created_at=voice.created_at,
        description=voice.description,
        tags=list(voice.tags),
        gender=voice.gender,
        age_group=voice.age_group,
        is_draft=voice.is_draft,
        expires_at=voice.expires_at,
        consent=voice.consent,
        refinement=voice.refinement,
        design_prompt=voice.design.prompt if voice.design is not None else None,
        design_seed=voice.design.seed if voice.design is not None else None,
        engine_id=artifact.engine_id,
        engine_version=artifact.engine_version,
        artifact_prefix=prefixes[0],
        artifact_sha256=artifact.digest,
        samples_prefix=prefixes[1] if samples else None,
        samples=[
            SampleRow(
                position=position,
                transcript=sample.transcript,
                lang=sample.lang.value,
                sha256=_sha256(sample.wav),
                rating=sample.rating,
            )
            for position, sample in enumerate(samples)
        ],
    )


def _to_voice(row: VoiceRow) -> Voice:
    return Voice(
        voice_id=VoiceId(row.voice_id),
        workspace=WorkspaceId(row.workspace),
        display_name=row.display_name,
        lang=LangCode(row.lang),
        source=VoiceSource(row.source),
        created_at=row.created_at,
        description=row.description,
        tags=tuple(row.tags),
        gender=row.gender,
        age_group=row.age_group,
        is_draft=row.is_draft,
        expires_at=row.expires_at,
        consent=row.consent,
        refinement=Refinement(row.refinement),
        design=_to_design(row),
    )


def _to_design(row: VoiceRow) -> VoiceDesign | None:
    if row.design_prompt is None or row.design_seed is None:
        return None
    return VoiceDesign(row.design_prompt, row.design_seed)
