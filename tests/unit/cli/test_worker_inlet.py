"""A worker's end of the socket: every connection that is handed over is counted back, taken and closed."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn

from myna.cli.server import Server
from myna.cli.worker import Inlet
from myna.cli.workers import CLOSED, TAKEN


async def serve_nothing(scope: object, receive: object, send: object) -> None:
    """An ASGI application."""


@pytest.fixture
async def channel() -> AsyncIterator[socket.socket]:
    """Of whoever listens; at its other end is a worker that serves nothing."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # the kernel makes it a few bytes
    server = Server(uvicorn.Config(serve_nothing, lifespan="off", log_config=None))
    server.config.load()
    with ours, theirs:
        Inlet(theirs).obey(server)
        yield ours
        ours.shutdown(socket.SHUT_WR)
        while not server.should_exit:
            await asyncio.sleep(0)


async def hand_over(channel: socket.socket, connection: socket.socket) -> None:
    while True:
        try:
            socket.send_fds(channel, [b"c"], [connection.fileno()])
        except BlockingIOError:
            await asyncio.sleep(0)
        else:
            return


async def hear(channel: socket.socket, num_bytes: int) -> bytes:
    said = b""
    async with asyncio.timeout(60):
        while len(said) < num_bytes:
            said += await asyncio.get_running_loop().sock_recv(channel, num_bytes)
    return said


async def test_nothing_is_lost_in_a_full_socket(channel: socket.socket) -> None:
    """Whoever listens reads nothing for longer than the socket has room."""
    num_connections = 50
    for _ in range(num_connections):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            await hand_over(channel, theirs)
    said = await hear(channel, 2 * num_connections)
    assert (said.count(TAKEN), said.count(CLOSED)) == (num_connections, num_connections)


async def test_a_worker_without_descriptors_says_so(channel: socket.socket) -> None:
    """The kernel cuts the connection: it counts as taken and closed."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            await hand_over(channel, theirs)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            assert await hear(channel, 2) == bytes([TAKEN, CLOSED])
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert ours.recv(1) == b""
