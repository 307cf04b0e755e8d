"""Work that is worth doing only while the client is there to take it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from myna.http.request_edge import ClientLeft

T = TypeVar("T")


async def while_client_waits(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Do the work, or give it up when the client closes its connection.

    Call it when the request's body was read: what is received from then on is the news that the client left.
    Raises: ClientLeft, and what the work raises.
    """
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_wait_for_departure(receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientLeft
    finally:
        for task in (working, watching):
            task.cancel()
        # The work's own clean-up (the engine's slot) is over before the request is.
        await asyncio.gather(working, watching, return_exceptions=True)


async def _wait_for_departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
