"""A cancellation that comes in the moment in which something was sent is not forgotten: the engine would go on."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, cast

import pytest
from fastapi import WebSocket
from starlette.types import Message

from myna.http.pulled_response import PulledResponse
from myna.http.socket_session import SocketOutlet
from myna.observability.request_record import RequestRecord

Sending = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


def send_frame(gate: asyncio.Event) -> Coroutine[Any, Any, None]:
    class Socket:
        async def send_text(self, content: str) -> None:
            del content
            await gate.wait()

    return SocketOutlet(cast("WebSocket", Socket()), 60.0, RequestRecord("socket")).send({})


def send_line(gate: asyncio.Event) -> Coroutine[Any, Any, None]:
    async def rest() -> AsyncGenerator[bytes, None]:
        yield b"line\n"

    async def send(message: Message) -> None:
        del message
        await gate.wait()

    return PulledResponse(b"first\n", rest(), "application/json", 60.0)._send_piece(send, b"line\n")


@pytest.mark.parametrize("ticks", range(6))
@pytest.mark.parametrize("start", [send_frame, send_line])
async def test_cancelled_in_the_moment_of_success(start: Sending, ticks: int) -> None:
    """Whoever is cancelled before it has ended is cancelled, however many turns of the loop after the success."""
    gate = asyncio.Event()
    task = asyncio.create_task(start(gate))
    for _ in range(5):
        await asyncio.sleep(0)
    gate.set()
    for _ in range(ticks):
        await asyncio.sleep(0)
    if task.cancel():
        with pytest.raises(asyncio.CancelledError):
            await task
