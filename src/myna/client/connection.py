"""What the blocking and the asynchronous client have in common: addresses, headers, limits, foreign errors."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar, TypeVarTuple, Unpack

import anyio
import anyio.to_thread
import httpx

from myna.client.errors import ServerUnreachable
from myna.client.models import OnProgress, Progress, Stage
from myna.client.operations import Operation

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

DEFAULT_URL = "http://127.0.0.1:8080"
DEFAULT_TIMEOUT_S = 300.0
"""For one reply: what the official clients wait for a clone (wire-contract.md#clone)."""

CONNECT_TIMEOUT_S = 10.0
_UPLOAD_PIECE_BYTES = 64 * 1024


sleep, async_sleep = time.sleep, anyio.sleep


def call(function: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
    """Do here and now what `async_call` does on another thread."""
    return function(*args)


async_call = anyio.to_thread.run_sync


@contextmanager
def telling_unreachable(url: str) -> Iterator[None]:
    """Turn httpx's errors into ours."""
    try:
        yield
    except httpx.ConnectError as exc:
        raise ServerUnreachable(f"No server answers at {url}. Start one with `myna serve`, or set MYNA_URL.") from exc
    except httpx.TimeoutException as exc:
        raise ServerUnreachable(f"{url} took too long to answer.") from exc
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise ServerUnreachable(f"The connection to {url} failed: {exc}") from exc


class Upload:
    """A request body that tells how far it is, and that the server is at work once the last piece is taken."""

    def __init__(self, body: bytes, on_progress: OnProgress) -> None:
        self._body = body
        self._on_progress = on_progress

    def __iter__(self) -> Iterator[bytes]:
        total = len(self._body)
        for start in range(0, total, _UPLOAD_PIECE_BYTES):
            self._on_progress(Progress(Stage.UPLOADING, start, total))
            yield self._body[start : start + _UPLOAD_PIECE_BYTES]
        self._on_progress(Progress(Stage.UPLOADING, total, total))
        self._on_progress(Progress(Stage.CLONING, 0, 1))


class AsyncUpload:
    """The same for the asynchronous client; apart, because httpx takes whatever can be iterated for blocking."""

    def __init__(self, body: bytes, on_progress: OnProgress) -> None:
        self._pieces = Upload(body, on_progress)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


def build_request(
    build: Callable[..., httpx.Request],
    operation: Operation[object],
    watch: Callable[[bytes], Upload | AsyncUpload] | None,
) -> httpx.Request:
    """build: `build_request` of an httpx client. watch: wraps the body to see it go; None to send it in one go."""
    sent_headers = {}
    content: bytes | Upload | AsyncUpload | None = operation.body
    if operation.body is not None:
        sent_headers = {"Content-Type": "application/json", "Content-Length": str(len(operation.body))}
        content = watch(operation.body) if watch else operation.body
    request = build(
        operation.method, operation.path, params=operation.query or None, content=content, headers=sent_headers
    )
    if not operation.needs_key:
        request.headers.pop("Authorization", None)
    return request


class Lines:
    """Cuts a stream of bytes at line feeds, and nowhere else."""

    def __init__(self) -> None:
        self._pending: list[bytes] = []

    def feed(self, received: bytes) -> list[bytes]:
        """The lines that are complete now, blank ones left out."""
        *complete, rest = received.split(b"\n")
        if complete:
            complete[0] = b"".join((*self._pending, complete[0]))
            self._pending = []
        self._pending.append(rest)
        return [line for line in complete if line.strip()]

    def finish(self) -> list[bytes]:
        """The last line, if it did not end with a line feed."""
        return self.feed(b"\n")
