"""What has to be done now and then while the service runs."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from myna.domain.errors import MynaError
from myna.domain.voice import VoiceId
from myna.usecases.job_store import JobStore
from myna.usecases.ports import Clock, VoiceStore

logger = logging.getLogger(__name__)

_LARGEST_DRIFT_S = 60.0
"""So much more than has passed since the round before a clock may show and be believed."""


class KeepHouse:
    """Drops expired drafts and results of jobs, voices that are too old, and what a crash left: at start, then at an
    interval. In the round after the clock has jumped ahead nothing is too old: it may have been set by mistake."""

    def __init__(
        self,
        voices: VoiceStore,
        jobs: JobStore,
        interval_s: float,
        clock: Clock,
        longest_kept: timedelta | None = None,
        *,
        note_deleted: Callable[[VoiceId], None] | None = None,
    ) -> None:
        """longest_kept: after it a voice is deleted; None: never. note_deleted: called on a thread for each before
        it is gone. May raise ServiceUnavailable: then it stays until the next round."""
        self._voices = voices
        self._jobs = jobs
        self._interval_s = interval_s
        self._clock = clock
        self._longest_kept = longest_kept
        self._note_deleted = note_deleted
        self._last_round: tuple[datetime, float] | None = None
        """When it was by the clock, and in seconds that pass."""
        self._rounds: asyncio.Task[None] | None = None

    async def start(self, after_round: Callable[[], None]) -> None:
        """One round now, others in the background, `after_round` behind each. Raises: ServiceUnavailable."""
        await self._clean()
        self._rounds = asyncio.create_task(self._go_on(after_round))

    async def close(self) -> None:
        if self._rounds is not None:
            self._rounds.cancel()
            await asyncio.gather(self._rounds, return_exceptions=True)

    async def _go_on(self, after_round: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(self._interval_s)
            try:
                await self._clean()
            except MynaError as exc:
                logger.warning("house-keeping put off", extra={"error_code": exc.code})
            except Exception:
                # A bug of ours must not end it for good.
                logger.exception("house-keeping failed")
            after_round()

    async def _clean(self) -> None:
        num_leftovers = await self._voices.recover()
        if self._has_jumped_ahead():
            logger.warning("the clock has jumped ahead: nothing is deleted for its age in this round")
            return
        num_drafts = await self._voices.delete_expired_drafts()
        num_jobs = await self._jobs.delete_expired()
        num_old = 0
        if self._longest_kept is not None:
            moment = self._clock.now() - self._longest_kept
            while deleted := await self._voices.delete_made_before(moment, self._note_deleted):
                num_old += len(deleted)
        counts = {"num_leftovers": num_leftovers, "num_drafts": num_drafts, "num_jobs": num_jobs, "num_old": num_old}
        if any(counts.values()):
            logger.info("house-keeping", extra=counts)

    def _has_jumped_ahead(self) -> bool:
        now, passed_s = self._clock.now(), self._clock.monotonic_s()
        last, self._last_round = self._last_round, (now, passed_s)
        return last is not None and (now - last[0]).total_seconds() - (passed_s - last[1]) > _LARGEST_DRIFT_S
