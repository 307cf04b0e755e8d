"""Looks into a store past its ports: what tests compare and clean."""

from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from myna.store.opening import Stores
from myna.store.tables import Base, PendingBlobsRow, VoiceRow
from myna.store.voice_rows import digests


async def empty(stores: Stores) -> None:
    """Remove every row."""
    async with stores.database.writing() as session:
        for table in reversed(Base.metadata.sorted_tables):
            await session.execute(delete(table))


async def read_pending(stores: Stores) -> list[str]:
    """The prefixes of blobs that no voice owns."""
    async with stores.database.reading() as session:
        return list(await session.scalars(select(PendingBlobsRow.prefix)))


async def read_everything(stores: Stores) -> dict[str, object]:
    """All rows of all tables, in their order but without numbers that a database makes up; all blobs of all voices."""
    content: dict[str, object] = {}
    async with stores.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            order = [table.c.id] if "id" in table.c else list(table.primary_key.columns)
            rows = (await session.execute(select(table).order_by(*order))).mappings()
            content[table.name] = [{k: v for k, v in row.items() if k not in {"id", "voice_row_id"}} for row in rows]
        voices = await session.scalars(select(VoiceRow).options(selectinload(VoiceRow.samples)))
        places = [place for voice in voices for place in digests(voice).items()]
    content["blobs"] = {
        f"{prefix}/{name}": await stores.ledger.blobs.get(prefix, name) for prefix, names in places for name in names
    }
    content["prefixes"] = await stores.ledger.blobs.prefixes()
    return content
