"""Speak, or hear, the items of jobs, one after the other, whenever nobody asks for live speech."""

import asyncio
import logging
from contextlib import suppress
from contextvars import Context
from datetime import timedelta
from typing import Protocol

from myna.domain.errors import EngineFailure, Overloaded, QuotaExhausted, ServiceUnavailable
from myna.usecases.job_store import ClaimedItem, Failure, JobStore, SpokenItem

logger = logging.getLogger(__name__)

_CLAIM = timedelta(minutes=5)
"""After this long an item of a process that was killed is taken up again."""
_RENEW_S = _CLAIM.total_seconds() / 3
_LOOK_AGAIN_S = 10.0
_MAX_ATTEMPTS = 5
"""An item of which the process has died so often, or for which something was away, is not tried again."""


class ItemSpeaker(Protocol):
    """Speaks or hears one item as a request of its workspace: with its quotas, audit and voices as they are now."""

    async def __call__(self, claimed: ClaimedItem) -> SpokenItem:
        """Raises: what speech, or hearing, raises."""

    def tell(self, error: Exception) -> Failure:
        """As a client is told it."""


class WorkOffJobs:
    """What the store holds as pending is the queue, so nothing is lost when the process ends.

    Several processes may work on one store: an item is claimed before it is spoken, and a claim ends by itself.
    """

    def __init__(self, jobs: JobStore, keep_results: timedelta, *, is_heard: bool = False) -> None:
        """keep_results: from the end of the job on. is_heard: the jobs that are recordings, or those that are texts."""
        self._jobs = jobs
        self._is_heard = is_heard
        self._keep_results = keep_results
        self._speak: ItemSpeaker | None = None
        self._wanted = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None

    def speak_with(self, speak: ItemSpeaker) -> None:
        """Nothing is worked off before this is called."""
        self._speak = speak

    def begin(self) -> None:
        """Look at the queue, now or after the item before. Cheap; call it after storing a job."""
        self._wanted.set()
        if self._speak is not None and (self._worker is None or self._worker.done()):
            # In no request's context: its trace is over long before.
            self._worker = asyncio.create_task(self._work(self._speak), context=Context())

    async def wait_until_idle(self) -> None:
        """Until nothing is pending."""
        if self._worker is not None:
            await asyncio.wait({self._worker})

    async def close(self) -> None:
        """Stop; what is unfinished stays pending."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    async def _work(self, speak: ItemSpeaker) -> None:
        while await self._has_pending() or self._wanted.is_set():
            self._wanted.clear()
            if not await self._work_off_next(speak) and await self._has_pending():
                # Others are at work on what is left, or something is away.
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wanted.wait(), _LOOK_AGAIN_S)

    async def _has_pending(self) -> bool:
        """Also if nobody knows."""
        try:
            return await self._jobs.has_pending(is_heard=self._is_heard)
        except ServiceUnavailable:
            return True

    async def _work_off_next(self, speak: ItemSpeaker) -> bool:
        """False if nothing could be done now."""
        try:
            claimed = await self._jobs.claim(_CLAIM, is_heard=self._is_heard)
            if claimed is not None:
                await self._work_off(claimed, speak)
        except (ServiceUnavailable, Overloaded):
            return False
        except Exception:
            # A bug of ours. The item stays claimed for a while and its attempt counts, so that it cannot stop the rest.
            logger.exception("an item of a job could not be worked off")
            return True
        return claimed is not None

    async def _work_off(self, claimed: ClaimedItem, speak: ItemSpeaker) -> None:
        renewing = asyncio.create_task(self._renew(claimed))
        try:
            outcome = await self._speak_or_tell(claimed, speak)
            await self._jobs.finish(claimed, outcome, self._keep_results)
        except (Overloaded, asyncio.CancelledError):
            # Not the item's fault: it is given back. What is away (ServiceUnavailable) may be its own voice alone: then
            # it stays claimed for a while and the attempt counts, so that those behind it are spoken.
            with suppress(ServiceUnavailable):
                await self._jobs.release(claimed)
            raise
        finally:
            renewing.cancel()

    async def _speak_or_tell(self, claimed: ClaimedItem, speak: ItemSpeaker) -> SpokenItem | Failure:
        if claimed.num_attempts > _MAX_ATTEMPTS:
            return speak.tell(EngineFailure("This could not be done in several attempts. Try it again later."))
        try:
            return await speak(claimed)
        except QuotaExhausted as exc:
            return speak.tell(exc)
        except (ServiceUnavailable, Overloaded):
            raise
        except Exception as exc:  # noqa: BLE001  (one bad item must not stop those behind it; `tell` logs what is a bug)
            return speak.tell(exc)

    async def _renew(self, claimed: ClaimedItem) -> None:
        while True:
            await asyncio.sleep(_RENEW_S)
            with suppress(ServiceUnavailable):
                await self._jobs.renew(claimed, _CLAIM)
