"""Who owns which blobs: a note for every prefix that no voice owns, so that a crash leaves nothing that nobody finds.

**A blob prefix is owned by a row (of a voice, of a job's item) or listed in `pending_blobs`, from before its first byte
until after its last.**
docs/decisions/0006-store-format.md has the reasons.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from myna.domain.errors import ServiceUnavailable
from myna.store.blobs import BlobPrefix, Blobs, new_blob_prefix
from myna.store.database import Database
from myna.store.owners import StoreOwners
from myna.store.tables import JobItemRow, PendingBlobsRow, VoiceRow
from myna.usecases.ports import Clock

logger = logging.getLogger(__name__)

_ABANDONED_AFTER = timedelta(hours=1)
"""Where locks do not tell whether another machine's store is alive, its blobs count as left behind after this: far
longer than any upload."""


class BlobLedger:
    """The list, as one running store keeps it."""

    def __init__(self, database: Database, blobs: Blobs, clock: Clock, owners: StoreOwners | None) -> None:
        """owners: who else uses this store on this machine; None if it is shared by machines."""
        self.blobs = blobs
        self._database = database
        self._clock = clock
        self._owners = owners
        self.own_id = owners.own_id if owners is not None else new_blob_prefix()
        self._in_flight: set[BlobPrefix] = set()

    @asynccontextmanager
    async def pending(self, prefixes: Collection[BlobPrefix]) -> AsyncIterator[None]:
        """List prefixes before a byte; if the block fails, remove what no voice owns. Raises: ServiceUnavailable."""
        self._in_flight.update(prefixes)
        try:
            if self._owners is not None:
                await asyncio.to_thread(self._owners.claim)
            # Some may be listed: by a copy of a store that was killed and is repeated now.
            await self._database.write(
                lambda session: self.disown(session, set(prefixes) - self._claim(session, prefixes))
            )
            try:
                yield
            except BaseException:
                await self._give_up(prefixes)
                raise
        finally:
            self._in_flight.difference_update(prefixes)

    def disown(self, session: Session, prefixes: Collection[BlobPrefix]) -> None:
        """List prefixes, because no voice owns them from this transaction on."""
        now = self._clock.now()
        session.add_all(PendingBlobsRow(prefix=prefix, owner=self.own_id, created_at=now) for prefix in prefixes)

    def take_over(self, session: Session, prefixes: Collection[BlobPrefix]) -> None:
        """A voice owns them from this transaction on. Raises: ServiceUnavailable if we were taken for dead."""
        gone = session.execute(
            delete(PendingBlobsRow)
            .where(PendingBlobsRow.prefix.in_(prefixes), PendingBlobsRow.owner == self.own_id)
            .returning(PendingBlobsRow.prefix)
        )
        if len(gone.all()) != len(prefixes):
            raise ServiceUnavailable("It could not be stored: the store was cleaned meanwhile. Try again.")

    async def remove(self, prefixes: Collection[BlobPrefix]) -> bool:
        """Remove listed blobs and unlist them; False if some cannot be removed: they stay listed for `recover`."""
        if not prefixes:
            return True
        unlist = delete(PendingBlobsRow).where(PendingBlobsRow.prefix.in_(prefixes))
        try:
            for prefix in prefixes:
                await self.blobs.delete(prefix)
            await self._database.write(lambda session: session.execute(unlist))
        except ServiceUnavailable:
            logger.warning("blobs of %d prefixes stay until the next recovery", len(prefixes))
            return False
        return True

    async def recover(self) -> int:
        """Remove what dead stores and failed removals left; returns how many prefixes. Raises: ServiceUnavailable."""
        if self._owners is not None:
            await asyncio.to_thread(self._owners.claim)
        rows = await self._database.read(lambda session: session.scalars(select(PendingBlobsRow)).all())
        abandoned = {BlobPrefix(row.prefix) for row in rows if self._is_abandoned(row)}
        if abandoned:
            await self.remove(await self._database.write(lambda session: self._claim(session, abandoned)))
        if self._owners is not None:
            await asyncio.to_thread(self._owners.forget_dead)
        return len(abandoned)

    async def close(self) -> None:
        """Stop being known as alive."""
        if self._owners is not None:
            await asyncio.to_thread(self._owners.release)

    def is_used_by_others(self) -> bool:
        """Whether another process writes here. Unknown, hence False, where machines share the store."""
        return self._owners is not None and self._owners.others_are_alive()

    def _claim(self, session: Session, prefixes: Collection[BlobPrefix]) -> set[BlobPrefix]:
        """Make notes ours, after who is at it; returns those there were. Their owner cannot `take_over` any more."""
        claimed = session.scalars(
            update(PendingBlobsRow)
            .where(PendingBlobsRow.prefix.in_(prefixes))
            .values(owner=self.own_id)
            .returning(PendingBlobsRow.prefix)
        )
        return {BlobPrefix(prefix) for prefix in claimed}

    async def _give_up(self, prefixes: Collection[BlobPrefix]) -> None:
        """Remove what no voice owns. One may: a commit whose answer never came may have been done all the same."""
        columns = (VoiceRow.artifact_prefix, VoiceRow.samples_prefix, JobItemRow.blob_prefix)

        def take_back(session: Session) -> set[BlobPrefix]:
            listed = self._claim(session, prefixes)
            owned = (session.scalars(select(column).where(column.in_(prefixes))) for column in columns)
            unowned = set(prefixes).difference(*owned)
            self.disown(session, unowned - listed)
            return unowned

        try:
            unowned = await self._database.write(take_back)
        except ServiceUnavailable:
            logger.warning("blobs of %d prefixes stay until the next recovery", len(prefixes))
        else:
            await self.remove(unowned)

    def _is_abandoned(self, row: PendingBlobsRow) -> bool:
        if row.prefix in self._in_flight:
            return False
        if row.owner == self.own_id:
            return True
        if self._owners is not None:
            return not self._owners.is_alive(row.owner)
        return row.created_at < self._clock.now() - _ABANDONED_AFTER
