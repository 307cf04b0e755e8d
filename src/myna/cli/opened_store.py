"""The store alone, for commands that need nothing else of the service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from myna.config import Settings
from myna.runtime.clock import SystemClock

if TYPE_CHECKING:
    from myna.store.opening import Stores


@asynccontextmanager
async def opened_store(settings: Settings, *, must_exist: bool = False) -> "AsyncIterator[Stores]":
    """The one that the settings name. Raises: as `open_stores`."""
    from myna.store.opening import open_stores  # noqa: PLC0415  (the database's libraries: a second to import)

    secret = settings.token_secret.get_secret_value()
    places = settings.database_url, settings.blob_url
    stores = open_stores(settings.data_dir, SystemClock(), *places, secret, must_exist=must_exist)
    try:
        yield stores
    finally:
        await stores.release()
