"""`Idempotency-Key` (wire-contract.md#repeating): by it a client sends a request again without a second voice."""

import hashlib
from typing import Annotated

from fastapi import Depends, Header, Request

from myna.domain.errors import InvalidRequest
from myna.http.auth import Caller
from myna.usecases.ports import RequestMark

_MAX_CHARS = 255
"""Source: Stripe, the widest used API with such keys."""


async def _key_of(
    request: Request,
    _admitted: Caller,
    key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", description="Extra: sent again with the same body, no second voice is made."),
    ] = None,
) -> None:
    """Checked before the body is read. Raises: InvalidRequest."""
    if key is not None and not (0 < len(key) <= _MAX_CHARS and key.isascii() and key.isprintable()):
        raise InvalidRequest(f"Idempotency-Key must have 1 to {_MAX_CHARS} printable ASCII characters.")
    request.state.idempotency_key = key


Repeatable = Depends(_key_of)
"""For `dependencies=` of an endpoint: the request may be marked."""


def note_body(request: Request, body: bytes) -> None:
    """Remember a marked request by where it goes and its body; blocks for a millisecond or two per megabyte."""
    key = getattr(request.state, "idempotency_key", None)
    if key is not None:
        digest = hashlib.sha256(f"{request.method} {request.url.path}\n".encode())
        digest.update(body)
        request.state.mark = RequestMark(key, digest.hexdigest())


def mark_of(request: Request) -> RequestMark | None:
    """None if the client did not mark it."""
    mark: RequestMark | None = getattr(request.state, "mark", None)
    return mark
