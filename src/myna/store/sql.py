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
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, case, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from myna.domain.consent import Consent, Revocation, digest_voice_id
from myna.domain.errors import ServiceUnavailable, VoiceAlreadyExists
from myna.domain.language import LangCode
from myna.domain.voice import (
    PENDING_STAGES,
    Refinement,
    TrialMeasures,
    Voice,
    VoiceArtifact,
    VoiceId,
    WorkspaceId,
    unknown_voice,
)
from myna.store.blob_ledger import BlobLedger
from myna.store.blobs import BlobPrefix, new_blob_prefix
from myna.store.database import Database
from myna.store.keys import ensure_workspace
from myna.store.request_keys import finish_request
from myna.store.tables import AnyRow, JobItemRow, JobRow, RequestKeyRow, RevocationRow, VoiceRow
from myna.store.voice_rows import (
    ARTIFACT,
    ARTIFACT_COLUMNS,
    VOICE_COLUMNS,
    apply_change,
    digests,
    sample_name,
    sha256,
    to_consent_text,
    to_revocation,
    to_revocation_row,
    to_row,
    to_voice,
)
from myna.store.voice_selecting import listed, select_voices
from myna.usecases.ports import Clock, DeletedFiles, RequestMark, StoredSample, StoredVoice, VoiceChange
from myna.usecases.repeated_requests import KEPT, still_at_work
from myna.usecases.voice_order import SelectedVoices, VoiceSelection

logger = logging.getLogger(__name__)

T = TypeVar("T")

_MAX_READ_ATTEMPTS = 5
_CHECK_S = 3.0


