"""What one key may ask at a time and in a minute, and one workspace in a day (wire-contract.md#allowances), counted
in the store for all its processes. By hand: what the package `limits` knows of that is Redis, and a bucket is one
number. Far from the limits the store is told a quarter of a second later, all at once: to ask it first costs more
than all else around a short request."""

import asyncio
import math
import secrets
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from weakref import WeakValueDictionary

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
_TOLD_S = 0.25
"""So long the store may know nothing of requests that are far from the limits."""
_FRESH_S = 1.0
"""After this what the store said of other processes is asked again."""
_FAR = 0.25
"""Of a limit: so that several processes that are all far from it are not over it together."""


@dataclass(slots=True, weakref_slot=True)
class _Requests:
    """Those of one key: how many run in this process, and what the store said of all when it was last told."""

    num_running: int = 0
    num_untold: int = 0
    """Let in since."""
    tally: Tally = field(default_factory=dict)
    told_at_s: float = -math.inf
    """Of the clock that nobody sets."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    telling: asyncio.Task[None] | None = None


class Allowances:
    """Asked after the key, before any work. A limit of 0 is none. Where nothing can be stored only requests count."""

    def __init__(self, limits: HttpLimits, metrics: Metrics, clock: Clock, tallies: Tallies) -> None:
        self._limits = limits
        self._metrics = metrics
        self._clock = clock
        self._tallies = tallies
        self._process = secrets.token_hex(8)
        self._requests: WeakValueDictionary[str, _Requests] = WeakValueDictionary()
        """By key id, while any run or the store has to be told of one."""
        self._counting = threading.Lock()
        """The store may ask what to keep on a thread of its own."""
        self._closing = asyncio.Event()
        self._noting: set[asyncio.Task[bool]] = set()

    @asynccontextmanager
    async def request(self, grant: Grant) -> AsyncIterator[None]:
        """Around the answer to one request, or one spoken piece of a socket. Raises: RateLimited."""
        if not (self._limits.max_concurrent_requests or self._limits.max_requests_per_minute):
            yield
            return
        requests, is_let_in = self._requests.setdefault(grant.key_id, _Requests()), False

        def begin(tally: Tally) -> Tally:
            nonlocal is_let_in
            with self._counting:
                told = self._tell(requests, tally, num_new=1)
                is_let_in = True
                return told

        try:
            if self._is_far_from_limits(requests):
                with self._counting:
                    requests.num_running += 1
                    requests.num_untold += 1
                    is_let_in = True
                requests.changed.set()
            else:
                await self._change(f"requests of {grant.key_id}", begin)
            if requests.telling is None or requests.telling.done():
                # In no request's context: it goes on for the next ones.
                telling = self._keep_told(grant.key_id, requests)
                requests.telling = asyncio.create_task(telling, context=Context())
            yield
        finally:
            with self._counting:
                requests.num_running -= is_let_in
            # The reply is out: nobody waits until the store is told, and who leaves does not stop it.
            requests.changed.set()

    async def close(self) -> None:
        """Before the store is closed: the store is told of what has ended."""
        self._closing.set()
        for requests in self._requests.values():
            requests.changed.set()
        telling = [requests.telling for requests in self._requests.values() if requests.telling is not None]
        await asyncio.gather(*telling, *self._noting, return_exceptions=True)

    async def check_speech(self, workspace: WorkspaceId) -> None:
        """Raises: QuotaExhausted. What was begun before is spoken to its end."""
        most = self._limits.max_spoken_s_per_day
        if most and (await self._tallies.get(self._of_today("spoken", workspace))).get("amount", 0.0) >= most:
            raise self._over_quota("spoken", f"The workspace has had its {most:g} seconds of speech of today.")

    async def note_speech(self, workspace: WorkspaceId, duration_s: float) -> None:
        """Once, also if the caller leaves meanwhile."""
        if self._limits.max_spoken_s_per_day and duration_s:
            change = self._change(self._of_today("spoken", workspace), partial(_add, duration_s), _DAY)
            self._noting.add(noting := asyncio.create_task(change))
            noting.add_done_callback(self._noting.discard)
            await asyncio.shield(noting)

    @asynccontextmanager
    async def voices(self, workspace: WorkspaceId, num: int, made: Outcome) -> AsyncIterator[None]:
        """Around work that makes up to `num` voices; those in `made` are counted at its end. Raises: QuotaExhausted."""
        most, name = self._limits.max_voices_per_day, self._of_today("voices", workspace)

        def reserve(tally: Tally) -> Tally:
            reserved = _add(num, tally)
            if num and reserved["amount"] > most:
                raise self._over_quota("voices", f"The workspace may make {most} voices a day, drafts included.")
            return reserved

        if not most:
            yield
            return
        reserving = asyncio.create_task(self._change(name, reserve, _DAY))
        try:
            await asyncio.shield(reserving)
            yield
        finally:
            # Also if the caller left before: then what was reserved is given back.
            num_taken = num if await reserving else 0
            await self._change(name, partial(_add, len(made.voice_ids) - num_taken), _DAY)

    async def take_token(self, grant: Grant) -> None:
        """Before one is made. Raises: RateLimited."""
        most = self._limits.max_tokens_per_minute
        if most:
            await self._change(f"tokens of {grant.key_id}", lambda tally: self._take(tally, most, "tokens"))

    def _take(self, tally: Tally, most: int, kind: str, num: int = 1) -> Tally:
        """Out of a bucket: when it will be full again (cell rate algorithm, ITU-T I.371). Raises: RateLimited."""
        if not most:
            return tally
        tally = self._fill(tally, most, num)
        wait_s = tally["full_at_s"] - self._clock.now().timestamp() - _MINUTE_S
        if wait_s > 1e-6:
            message = f"This key has had its {most} {kind} a minute. Wait a moment."
            raise self._refusal(kind, RateLimited(message, math.ceil(wait_s)))
        return tally

    def _fill(self, tally: Tally, most: int, num: int) -> Tally:
        now_s = self._clock.now().timestamp()
        full_at_s = max(tally.get("full_at_s", now_s), now_s)
        if full_at_s > now_s + 3 * _MINUTE_S:  # never, unless the clock was set back
            full_at_s = now_s
        # Many processes that let in their quarters at one time owe no more than a minute.
        return {**tally, "full_at_s": min(full_at_s + num * _MINUTE_S / most, now_s + 2 * _MINUTE_S)}

    # --- what runs: each process says how many, and until when that holds -------------------------------------------

    def _is_far_from_limits(self, requests: _Requests) -> bool:
        """One more is, by what the store said a moment ago."""
        limits, tally = self._limits, requests.tally
        if self._clock.monotonic_s() - requests.told_at_s > _FRESH_S:
            return False
        most = limits.max_concurrent_requests
        if most and requests.num_running + 1 + self._num_elsewhere(tally) > _FAR * most:
            return False
        if not limits.max_requests_per_minute:
            return True
        wait_s = max(0.0, tally.get("full_at_s", 0.0) - self._clock.now().timestamp())
        return wait_s + (requests.num_untold + 1) * _MINUTE_S / limits.max_requests_per_minute <= _FAR * _MINUTE_S

    def _tell(self, requests: _Requests, tally: Tally, num_new: int = 0) -> Tally:
        """What the store is to keep; with `num_new` requests that want to be let in. Raises: RateLimited."""
        most = self._limits.max_concurrent_requests
        if num_new and most and requests.num_running + self._num_elsewhere(tally) >= most:
            raise self._refusal("concurrent", RateLimited(f"This key has {most} requests running. Wait for one.", 1))
        per_minute = self._limits.max_requests_per_minute
        if per_minute:
            # This process knows of requests that a store that was away does not.
            tally = {**tally, "full_at_s": max(known.get("full_at_s", 0.0) for known in (tally, requests.tally))}
        if num_new:
            tally = self._take(tally, per_minute, "requests", requests.num_untold + num_new)
        elif per_minute:
            tally = self._fill(tally, per_minute, requests.num_untold)
        requests.num_running += num_new
        now_s = self._clock.now().timestamp()
        ended = {name.split()[1] for name, until_s in tally.items() if name.startswith("until ") and until_s <= now_s}
        kept = {name: count for name, count in tally.items() if name.split()[-1] not in {*ended, self._process}}
        if most and requests.num_running > 0:
            kept[f"num {self._process}"] = requests.num_running
            kept[f"until {self._process}"] = now_s + _RUNNING.total_seconds()
        requests.num_untold, requests.tally, requests.told_at_s = 0, kept, self._clock.monotonic_s()
        return kept

    def _num_elsewhere(self, tally: Tally) -> float:
        now_s = self._clock.now().timestamp()
        others = [name.removeprefix("num ") for name in tally if name.startswith("num ")]
        return sum(tally[f"num {o}"] for o in others if o != self._process and tally[f"until {o}"] > now_s)

    async def _keep_told(self, key_id: str, requests: _Requests) -> None:
        def tell(tally: Tally) -> Tally:
            with self._counting:
                return self._tell(requests, tally)

        def is_full() -> bool:
            return requests.tally.get("full_at_s", 0.0) <= self._clock.now().timestamp()

        is_told = True
        while requests.num_running or requests.changed.is_set() or not (is_told or is_full()):
            with suppress(TimeoutError):
                await asyncio.wait_for(requests.changed.wait(), _RENEWED_S)
            if self._is_far_from_limits(requests):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), _TOLD_S)
            requests.changed.clear()
            is_told = await self._change(f"requests of {key_id}", tell)
            if self._closing.is_set() and not (is_told and requests.changed.is_set()):
                return

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
