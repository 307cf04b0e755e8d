"""One of the processes of `myna serve --workers` (`workers.py`)."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from myna.cli.options import AsJson
from myna.cli.setting_values import read_settings
from myna.cli.workers import BEAT_S, BUSY, CLOSED, LEAVING, READY, TAKEN, WELL
from myna.runtime.small_heap import keep_heap_small

if TYPE_CHECKING:
    from myna.cli.server import Server
    from myna.usecases.ports import EngineClient
    from myna.usecases.services import Services

logger = logging.getLogger(__name__)


def worker(
    channel: Annotated[int, typer.Argument(help="File descriptor of a Unix socket.")], *, as_json: AsJson = False
) -> None:
    """Serve the connections that come through a socket, until it ends. Started by `myna serve`, not by people."""
    del as_json  # how it is told what keeps it from starting
    keep_heap_small()
    settings = read_settings()
    from myna.cli.server import serve_services  # noqa: PLC0415  (the server's libraries: seconds to import)
    from myna.observability.logging import configure_logging  # noqa: PLC0415

    configure_logging(settings.log_format)
    with socket.socket(fileno=channel) as opened:

        async def serve() -> None:
            inlet = Inlet(opened)
            await serve_services(settings, (), inlet.obey, inlet.tell_ready)

        asyncio.run(serve())


class Inlet:
    """This worker's end of the socket: connections come in, and the server is told to stop when it ends."""

    def __init__(self, channel: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._channel = channel
        self._unsaid = bytearray()
        self._making: set[asyncio.Task[object]] = set()

    def obey(self, server: "Server") -> None:
        self._channel.setblocking(False)
        self._loop.add_reader(self._channel, self._take, server)
        # Whoever listens answers by ending the socket: then no connection is on its way to a server that has stopped.
        self._loop.add_signal_handler(signal.SIGTERM, self._say, LEAVING)
        self._loop.add_signal_handler(signal.SIGINT, lambda: None)

    async def tell_ready(self, services: "Services") -> None:
        self._say(READY)
        self._beat(services.engine)

    def _beat(self, engine: "EngineClient") -> None:
        """Says all the time that this process is well: its event loop runs, and it can speak."""
        if engine.is_well and not self._unsaid:
            self._say(WELL if engine.is_ready else BUSY)
        if not self._loop.is_closed():
            self._loop.call_later(BEAT_S, self._beat, engine)

    def _say(self, what: int) -> None:
        if not self._loop.is_closed():  # after it nobody wants to know
            self._unsaid.append(what)
            self._say_rest()

    def _say_rest(self) -> None:
        """Whoever listens counts, so nothing may be lost: the socket is full after some hundred bytes."""
        try:
            while self._unsaid:
                del self._unsaid[: self._channel.send(self._unsaid)]
        except ConnectionError:  # whoever listens is gone
            self._unsaid.clear()
        except OSError:
            self._loop.add_writer(self._channel, self._say_rest)
            return
        self._loop.remove_writer(self._channel)

    def _take(self, server: "Server") -> None:
        try:
            said, descriptors, _, _ = socket.recv_fds(self._channel, 1, 1)
        except BlockingIOError:
            return
        except OSError:
            said, descriptors = b"", []
        if not said:
            self._loop.remove_reader(self._channel)
            server.should_exit = True
            return
        self._say(TAKEN)
        if not descriptors:  # this process may have no more: the kernel has cut the connection
            logger.error("a connection cannot be taken")
            self._say(CLOSED)
        for descriptor in descriptors:
            connection = _Connection(descriptor, lambda: self._say(CLOSED))
            connection.setblocking(False)
            making = self._loop.create_task(server.take_connection(connection))
            self._making.add(making)
            making.add_done_callback(self._making.discard)


class _Connection(socket.socket):
    """Tells when it is closed, whoever has it by then (the protocol of a WebSocket is another than that of HTTP)."""

    def __init__(self, descriptor: int, on_close: Callable[[], None]) -> None:
        super().__init__(fileno=descriptor)
        self._on_close = on_close

    def close(self) -> None:
        was_open = self.fileno() >= 0
        super().close()
        if was_open:
            self._on_close()
