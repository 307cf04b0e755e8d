"""What every endpoint works with: the use cases, and what the edge itself keeps."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from myna.domain.errors import Overloaded
from myna.http.allowances import Allowances
from myna.http.limits import HttpLimits
from myna.http.wrong_keys import WrongKeys
from myna.observability.audit_log import Act, AuditLog
from myna.observability.metrics import Metrics
from myna.observability.request_record import RequestRecord
from myna.usecases.services import Services
from myna.usecases.tokens import Tokens


class BodiesInFlight:
    """A common account of all bodies, from their first byte until they are parsed."""

    def __init__(self, max_bytes: int, metrics: Metrics) -> None:
        self._max_bytes = max_bytes
        self._metrics = metrics
        self._num_bytes = 0

    @contextmanager
    def hold(self) -> Iterator[Callable[[int], int]]:
        """Is told of a body's bytes as they arrive, and answers how many they are; raises Overloaded without room."""
        held_bytes = 0

        def grow(num_bytes: int) -> int:
            nonlocal held_bytes
            if self._num_bytes + num_bytes > self._max_bytes:
                raise Overloaded("Too many large requests at one time. Try again in a moment.")
            self._change(num_bytes)
            held_bytes += num_bytes
            return held_bytes

        try:
            yield grow
        finally:
            self._change(-held_bytes)

    def _change(self, num_bytes: int) -> None:
        self._num_bytes += num_bytes
        self._metrics.change("myna_body_bytes_in_flight", num_bytes)


@dataclass(frozen=True, slots=True)
class Backend:
    services: Services
    limits: HttpLimits
    metrics: Metrics
    bodies: BodiesInFlight
    allowances: Allowances
    keys: WrongKeys
    tokens: Tokens
    audit: AuditLog | None
    """None: nothing is noted."""
    open_sockets: dict[str, "SilentSocket | None"] = field(default_factory=dict)
    """Request id -> a socket on which nobody has shown a key yet; None for the others. Oldest first."""
    evicted_sockets: set[str] = field(default_factory=set)
    """Request ids of silent ones that were told to go a moment ago: their connections may still be there."""

    async def close(self) -> None:
        """The end of the service: the store hears what has ended, then everything is given back."""
        await self.allowances.close()
        await self.services.close()

    async def note(self, act: Act, record: RequestRecord, voice_id: str, recordings: Sequence[str] = ()) -> None:
        """Put an act into the audit log. Raises: ServiceUnavailable, if it cannot be written."""
        if self.audit is not None:
            await asyncio.to_thread(self.write_note, act, record, voice_id, recordings)

    def write_note(self, act: Act, record: RequestRecord, voice_id: str, recordings: Sequence[str] = ()) -> None:
        """As `note`; blocks."""
        if self.audit is not None:
            who = {"key_id": record.key_id, "request_id": record.request_id}
            self.audit.note(act, voice_id, recordings=recordings, **who)


@dataclass(frozen=True, slots=True)
class SilentSocket:
    opened_at_s: float
    """Of the event loop's clock."""
    close: Callable[[], Awaitable[None]]


async def _backend_of(connection: HTTPConnection) -> Backend:
    backend: Backend = connection.app.state.backend
    return backend


WithBackend = Annotated[Backend, Depends(_backend_of)]
