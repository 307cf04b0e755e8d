"""Who asks, by which request, and what works for them: what every endpoint is given that needs a key."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from fastapi import Request, Response

from myna.domain.voice import WorkspaceId
from myna.http.backend import Backend
from myna.http.pulled_response import PulledResponse, while_client_waits
from myna.observability.audit_log import Act
from myna.observability.request_record import RequestRecord
from myna.observability.tracing import current_record
from myna.usecases.ports import Grant
from myna.usecases.services import Services

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asker:
    request: Request
    backend: Backend
    grant: Grant

    @property
    def workspace(self) -> WorkspaceId:
        return self.grant.workspace

    @property
    def services(self) -> Services:
        return self.backend.services

    @property
    def record(self) -> RequestRecord:
        return current_record()

    @property
    def is_strict(self) -> bool:
        """Reply fields that the original API does not have are left out."""
        return self.backend.limits.strict_replies

    def noting(self, act: Act) -> Callable[[str, Sequence[str]], None]:
        """Puts an act of this request into the audit log; blocks, on any thread. Raises: ServiceUnavailable."""
        return partial(self.backend.write_note, act, self.record)

    async def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """What the work gives; it is given up when the client leaves. Raises: ClientLeft, and what the work raises."""
        return await while_client_waits(self.request.receive, work)

    async def pull(self, pieces: AsyncGenerator[bytes, None], media_type: str, nothing: bytes = b"") -> Response:
        """From its first piece on: what fails before is an error. nothing: the whole of it, if there is no piece."""
        first = await self.wait_for(anext(pieces, None))
        if first is None:
            return Response(nothing, media_type=media_type)
        return PulledResponse(first, pieces, media_type, self.backend.limits.send_stall_s)
