"""Who sends wrong keys has to wait (wire-contract.md#keys). In memory, of this process."""

import hashlib
import math
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

from myna.domain.errors import CredentialsRejected, RateLimited
from myna.observability.metrics import Metrics
from myna.usecases.ports import Clock, Grant
from myna.usecases.tokens import SignedRequest, Tokens

_NUM_FREE = 10
"""Wrong keys of one sender that cost nothing: a mistyped setting, a test."""
_MAX_WAIT_S = 60.0
_FORGOTTEN_S = 600.0
"""Without another wrong key the sender begins anew."""
_MAX_SENDERS = 10_000
_MAX_KNOWN = 10_000


class WrongKeys:
    """Looks keys up, but for a sender of wrong ones only after a wait that doubles with each.

    A key that was right before is always looked up, and so is a token that was signed here: nobody is kept out by
    another behind the same address.
    """

    def __init__(self, keys: Tokens, clock: Clock, metrics: Metrics) -> None:
        self._keys = keys
        self._clock = clock
        self._metrics = metrics
        self._senders: OrderedDict[str, tuple[int, float]] = OrderedDict()
        """Sender -> number of wrong keys, and when the last one came; the one that was silent for longest is first."""
        self._known: OrderedDict[bytes, None] = OrderedDict()
        """Digests of right keys, the one that was not used for longest first."""

    async def verify(self, key: str | SignedRequest, address: str) -> Grant:
        """Raises: CredentialsRejected, CredentialsExpired, PermissionDenied, RateLimited."""
        name = key if isinstance(key, str) else key.key_id
        digest, sender = hashlib.sha256(name.encode()).digest(), _sender(address)
        is_token = self._keys.is_own(key)
        if digest not in self._known and not is_token:
            self._check(sender)
        try:
            grant = await self._keys.verify(key)
        except CredentialsRejected:
            self._known.pop(digest, None)
            num_wrong, _ = self._senders.pop(sender, (0, 0.0))
            self._senders[sender] = num_wrong + 1, self._clock.monotonic_s()
            if len(self._senders) > _MAX_SENDERS:
                self._senders.popitem(last=False)
            raise
        if is_token:
            return grant
        self._known[digest] = None
        self._known.move_to_end(digest)
        if len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)
        return grant

    def _check(self, sender: str) -> None:
        num_wrong, last_s = self._senders.get(sender, (0, 0.0))
        passed_s = self._clock.monotonic_s() - last_s
        if passed_s >= _FORGOTTEN_S:
            self._senders.pop(sender, None)
        elif num_wrong >= _NUM_FREE:
            wait_s = min(2.0 ** min(num_wrong - _NUM_FREE, 10), _MAX_WAIT_S) - passed_s
            if wait_s > 0:
                self._metrics.count("myna_refusals_total", 1, {"reason": "wrong_keys"})
                raise RateLimited("Too many wrong keys came from this address. Wait a moment.", math.ceil(wait_s))


def _sender(address: str) -> str:
    """An address, of IPv6 its network: one customer has as many addresses there as they like."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return parsed.exploded[:19] if isinstance(parsed, IPv6Address) and not parsed.ipv4_mapped else address
