"""A protocol and a transport that stand between uvicorn's and the connection, and hand on what they do not change."""

import asyncio
from typing import Any, cast


class WrappedOutlet:
    """The transport, in what a subclass does not change."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class WrappedProtocol(asyncio.Protocol):
    """uvicorn's protocol, in what a subclass does not change."""

    _inner: asyncio.Protocol

    def _connect(self, outlet: WrappedOutlet) -> None:
        self._inner.connection_made(cast("asyncio.Transport", outlet))

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> None:
        self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)
