"""What one key may ask at a time and in a minute, and one workspace have in a day (wire-contract.md#allowances).

Kept in memory: of this process, and forgotten when it ends. A bucket needs one number for each key that was used (and
one for its tokens), a day two for each workspace, so both are bounded by the keys that exist. By hand: the package
`limits` starts a thread or a task for each count and takes no other clock than the machine's.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from myna.domain.errors import Overloaded, QuotaExhausted, RateLimited
from myna.domain.voice import WorkspaceId
from myna.http.limits import HttpLimits
from myna.observability.metrics import Metrics
from myna.usecases.ports import Clock, Grant
from myna.usecases.repeated_requests import Outcome

_MINUTE_S = 60.0


class Allowances:
    """Asked after the key was found good and before any work is done. A limit of 0 is none."""

    def __init__(self, limits: HttpLimits, metrics: Metrics, clock: Clock) -> None:
        self._limits = limits
        self._metrics = metrics
        self._clock = clock
        self._full_at_s: dict[str, float] = {}
        """Key id, or a name with it -> when its bucket will be full again (cell rate algorithm, ITU-T I.371)."""
        self._num_running: Counter[str] = Counter()
        self._day = clock.now().date()
        self._spoken_s: defaultdict[WorkspaceId, float] = defaultdict(float)
        self._num_voices: Counter[WorkspaceId] = Counter()

    @contextmanager
    def request(self, grant: Grant) -> Iterator[None]:
        """Around the answer to one request, or one spoken piece of a socket. Raises: RateLimited."""
        most = self._limits.max_concurrent_requests
        if most and self._num_running[grant.key_id] >= most:
            raise self._refusal("concurrent", RateLimited(f"This key has {most} requests running. Wait for one.", 1))
        self._take_from_bucket(grant.key_id, self._limits.max_requests_per_minute, "requests")
        self._num_running[grant.key_id] += 1
        try:
            yield
        finally:
            self._num_running[grant.key_id] -= 1

    def check_speech(self, workspace: WorkspaceId) -> None:
        """Raises: QuotaExhausted. What was begun before is spoken to its end."""
        most = self._limits.max_spoken_s_per_day
        self._begin_day()
        if most and self._spoken_s[workspace] >= most:
            raise self._over_quota("spoken", f"The workspace has had its {most:g} seconds of speech of today.")

    def note_speech(self, workspace: WorkspaceId, duration_s: float) -> None:
        self._begin_day()
        self._spoken_s[workspace] += duration_s

    @contextmanager
    def voices(self, workspace: WorkspaceId, num: int, made: Outcome) -> Iterator[None]:
        """Around work that makes up to `num` voices; counted are those that `made` has at its end.

        Raises: QuotaExhausted.
        """
        most = self._limits.max_voices_per_day
        self._begin_day()
        if most and self._num_voices[workspace] + num > most:
            raise self._over_quota("voices", f"The workspace may make {most} voices a day, drafts included.")
        self._num_voices[workspace] += num
        day = self._day
        try:
            yield
        finally:
            if self._day == day:
                self._num_voices[workspace] -= num - len(made.voice_ids)

    def take_token(self, grant: Grant) -> None:
        """Before one is made. Raises: RateLimited."""
        self._take_from_bucket(f"tokens of {grant.key_id}", self._limits.max_tokens_per_minute, "tokens")

    def _take_from_bucket(self, name: str, most: int, kind: str) -> None:
        if not most:
            return
        now_s = self._clock.monotonic_s()
        full_at_s = max(self._full_at_s.get(name, now_s), now_s) + _MINUTE_S / most
        wait_s = full_at_s - now_s - _MINUTE_S
        if wait_s > 1e-6:
            message = f"This key has had its {most} {kind} a minute. Wait a moment."
            raise self._refusal(kind, RateLimited(message, math.ceil(wait_s)))
        self._full_at_s[name] = full_at_s

    def _begin_day(self) -> None:
        """Empty the accounts if they are of an earlier day."""
        today = self._clock.now().date()
        if today != self._day:
            self._day = today
            self._spoken_s.clear()
            self._num_voices.clear()

    def _over_quota(self, reason: str, message: str) -> Overloaded:
        now = self._clock.now()
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
        wait_s = math.ceil((midnight - now).total_seconds())
        return self._refusal(reason, QuotaExhausted(f"{message} A new day begins at midnight, UTC.", wait_s))

    def _refusal(self, reason: str, error: Overloaded) -> Overloaded:
        self._metrics.count("myna_refusals_total", 1, {"reason": reason})
        return error
