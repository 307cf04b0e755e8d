"""Looks into a store past its ports: what tests compare and clean."""

from sqlalchemy import delete, select

from myna.store.opening import Stores
from myna.store.tables import Base, PendingBlobsRow


async def empty(stores: Stores) -> None:
    """Remove every row."""
    async with stores.database.writing() as session:
        for table in reversed(Base.metadata.sorted_tables):
            await session.execute(delete(table))


async def read_pending(stores: Stores) -> list[str]:
    """The prefixes of blobs that no voice owns."""
    async with stores.database.reading() as session:
        return list(await session.scalars(select(PendingBlobsRow.prefix)))
