"""Put a store together from its addresses."""

from dataclasses import dataclass
from pathlib import Path

from myna.store.blobs import open_blobs
from myna.store.database import Database, sqlite_url
from myna.store.keys import SqlKeyStore
from myna.store.owners import StoreOwners
from myna.store.sql import SqlVoiceStore
from myna.usecases.ports import Clock

DATABASE_FILE = "myna.sqlite3"


@dataclass(frozen=True, slots=True)
class Stores:
    """Voices and keys over one database. `prepare` before use, `release` after."""

    voices: SqlVoiceStore
    keys: SqlKeyStore
    database: Database

    async def prepare(self) -> None:
        """Make folders and tables current; may be repeated. Raises: ServiceUnavailable."""
        await self.database.start()

    async def release(self) -> None:
        """Finish writing, give connections and locks back."""
        await self.voices.close()
        await self.database.close()


def open_stores(data_dir: Path, clock: Clock, database_url: str = "", blob_url: str = "") -> Stores:
    """Nothing is connected yet, but the blob folder is made.

    data_dir: made if it is not there, for its owner only.
    database_url: empty for SQLite in `data_dir`.
    blob_url: empty for a folder in `data_dir`.
    Raises: InvalidRequest for an address that is none, ServiceUnavailable for a folder that cannot be made.
    """
    blobs = open_blobs(blob_url, data_dir)
    database = Database(database_url or sqlite_url(data_dir / DATABASE_FILE))
    # File locks tell who is alive on this machine; a database server may be shared by several.
    owners = StoreOwners(data_dir / "owners") if database.is_sqlite else None
    return Stores(SqlVoiceStore(database, blobs, clock, owners), SqlKeyStore(database, clock), database)
