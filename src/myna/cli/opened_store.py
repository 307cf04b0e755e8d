"""The store alone, for commands that need nothing else of the service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from myna.config import Settings
from myna.runtime.clock import SystemClock

if TYPE_CHECKING:
    from myna.store.opening import Stores


@asynccontextmanager
async def opened_store(
    settings: Settings, store: str = "", blobs: str = "", *, must_exist: bool = False
) -> "AsyncIterator[Stores]":
    """store: a folder or a database's address; empty for the settings' own. blobs: likewise. Raises: as `open_stores`;
    typer.BadParameter when it is not said where the recordings of a database are."""
    from myna.store.opening import open_stores  # noqa: PLC0415  (the database's libraries: a second to import)

    data_dir, database_url = settings.data_dir, store
    if not store:
        database_url, blobs = settings.database_url, blobs or settings.blob_url
    elif "://" not in store:
        data_dir, database_url = Path(store), ""
    elif not blobs:
        raise typer.BadParameter("A database holds no recordings: name them with --from-blobs or --to-blobs.")
    secret = settings.token_secret.get_secret_value()
    num_connections = settings.database_connections
    stores = open_stores(
        data_dir, SystemClock(), database_url, blobs, secret, num_connections=num_connections, must_exist=must_exist
    )
    try:
        yield stores
    finally:
        await stores.release()
