"""Steps that belong together although the server may stop, or the client leave, between them."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")


async def uncut(steps: Coroutine[Any, Any, T]) -> T:
    """Run to the end even if the caller is cancelled, who is told so then. Raises: what the steps raise."""
    running = asyncio.create_task(steps)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        while not running.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({running})
        if not running.cancelled() and (error := running.exception()) is not None:
            fields = {"error": type(error).__name__}
            logger.error("steps failed after their caller had left", extra=fields)  # noqa: TRY400  (its text may be a person's)
        raise
