"""What the tests of stores share."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.stored_content import Open

from myna.store.opening import Stores, open_stores
from myna.testing.clock import FixedClock


@pytest.fixture
async def opening() -> AsyncIterator[Open]:
    """Opens stores that are released in the end."""
    async with AsyncExitStack() as opened:

        async def open_one(*address: object) -> Stores:
            stores = open_stores(Path(address[0]), FixedClock(), *address[1:])
            opened.push_async_callback(stores.release)
            await stores.prepare()
            return stores

        yield open_one
