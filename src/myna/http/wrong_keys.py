"""Who sends wrong keys has to wait (wire-contract.md#keys), whichever process of a store they come to."""

import hashlib
import math
from collections import OrderedDict
from contextlib import suppress
from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from myna.domain.errors import CredentialsRejected, RateLimited, ServiceUnavailable
from myna.observability.metrics import Metrics
from myna.usecases.ports import ChangeTally, Clock, Grant, Tallies, Tally
from myna.usecases.tokens import SignedRequest, Tokens

_NUM_FREE = 10
"""Wrong keys of one sender that cost nothing: a mistyped setting, a test."""
_MAX_WAIT_S = 60.0
_FORGOTTEN = timedelta(minutes=10)
"""Without another wrong key the sender begins anew."""
_KNOWN = timedelta(days=30)
_MAX_KNOWN = 10_000


class WrongKeys:
    """Looks keys up; who sends wrong ones waits, twice as long each time. A key that was right here before, or a token
    signed here, always passes: nobody is kept out by another behind the same address."""

    def __init__(self, keys: Tokens, clock: Clock, metrics: Metrics, tallies: Tallies) -> None:
        self._keys = keys
        self._clock = clock
        self._metrics = metrics
        self._tallies = tallies
        self._known: OrderedDict[str, None] = OrderedDict()
        """Digests of keys that were right here, the one that was not used for longest first."""

    async def verify(self, key: str | SignedRequest, address: str) -> Grant:
        """Raises: CredentialsRejected, CredentialsExpired, PermissionDenied, RateLimited."""
        name = key if isinstance(key, str) else key.key_id
        digest, sender = hashlib.sha256(name.encode()).hexdigest(), _sender(address)
        is_token = self._keys.is_own(key)
        if digest not in self._known and not is_token:
            await self._check(sender, digest)
        try:
            grant = await self._keys.verify(key)
        except CredentialsRejected:
            await self._note_wrong(sender, digest)
            raise
        if is_token:
            return grant
        if digest not in self._known:
            await self._change(f"right key {digest}", lambda _: {"is_right": 1.0}, _KNOWN)
        self._known[digest] = None
        self._known.move_to_end(digest)
        if len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)
        return grant

    async def _check(self, sender: str, digest: str) -> None:
        tally = await self._tallies.get(f"wrong keys of {sender}")
        num_wrong = int(tally.get("num", 0))
        passed_s = self._clock.now().timestamp() - tally.get("last_s", 0.0)
        if num_wrong < _NUM_FREE or passed_s < 0:  # below 0: the clock was set back
            return
        wait_s = min(2.0 ** min(num_wrong - _NUM_FREE, 10), _MAX_WAIT_S) - passed_s
        if wait_s > 0 and not await self._tallies.get(f"right key {digest}"):
            self._metrics.count("myna_refusals_total", 1, {"reason": "wrong_keys"})
            raise RateLimited("Too many wrong keys came from this address. Wait a moment.", math.ceil(wait_s))

    async def _note_wrong(self, sender: str, digest: str) -> None:
        now_s = self._clock.now().timestamp()

        def count(tally: Tally) -> Tally:
            num = tally.get("num", 0.0) if tally.get("last_s", 0.0) <= now_s else 0.0
            return {"num": num + 1, "last_s": now_s}

        await self._change(f"wrong keys of {sender}", count, _FORGOTTEN)
        was_right = digest in self._known
        self._known.pop(digest, None)
        if was_right or await self._tallies.get(f"right key {digest}"):
            await self._change(f"right key {digest}", lambda _: {}, timedelta())

    async def _change(self, name: str, change: ChangeTally, lifetime: timedelta) -> None:
        with suppress(ServiceUnavailable):  # a store that can only be read still opens to its keys
            await self._tallies.change(name, change, lifetime)


def _sender(address: str) -> str:
    """An address, of IPv6 its network: one customer has as many addresses there as they like."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return parsed.exploded[:19] if isinstance(parsed, IPv6Address) and not parsed.ipv4_mapped else address