class SqlVoiceStore:
    """Implements `VoiceStore`. Nothing is opened before the first call; `Database.start` comes before it."""

    def __init__(self, database: Database, ledger: BlobLedger, clock: Clock) -> None:
        self._database = database
        self._ledger = ledger
        self._blobs = ledger.blobs
        self._clock = clock
        self.batch = 100
        """Voices that house-keeping changes in one transaction: a request that writes waits behind it."""
        self._running: set[asyncio.Task[Any]] = set()

    # --- reading ---------------------------------------------------------------------------------------------------

    async def get(self, workspace: WorkspaceId, voice_id: VoiceId) -> Voice:
        return to_voice(await self._read(workspace, voice_id))

    async def get_with_artifact(self, workspace: WorkspaceId, voice_id: VoiceId) -> StoredVoice:
        """Raises: VoiceNotFound, ServiceUnavailable (the artifact is missing or damaged)."""
        prefix = None
        for _ in range(_MAX_READ_ATTEMPTS):
            row = await self._read(workspace, voice_id)
            content = await self._blobs.get(BlobPrefix(row.artifact_prefix), ARTIFACT)
            if content is not None and sha256(content) == row.artifact_sha256:
                return StoredVoice(to_voice(row), VoiceArtifact(content, row.engine_id, row.engine_version))
            if row.artifact_prefix == prefix:
                break
            # A better artifact may have taken its place between the two reads: look again before complaining.
            prefix = row.artifact_prefix
        raise _damaged(voice_id, "artifact")

    async def get_samples(self, workspace: WorkspaceId, voice_id: VoiceId) -> Sequence[StoredSample]:
        """Raises: VoiceNotFound, ServiceUnavailable (a sample is missing or damaged)."""
        row = await self._database.read(lambda session: self._find(session, workspace, voice_id, with_samples=True))
        samples = []
        for sample in row.samples:
            wav = await self._blobs.get(BlobPrefix(row.samples_prefix or ""), sample_name(sample.position))
            if wav is None or sha256(wav) != sample.sha256:
                await self.get(workspace, voice_id)
                raise _damaged(voice_id, "samples")
            samples.append(
                StoredSample(wav, sample.transcript, LangCode(sample.lang), sample.rating, sample.recording_sha256)
            )
        return samples

    async def list(self, workspace: WorkspaceId) -> Sequence[Voice]:
        return await self._list(listed(workspace))

    async def _list(self, *conditions: ColumnElement[bool]) -> Sequence[Voice]:
        """Oldest first."""
        query = select(*VOICE_COLUMNS).where(*conditions).order_by(VoiceRow.created_at, VoiceRow.id)
        return await self._database.read(lambda session: [to_voice(row) for row in session.execute(query)])

    async def select(self, workspace: WorkspaceId, selection: VoiceSelection) -> SelectedVoices:
        queries = select_voices(workspace, selection, VOICE_COLUMNS, is_sqlite=self._database.is_sqlite)
        if queries is None:
            return await asyncio.to_thread(selection.of, await self.list(workspace))
        voices, number = queries

        def read(session: Session) -> SelectedVoices:
            return SelectedVoices(list(map(to_voice, session.execute(voices))), session.scalar(number) or 0)

        return await self._database.read(read)

    async def list_names(self, workspace: WorkspaceId) -> Sequence[tuple[VoiceId, str]]:
        names = select(VoiceRow.voice_id, VoiceRow.display_name).where(listed(workspace))
        in_order = names.order_by(VoiceRow.created_at, VoiceRow.voice_id)
        return await self._database.read(lambda session: [(VoiceId(v), name) for v, name in session.execute(in_order)])

    async def list_languages(self, workspace: WorkspaceId) -> set[LangCode]:
        query = select(VoiceRow.lang).where(listed(workspace)).distinct()
        return await self._database.read(lambda session: set(map(LangCode, session.scalars(query))))

    async def check(self) -> None:
        """Raises: ServiceUnavailable, in less than five seconds, when the store cannot be read and written."""
        checking = asyncio.create_task(self._check())
        done, _ = await asyncio.wait({checking}, timeout=_CHECK_S)
        if not done:
            # Not waited for: what does not answer takes its time to be given up too.
            checking.cancel()
            raise ServiceUnavailable("The database or the object storage does not answer. Try again in a moment.")
        await checking

    async def _check(self) -> None:
        await self._database.check()
        await self._blobs.check()

    # --- writing ---------------------------------------------------------------------------------------------------

    async def add(
        self,
        workspace: WorkspaceId,
        voice: Voice,
        artifact: VoiceArtifact,
        samples: Sequence[StoredSample],
        *,
        mark: RequestMark | None = None,
        note: Callable[[], None] | None = None,
    ) -> None:
        """Raises: VoiceAlreadyExists, RequestInProgress, ServiceUnavailable (disk full and the like; nothing is left
        then)."""
        contents = {sample_name(position): sample.wav for position, sample in enumerate(samples)}
        prefixes = [new_blob_prefix() for _ in range(2 if contents else 1)]
        row = to_row(workspace, voice, artifact, samples, prefixes)
        taken = select(VoiceRow.id).where(VoiceRow.workspace == workspace, VoiceRow.voice_id == voice.voice_id)

        def refuse_taken(session: Session) -> None:
            if session.scalar(taken) is not None:
                raise _taken(voice.voice_id)

        def add(session: Session) -> None:
            self._ledger.take_over(session, prefixes)
            ensure_workspace(session, workspace, self._clock, voice.created_at)
            refuse_taken(session)
            session.add(row)
            until = self._clock.now() + KEPT
            if mark is not None and not finish_request(session, workspace, mark, [voice.voice_id], until):
                raise still_at_work()  # by another, to which its key was given when it took too long

        async def put_and_add() -> None:
            await self._database.read(refuse_taken)
            async with self._ledger.pending(prefixes):
                await self._blobs.put(prefixes[0], {ARTIFACT: artifact.content})
                if contents:
                    await self._blobs.put(prefixes[1], contents)
                try:
                    await self._database.write(add, before_commit=note)
                except IntegrityError as exc:
                    # PostgreSQL: another writer took the id between the look and the insert.
                    raise _taken(voice.voice_id) from exc

        await self._detached(put_and_add())

    async def update(self, workspace: WorkspaceId, voice_id: VoiceId, change: VoiceChange) -> Voice:
        return await self._change(workspace, voice_id, lambda _, row: apply_change(row, change))

    async def publish(self, workspace: WorkspaceId, voice_id: VoiceId, change: VoiceChange) -> Voice:
        def publish(_: Session, row: VoiceRow) -> None:
            apply_change(row, change)
            row.is_draft, row.expires_at = False, None

        return await self._change(workspace, voice_id, publish)

    async def set_consent(
        self,
        workspace: WorkspaceId,
        voice_id: VoiceId,
        consent: Consent,
        *,
        note: Callable[[], None] | None = None,
    ) -> Voice:
        def replace(session: Session, row: VoiceRow) -> None:
            row.consent = to_consent_text(consent)
            if consent.revoked_at is not None:
                session.merge(to_revocation_row(workspace, voice_id, consent, consent.revoked_at))

        return await self._change(workspace, voice_id, replace, note=note)

    async def list_revocations(self, workspace: WorkspaceId, voice_id: VoiceId) -> Sequence[Revocation]:
        digests = digest_voice_id(voice_id), voice_id
        of_voice = RevocationRow.workspace == workspace, RevocationRow.voice_sha256.in_(digests)
        query = select(RevocationRow).where(*of_voice).order_by(RevocationRow.revoked_at.desc())
        return await self._database.read(lambda session: list(map(to_revocation, session.scalars(query))))

    async def replace_artifact(
        self,
        workspace: WorkspaceId,
        voice_id: VoiceId,
        artifact: VoiceArtifact,
        refinement: Refinement = Refinement.DONE,
        *,
        over: StoredVoice | None = None,
    ) -> bool:
        new, replaced = new_blob_prefix(), list[BlobPrefix]()

        def replace(session: Session, row: VoiceRow) -> None:
            if over is not None:
                _refuse_outrun(row, over)
            self._ledger.take_over(session, [new])
            replaced.append(BlobPrefix(row.artifact_prefix))
            self._ledger.disown(session, replaced)
            row.artifact_prefix, row.artifact_sha256 = new, artifact.digest
            row.engine_id, row.engine_version = artifact.engine_id, artifact.engine_version
            row.refinement, row.claimed_until = refinement, None
            if refinement is not Refinement.DONE:
                row.similarity = row.clarity = None

        async def put_and_replace() -> None:
            await self.get(workspace, voice_id)
            async with self._ledger.pending([new]):
                await self._blobs.put(new, {ARTIFACT: artifact.content})
                await self._change(workspace, voice_id, replace)
            await self._ledger.remove(replaced)

        try:
            await self._detached(put_and_replace())
        except _Outrun:
            return False
        return True

    async def set_measures(self, over: StoredVoice, measures: TrialMeasures, refinement: Refinement) -> bool:
        def keep(_: Session, row: VoiceRow) -> None:
            _refuse_outrun(row, over)
            row.similarity, row.clarity = measures.similarity, measures.clarity
            row.refinement, row.claimed_until = refinement, None

        try:
            await self._change(over.voice.workspace, over.voice.voice_id, keep)
        except _Outrun:
            return False
        return True

    async def claim_refinement(self, voice: Voice, lifetime: timedelta) -> bool:
        now, own_id = self._clock.now(), self._ledger.own_id

        def claim(_: Session, row: VoiceRow) -> None:
            to_voice(row).refuse_if_revoked()
            is_others = row.claimed_by != own_id and row.claimed_until is not None and row.claimed_until > now
            if is_others or row.refinement != voice.refinement:
                raise _Outrun
            row.claimed_by, row.claimed_until = own_id, now + lifetime

        try:
            await self._change(voice.workspace, voice.voice_id, claim, is_lasting=False)
        except _Outrun:
            return False
        return True

    async def list_pending_refinements(self, engine_id: str, engine_version: str) -> Sequence[Voice]:
        is_own = VoiceRow.engine_id == engine_id, VoiceRow.engine_version == engine_version
        return await self._list(VoiceRow.refinement.in_(PENDING_STAGES), *is_own)

    async def list_made_by_others(self, engine_id: str, engine_version: str) -> Sequence[Voice]:
        is_other = or_(VoiceRow.engine_id != engine_id, VoiceRow.engine_version != engine_version)
        return await self._list(is_other, VoiceRow.is_draft.is_(False))

    async def delete(self, workspace: WorkspaceId, voice_id: VoiceId) -> DeletedFiles:
        def delete_row(session: Session) -> dict[BlobPrefix, dict[str, str]]:
            row = self._find(session, workspace, voice_id, with_samples=True, for_change=True)
            self._delete_rows(session, [row])
            return digests(row)

        async def delete_and_remove() -> DeletedFiles:
            files = await self._database.write(delete_row)
            are_removed = await self._ledger.remove(list(files))
            await self._database.wipe()
            return DeletedFiles(tuple(sha for names in files.values() for sha in names.values()), are_removed)

        return await self._detached(delete_and_remove())

    async def delete_expired_drafts(self) -> int:
        is_expired = (VoiceRow.is_draft.is_(True), VoiceRow.expires_at <= self._clock.now())
        num_drafts = 0
        while deleted := await self._detached(self._delete_some(*is_expired)):
            num_drafts += len(deleted)
        return num_drafts

    async def delete_made_before(
        self, moment: datetime, note: Callable[[VoiceId], None] | None = None
    ) -> Sequence[VoiceId]:
        return await self._detached(self._delete_some(VoiceRow.created_at < moment, note=note))

    async def _delete_some(
        self, *conditions: ColumnElement[bool], note: Callable[[VoiceId], None] | None = None
    ) -> Sequence[VoiceId]:
        voice_ids: Sequence[VoiceId] = ()

        def note_all() -> None:
            if note is not None:
                for voice_id in voice_ids:
                    note(voice_id)

        # What another process is deleting at this moment is left to it.
        query = select(VoiceRow).where(*conditions).limit(self.batch).with_for_update(skip_locked=True)

        def delete_some(session: Session) -> Sequence[BlobPrefix]:
            nonlocal voice_ids
            rows = session.scalars(query).all()
            voice_ids = [VoiceId(row.voice_id) for row in rows]
            return self._delete_rows(session, rows)

        prefixes = await self._database.write(delete_some, before_commit=note_all)
        if voice_ids:
            await self._ledger.remove(prefixes)
            await self._database.wipe()
        return voice_ids

    async def recover(self) -> int:
        """Remove the blobs of dead stores; those of stores that are running are left alone.

        Also removes what this store could not remove earlier, so it may be called again at leisure. And mends what
        processes of an older version, which may still be running, leave incomplete.
        """
        num_leftovers = await self._detached(self._ledger.recover())
        await self._detached(self._mend_sort_names())
        await self._database.wipe()
        return num_leftovers

    async def close(self) -> None:
        """Finish what is being written, then stop being known as alive."""
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._ledger.close()

    async def _mend_sort_names(self) -> None:
        """Processes from before migration 0016 name voices without it, and pages would go past these."""
        query = select(VoiceRow.id, VoiceRow.display_name, VoiceRow.sort_name)
        names = await self._database.read(lambda session: session.execute(query).all())
        stale = [(number, name) for number, name, sort_name in names if sort_name != name.casefold()]

        def mend(session: Session) -> None:
            for number, name in batch:
                is_still_so = VoiceRow.id == number, VoiceRow.display_name == name
                session.execute(update(VoiceRow).where(*is_still_so).values(sort_name=name.casefold()))

        for first in range(0, len(stale), self.batch):
            batch = stale[first : first + self.batch]
            await self._database.write(mend)

    def _delete_rows(self, session: Session, rows: Sequence[VoiceRow]) -> Sequence[BlobPrefix]:
        prefixes = [
            BlobPrefix(prefix) for row in rows for prefix in (row.artifact_prefix, row.samples_prefix) if prefix
        ]
        self._ledger.disown(session, prefixes)
        session.execute(delete(VoiceRow).where(VoiceRow.id.in_([row.id for row in rows])))
        for workspace in sorted({row.workspace for row in rows}):
            _forget_ids(session, workspace, [row.voice_id for row in rows if row.workspace == workspace])
        return prefixes

    async def _detached(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end even if the caller is cancelled, who does not wait for it: a client that leaves does not leave
        half a step. `close` waits."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    # --- rows ------------------------------------------------------------------------------------------------------

    async def _read(self, workspace: WorkspaceId, voice_id: VoiceId) -> AnyRow:
        """`VOICE_COLUMNS`, and where its artifact is. Raises: VoiceNotFound."""

        def find(session: Session) -> AnyRow | None:
            return session.execute(select(*VOICE_COLUMNS, *ARTIFACT_COLUMNS).where(*_is(workspace, voice_id))).first()

        row = await self._database.read(find, ("voice", workspace, voice_id))
        if row is None or self._is_expired(row):
            raise unknown_voice(voice_id)
        return row

    async def _change(
        self,
        workspace: WorkspaceId,
        voice_id: VoiceId,
        change: Callable[[Session, VoiceRow], None],
        *,
        is_lasting: bool = True,
        note: Callable[[], None] | None = None,
    ) -> Voice:
        """The voice as it is then. Raises: VoiceNotFound, and what `change` raises: then all is as it was."""

        def work(session: Session) -> Voice:
            row = self._find(session, workspace, voice_id, for_change=True)
            change(session, row)
            return to_voice(row)

        return await self._database.write(work, is_lasting=is_lasting, before_commit=note)

    def _find(
        self,
        session: Session,
        workspace: WorkspaceId,
        voice_id: VoiceId,
        *,
        with_samples: bool = False,
        for_change: bool = False,
    ) -> VoiceRow:
        query: Select[VoiceRow] = select(VoiceRow).where(*_is(workspace, voice_id))
        if with_samples:
            query = query.options(selectinload(VoiceRow.samples))
        if for_change:
            query = query.with_for_update()
        row = session.scalar(query)
        if row is None or self._is_expired(row):
            raise unknown_voice(voice_id)
        return row

    def _is_expired(self, row: VoiceRow | AnyRow) -> bool:
        return row.is_draft and row.expires_at is not None and row.expires_at <= self._clock.now()


def _is(workspace: WorkspaceId, voice_id: VoiceId) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return VoiceRow.workspace == workspace, VoiceRow.voice_id == voice_id


def _forget_ids(session: Session, workspace: str, voice_ids: Sequence[str]) -> None:
    """A person's name may be in one: what else knows it for a day keeps its digest."""
    digests_by_id = {voice_id: digest_voice_id(voice_id) for voice_id in voice_ids}
    theirs = JobItemRow.job_id.in_(select(JobRow.job_id).where(JobRow.workspace == workspace))
    digest = case(digests_by_id, value=JobItemRow.voice_id)
    of_these = theirs, JobItemRow.voice_id.in_(voice_ids)
    session.execute(update(JobItemRow).where(*of_these).values(voice_id=digest))
    marked = RequestKeyRow.workspace == workspace, RequestKeyRow.voice_ids.is_not(None)
    for request in session.scalars(select(RequestKeyRow).where(*marked).with_for_update()):
        request.voice_ids = [digests_by_id.get(made, made) for made in request.voice_ids or ()]


class _Outrun(Exception):
    """Somebody else was faster."""


def _refuse_outrun(row: VoiceRow, over: StoredVoice) -> None:
    to_voice(row).refuse_if_revoked()
    if (row.artifact_sha256, row.refinement) != (over.artifact.digest, over.voice.refinement):
        raise _Outrun


def _taken(voice_id: VoiceId) -> VoiceAlreadyExists:
    return VoiceAlreadyExists(f"The voice id '{voice_id[:128]}' is taken.")


def _damaged(voice_id: VoiceId, part: str) -> ServiceUnavailable:
    logger.error("the %s of a voice are missing or do not match their digest", part, extra={"voice_id": voice_id})
    remedy = "make it again with `myna voices remake`" if part == ARTIFACT else "delete the voice and clone it again"
    return ServiceUnavailable(
        f"The stored {part} of voice '{voice_id[:128]}' cannot be read: missing or damaged. Restore the data folder "
        f"from a backup, or {remedy}."
    )
