"""Counts that all processes of a store share: who has asked how often, who has sent wrong keys."""

import asyncio
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from myna.store.database import Database
from myna.store.tables import TallyRow
from myna.store.vault import Vault
from myna.usecases.ports import ChangeTally, Clock, Tally


class SqlTallies:
    """Implements `Tallies`. Names are kept as digests that only this server can make: addresses are among them."""

    def __init__(self, database: Database, clock: Clock, vault: Vault) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault

    async def get(self, name: str) -> Tally:
        async with self._database.reading() as session:
            return self._live(await session.get(TallyRow, self._vault.sign_link(name)))

    async def change(self, name: str, change: ChangeTally, lifetime: timedelta) -> None:
        # Who leaves waits for the end: a connection of SQLite that is cut off keeps the write lock for a while.
        changing = asyncio.create_task(self._change(name, change, lifetime))
        try:
            await asyncio.shield(changing)
        except asyncio.CancelledError:
            await asyncio.wait({changing})
            raise

    async def _change(self, name: str, change: ChangeTally, lifetime: timedelta) -> None:
        async with self._database.writing(is_lasting=False) as session:
            row = await self._lock(session, self._vault.sign_link(name))
            row.counts = dict(change(self._live(row)))
            row.expires_at = self._clock.now() + lifetime

    async def _lock(self, session: AsyncSession, name_hmac: str) -> TallyRow:
        row = await session.get(TallyRow, name_hmac, with_for_update=True)
        if row is not None:
            return row
        # What has expired goes when something new comes; what another process works on is left to it.
        expired = select(TallyRow.name_hmac).where(TallyRow.expires_at <= self._clock.now())
        await session.execute(delete(TallyRow).where(TallyRow.name_hmac.in_(expired.with_for_update(skip_locked=True))))
        row = TallyRow(name_hmac=name_hmac, counts={}, expires_at=self._clock.now())
        try:
            async with session.begin_nested():
                session.add(row)
        except IntegrityError:
            # Another process made it in this moment (PostgreSQL; SQLite has one writer at a time).
            return await session.get_one(TallyRow, name_hmac, with_for_update=True)
        return row

    def _live(self, row: TallyRow | None) -> Tally:
        return row.counts if row is not None and row.expires_at > self._clock.now() else {}
