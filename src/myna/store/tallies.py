"""Counts that all processes of a store share: who has asked how often, who has sent wrong keys."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from myna.store.database import Database, insert_if_new
from myna.store.tables import AnyRow, TallyRow
from myna.store.vault import Vault
from myna.usecases.ports import ChangeTally, Clock, Tally


class SqlTallies:
    """Implements `Tallies`. Names are kept as digests that only this server can make: addresses are among them."""

    def __init__(self, database: Database, clock: Clock, vault: Vault) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault

    async def get(self, name: str) -> Tally:
        query = select(TallyRow.counts, TallyRow.expires_at).where(TallyRow.name_hmac == self._vault.sign_link(name))
        return _live(await self._database.read(lambda session: session.execute(query).first()), self._clock.now())

    async def change(self, name: str, change: ChangeTally, lifetime: timedelta) -> None:
        name_hmac, now = self._vault.sign_link(name), self._clock.now()
        is_it = TallyRow.name_hmac == name_hmac
        query = select(TallyRow.counts, TallyRow.expires_at).where(is_it).with_for_update()

        def work(session: Session) -> None:
            found = session.execute(query).first()
            if found is None:
                # What has expired goes when something new comes; what another process works on is left to it.
                expired = select(TallyRow.name_hmac).where(TallyRow.expires_at <= now).with_for_update(skip_locked=True)
                session.execute(delete(TallyRow).where(TallyRow.name_hmac.in_(expired)))
                if not insert_if_new(session, TallyRow, name_hmac=name_hmac, counts={}, expires_at=now):
                    found = session.execute(query).one()
            values = {"counts": dict(change(_live(found, now))), "expires_at": now + lifetime}
            session.execute(update(TallyRow).where(is_it).values(values))

        await self._database.write(work, is_lasting=False)


def _live(found: AnyRow | None, now: datetime) -> Tally:
    return found.counts if found is not None and found.expires_at > now else {}
