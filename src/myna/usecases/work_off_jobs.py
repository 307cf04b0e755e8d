"""Speak, or hear, the items of jobs, of two workspaces at a time, whenever nobody asks for live speech."""

import asyncio
import logging
from collections import Counter
from collections.abc import Set
from contextlib import suppress
from contextvars import Context
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from myna.domain.errors import EngineFailure, Overloaded, QuotaExhausted, ServiceUnavailable
from myna.domain.voice import WorkspaceId
from myna.usecases.job_store import ClaimedItem, Failure, JobStore, SpokenItem

logger = logging.getLogger(__name__)

_CLAIM = timedelta(seconds=30)
"""After this long an item of a process that was killed is taken up again."""
_RENEW_S = 5.0
_PUT_OFF = timedelta(minutes=5)
"""An item for which something was away."""
_LOOK_AGAIN_S = 5.0
_MOST_AT_WORK = 2
"""Workspaces with an item at work: the others keep a place. More would fill the memory with audio."""
_MAX_ATTEMPTS = 5
"""An item of which the process has died so often, or for which something was away, is not tried again."""


class ItemSpeaker(Protocol):
    """Speaks or hears one item as a request of its workspace: with its quotas, audit and voices as they are now."""

    async def __call__(self, claimed: ClaimedItem) -> SpokenItem:
        """Raises: what speech, or hearing, raises."""

    def tell(self, error: Exception) -> Failure:
        """As a client is told it."""


class WorkOffJobs:
    """The store's pending items are the queue: nothing is lost, and one process claims each before it is spoken."""

    def __init__(self, jobs: JobStore, keep_results: timedelta, *, is_heard: bool = False) -> None:
        """keep_results: from the end of the job on. is_heard: the jobs that are recordings, or those that are texts."""
        self._jobs = jobs
        self._is_heard = is_heard
        self._keep_results = keep_results
        self._speak: ItemSpeaker | None = None
        self._wanted = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._at_work: dict[WorkspaceId, asyncio.Task[bool]] = {}
        self._numbers: Counter[WorkspaceId] = Counter()
        """Of each workspace's last item, in the order in which items were begun."""

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
        try:
            while True:
                self._wanted.clear()
                try:
                    waiting = set(await self._jobs.list_waiting(is_heard=self._is_heard))
                    if not (waiting or self._at_work or self._wanted.is_set()):
                        return
                    if await self._begin_next(waiting, speak):
                        continue
                except Exception:
                    logger.exception("no item of a job can be begun; tried again later")
                # Enough is begun, or others are at work on what is left, or something is away.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_AGAIN_S):
                        await self._wanted.wait()
        finally:
            for item in self._at_work.values():
                item.cancel()
            await asyncio.gather(*self._at_work.values(), return_exceptions=True)

    async def _begin_next(self, waiting: Set[WorkspaceId], speak: ItemSpeaker) -> bool:
        """Whose last item is the longest ago is next. False if nothing can be begun now."""
        if len(self._at_work) == _MOST_AT_WORK:
            return False
        for workspace in sorted(waiting - self._at_work.keys(), key=self._numbers.__getitem__):
            claimed = await self._claim(workspace)
            if claimed is not None:
                self._numbers[workspace] = max(self._numbers.values(), default=0) + 1
                self._at_work[workspace] = asyncio.create_task(self._work_off(claimed, speak))
                self._at_work[workspace].add_done_callback(partial(self._end, workspace))
                return True
        return False

    async def _claim(self, workspace: WorkspaceId) -> ClaimedItem | None:
        """As the store. Whoever is cancelled meanwhile leaves no item claimed."""
        claiming = asyncio.create_task(self._jobs.claim(workspace, _CLAIM, is_heard=self._is_heard))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            with suppress(Exception):  # the claim ends by itself
                claimed = await claiming
                if claimed is not None:
                    await self._jobs.release(claimed)
            raise

    def _end(self, workspace: WorkspaceId, item: asyncio.Task[bool]) -> None:
        del self._at_work[workspace]
        if not item.cancelled() and item.result():
            self._wanted.set()

    async def _work_off(self, claimed: ClaimedItem, speak: ItemSpeaker) -> bool:
        """False if it is better to wait before the next."""
        try:
            await self._work_while_held(claimed, speak)
        except (Overloaded, asyncio.CancelledError) as exc:
            # Not the item's fault: it is given back.
            with suppress(ServiceUnavailable):
                await self._jobs.release(claimed)
            if isinstance(exc, asyncio.CancelledError):
                raise
            return False
        except Exception as exc:
            # What is away may be its own voice alone, or it is a bug of ours: it is put off and the attempt counts, so
            # that what is behind it is spoken.
            if is_bug := not isinstance(exc, ServiceUnavailable):
                logger.exception("an item of a job could not be worked off")
            with suppress(ServiceUnavailable):
                await self._jobs.renew(claimed, _PUT_OFF)
            return is_bug
        return True

    async def _work_while_held(self, claimed: ClaimedItem, speak: ItemSpeaker) -> None:
        """Raises: asyncio.CancelledError (also when another has it), Overloaded, ServiceUnavailable."""
        speaking = asyncio.create_task(self._speak_or_tell(claimed, speak))
        renewing = asyncio.create_task(self._renew(claimed, speaking))
        try:
            await self._jobs.finish(claimed, await speaking, self._keep_results)
        finally:
            renewing.cancel()
            # Once the item is given back, its next holder's attempt has the same number.
            await asyncio.gather(renewing, return_exceptions=True)

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

    async def _renew(self, claimed: ClaimedItem, speaking: asyncio.Task[Any]) -> None:
        """For as long as it is worked on. The speaking ends if another has it; not while the store is away, as what is
        stored is the last holder's in any case."""
        is_ours = True
        while is_ours:
            await asyncio.sleep(_RENEW_S)
            with suppress(ServiceUnavailable):
                is_ours = await self._jobs.renew(claimed, _CLAIM)
        speaking.cancel()
