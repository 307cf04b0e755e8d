"""What one key may ask at a time and in a minute, and one workspace have in a day (wire-contract.md#allowances).

Counted in the store, so that all processes and servers of a store count together. By hand: what the package `limits`
knows of that is Redis, and a bucket is one number.
"""

import asyncio
import math
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial

from myna.domain.errors import Overloaded, QuotaExhausted, RateLimited, ServiceUnavailable
from myna.domain.voice import WorkspaceId
from myna.http.limits import HttpLimits
from myna.observability.metrics import Metrics
from myna.usecases.ports import ChangeTally, Clock, Grant, Tallies, Tally
from myna.usecases.repeated_requests import Outcome

_MINUTE_S = 60.0
_DAY = timedelta(days=1)
_RUNNING = timedelta(seconds=90)
"""So long the requests of a process that was killed still count."""
_RENEWED_S = 30.0


class Allowances:
    """Asked after the key was found good and before any work is done. A limit of 0 is none.

    A store that cannot be written refuses nobody: then this process counts alone.
    """

    def __init__(self, limits: HttpLimits, metrics: Metrics, clock: Clock, tallies: Tallies) -> None:
        self._limits = limits
        self._metrics = metrics
        self._clock = clock
        self._tallies = tallies
        self._process = secrets.token_hex(8)
        self._num_running: Counter[str] = Counter()
        """Of this process, by key id."""
        self._telling: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def request(self, grant: Grant) -> AsyncIterator[None]:
        """Around the answer to one request, or one spoken piece of a socket. Raises: RateLimited."""
        key_id, is_counted = grant.key_id, False

        def begin(tally: Tally) -> Tally:
            nonlocal is_counted
            most = self._limits.max_concurrent_requests
            if most and self._num_running[key_id] + self._num_elsewhere(tally) >= most:
                raise self._refusal(
                    "concurrent", RateLimited(f"This key has {most} requests running. Wait for one.", 1)
                )
            tally = self._take(tally, self._limits.max_requests_per_minute, "requests")
            self._num_running[key_id] += 1
            is_counted = True
            return self._with_running(key_id, tally)

        try:
            await self._change(f"requests of {key_id}", begin)
        except BaseException:
            self._num_running[key_id] -= is_counted
            raise
        renewing = asyncio.create_task(self._renew(key_id))
        try:
            yield
        finally:
            renewing.cancel()
            self._num_running[key_id] -= 1
            # The reply is out: nobody waits for this, and who leaves does not stop it.
            telling = asyncio.create_task(self._tell_running(key_id))
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)

    async def check_speech(self, workspace: WorkspaceId) -> None:
        """Raises: QuotaExhausted. What was begun before is spoken to its end."""
        most = self._limits.max_spoken_s_per_day
        if most and (await self._tallies.get(self._of_today("spoken", workspace))).get("amount", 0.0) >= most:
            raise self._over_quota("spoken", f"The workspace has had its {most:g} seconds of speech of today.")

    async def note_speech(self, workspace: WorkspaceId, duration_s: float) -> None:
        if self._limits.max_spoken_s_per_day and duration_s:
            await self._change(self._of_today("spoken", workspace), partial(_add, duration_s), _DAY)

    @asynccontextmanager
    async def voices(self, workspace: WorkspaceId, num: int, made: Outcome) -> AsyncIterator[None]:
        """Around work that makes up to `num` voices; counted are those that `made` has at its end.

        Raises: QuotaExhausted.
        """
        most, name = self._limits.max_voices_per_day, self._of_today("voices", workspace)

        def reserve(tally: Tally) -> Tally:
            reserved = _add(num, tally)
            if num and reserved["amount"] > most:
                raise self._over_quota("voices", f"The workspace may make {most} voices a day, drafts included.")
            return reserved

        if not most:
            yield
            return
        num_taken = num if await self._change(name, reserve, _DAY) else 0
        try:
            yield
        finally:
            await self._change(name, partial(_add, len(made.voice_ids) - num_taken), _DAY)

    async def take_token(self, grant: Grant) -> None:
        """Before one is made. Raises: RateLimited."""
        most = self._limits.max_tokens_per_minute
        if most:
            await self._change(f"tokens of {grant.key_id}", lambda tally: self._take(tally, most, "tokens"))

    def _take(self, tally: Tally, most: int, kind: str) -> Tally:
        """Out of a bucket: when it will be full again (cell rate algorithm, ITU-T I.371)."""
        if not most:
            return tally
        now_s = self._clock.now().timestamp()
        full_at_s = max(tally.get("full_at_s", now_s), now_s)
        if full_at_s > now_s + 2 * _MINUTE_S:  # never, unless the clock was set back
            full_at_s = now_s
        full_at_s += _MINUTE_S / most
        wait_s = full_at_s - now_s - _MINUTE_S
        if wait_s > 1e-6:
            message = f"This key has had its {most} {kind} a minute. Wait a moment."
            raise self._refusal(kind, RateLimited(message, math.ceil(wait_s)))
        return {**tally, "full_at_s": full_at_s}

    # --- what runs: each process says how many, and until when that holds -------------------------------------------

    def _num_elsewhere(self, tally: Tally) -> float:
        now_s = self._clock.now().timestamp()
        others = [name.removeprefix("num ") for name in tally if name.startswith("num ")]
        return sum(tally[f"num {o}"] for o in others if o != self._process and tally[f"until {o}"] > now_s)

    def _with_running(self, key_id: str, tally: Tally) -> Tally:
        now_s = self._clock.now().timestamp()
        ended = {name.split()[1] for name, until_s in tally.items() if name.startswith("until ") and until_s <= now_s}
        kept = {name: count for name, count in tally.items() if name.split()[-1] not in {*ended, self._process}}
        if self._limits.max_concurrent_requests and self._num_running[key_id] > 0:
            kept[f"num {self._process}"] = self._num_running[key_id]
            kept[f"until {self._process}"] = now_s + _RUNNING.total_seconds()
        return kept

    async def _tell_running(self, key_id: str) -> None:
        if self._limits.max_concurrent_requests:
            with suppress(ServiceUnavailable):
                await self._tallies.change(f"requests of {key_id}", partial(self._with_running, key_id), _RUNNING)
        if not self._num_running[key_id]:
            del self._num_running[key_id]

    async def _renew(self, key_id: str) -> None:
        while True:
            await asyncio.sleep(_RENEWED_S)
            await self._tell_running(key_id)

    # --- the store -------------------------------------------------------------------------------------------------

    async def _change(self, name: str, change: ChangeTally, lifetime: timedelta = _RUNNING) -> bool:
        """False if it could not be stored."""
        was_asked = False

        def ask(tally: Tally) -> Tally:
            nonlocal was_asked
            was_asked = True
            return change(tally)

        try:
            await self._tallies.change(name, ask, lifetime)
        except ServiceUnavailable:
            if not was_asked:
                change({})
            return False
        return True

    def _of_today(self, kind: str, workspace: WorkspaceId) -> str:
        return f"{kind} {self._clock.now().date()} {workspace}"

    def _over_quota(self, reason: str, message: str) -> Overloaded:
        now = self._clock.now()
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
        wait_s = math.ceil((midnight - now).total_seconds())
        return self._refusal(reason, QuotaExhausted(f"{message} A new day begins at midnight, UTC.", wait_s))

    def _refusal(self, reason: str, error: Overloaded) -> Overloaded:
        self._metrics.count("myna_refusals_total", 1, {"reason": reason})
        return error


def _add(amount: float, tally: Tally) -> Tally:
    return {**tally, "amount": max(0.0, tally.get("amount", 0.0) + amount)}
