"""Requests that a client may send again when their answer was lost, without making a second voice."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from myna.domain.errors import RequestInProgress, RequestKeyReused, ServiceUnavailable, VoiceNotFound
from myna.domain.voice import VoiceId, WorkspaceId
from myna.usecases.ports import RequestKeys, RequestMark

KEPT = timedelta(hours=24)
"""From when it was done."""
_AT_WORK = timedelta(minutes=2)
"""A request that has not said for so long that it is at work died with its server."""


def still_at_work() -> RequestInProgress:
    return RequestInProgress("The request with this Idempotency-Key is still at work. Send it again in a moment.")


@dataclass(slots=True)
class Outcome:
    """What a request made: filled already if it is a repeated one, otherwise to be filled by who answers it."""

    voice_ids: Sequence[VoiceId] = field(default=())


@dataclass(frozen=True, slots=True)
class RepeatedRequests:
    """`async with repeated_requests(workspace, mark) as outcome`. One that fails or makes nothing keeps its key."""

    keys: RequestKeys
    said_every_s: float = 30.0
    """How often a request that takes long says that it is at work: several times before its key is free again."""

    @asynccontextmanager
    async def __call__(self, workspace: WorkspaceId, mark: RequestMark | None) -> AsyncIterator[Outcome]:
        """mark: None: nothing is remembered. Raises: RequestKeyReused, RequestInProgress, ServiceUnavailable,
        VoiceNotFound if what it made is gone."""
        outcome = Outcome()
        if mark is None:
            yield outcome
            return
        earlier = await self.keys.begin(workspace, mark, _AT_WORK)
        if earlier is None:
            is_done = False
            saying = asyncio.create_task(self._say_at_work(workspace, mark))
            try:
                yield outcome
                is_done = bool(outcome.voice_ids)
            finally:
                saying.cancel()
                await asyncio.gather(saying, return_exceptions=True)
                if is_done:
                    await self.keys.finish(workspace, mark, outcome.voice_ids, KEPT)
                else:
                    await self.keys.abandon(workspace, mark)
            return
        if earlier.body_sha256 != mark.body_sha256:
            raise RequestKeyReused("This Idempotency-Key came with another request before. Send each with its own key.")
        if not earlier.voice_ids:
            raise still_at_work()
        outcome.voice_ids = earlier.voice_ids
        try:
            yield outcome
        except VoiceNotFound as exc:
            raise VoiceNotFound(f"{exc.message} It was made and is gone; send a new Idempotency-Key.") from exc

    async def _say_at_work(self, workspace: WorkspaceId, mark: RequestMark) -> None:
        while True:
            await asyncio.sleep(self.said_every_s)
            with suppress(ServiceUnavailable):  # the next time, perhaps
                await self.keys.renew(workspace, mark, _AT_WORK)
