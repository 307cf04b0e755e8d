"""Put a store together from its addresses."""

from dataclasses import dataclass
from pathlib import Path

from myna.domain.errors import ResourceNotFound
from myna.store.blob_ledger import BlobLedger
from myna.store.blobs import open_blobs
from myna.store.database import Database, sqlite_url
from myna.store.dictionaries import SqlDictionaryStore
from myna.store.jobs import SqlJobStore
from myna.store.keys import SqlKeyStore
from myna.store.owners import StoreOwners
from myna.store.request_keys import SqlRequestKeys
from myna.store.sql import SqlVoiceStore
from myna.store.tallies import SqlTallies
from myna.store.vault import Vault
from myna.usecases.ports import Clock

DATABASE_FILE = "myna.sqlite3"
_VAULT_FILE = "token.secret"


@dataclass(frozen=True, slots=True)
class Stores:
    """Voices and keys over one database. `prepare` before use, `release` after."""

    voices: SqlVoiceStore
    keys: SqlKeyStore
    request_keys: SqlRequestKeys
    jobs: SqlJobStore
    dictionaries: SqlDictionaryStore
    tallies: SqlTallies
    vault: Vault
    database: Database
    ledger: BlobLedger

    async def prepare(self) -> None:
        """Make folders and tables current; may be repeated. Raises: ServiceUnavailable."""
        await self.database.start()

    async def release(self) -> None:
        """Finish writing, give connections and locks back."""
        await self.voices.close()
        await self.database.close()


def open_stores(
    data_dir: Path,
    clock: Clock,
    database_url: str = "",
    blob_url: str = "",
    token_secret: str = "",
    *,
    num_connections: int = 10,
    must_exist: bool = False,
    blob_retry_s: float = 5.0,
) -> Stores:
    """Nothing is connected yet, but the blob folder is made. data_dir: made, private. database_url: empty for SQLite
    in it, blob_url: for a folder, token_secret: for a file made when needed. num_connections: as `Database`.
    must_exist: a database file is not made. blob_retry_s: how long an
    object storage is asked again. Raises: InvalidRequest (no address), ResourceNotFound (must exist),
    ServiceUnavailable (a folder cannot be made)."""
    database = Database(database_url or sqlite_url(data_dir / DATABASE_FILE), num_connections)
    if must_exist and database.file is not None and not database.file.exists():
        raise ResourceNotFound(f"There is no store: {database.file} does not exist.")
    # File locks tell who is alive on this machine; a database server may be shared by several.
    owners = StoreOwners(data_dir / "owners") if database.is_sqlite else None
    ledger = BlobLedger(database, open_blobs(blob_url, data_dir, blob_retry_s), clock, owners)
    vault = Vault(data_dir / _VAULT_FILE, token_secret)
    return Stores(
        voices=SqlVoiceStore(database, ledger, clock),
        keys=SqlKeyStore(database, clock, vault),
        request_keys=SqlRequestKeys(database, clock),
        jobs=SqlJobStore(database, ledger, clock),
        dictionaries=SqlDictionaryStore(database, clock),
        tallies=SqlTallies(database, clock, vault),
        vault=vault,
        database=database,
        ledger=ledger,
    )
