"""One of the processes of `myna serve --workers` (`workers.py`)."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from myna.cli.options import AsJson
from myna.cli.setting_values import read_settings
from myna.cli.workers import CLOSED, LEAVING, READY, TAKEN

if TYPE_CHECKING:
    from myna.cli.server import Server


def worker(
    channel: Annotated[int, typer.Argument(help="File descriptor of a Unix socket.")], *, as_json: AsJson = False
) -> None:
    """Serve the connections that come through a socket, until it ends. Started by `myna serve`, not by people."""
    del as_json  # how it is told what keeps it from starting
    settings = read_settings()
    from myna.cli.server import serve_services  # noqa: PLC0415  (the server's libraries: seconds to import)
    from myna.observability.logging import configure_logging  # noqa: PLC0415

    configure_logging(cast(Literal["text", "json"], settings.log_format))
    with socket.socket(fileno=channel) as opened:
        inlet = _Inlet(opened)
        asyncio.run(serve_services(settings, (), inlet.obey, inlet.tell_ready))


class _Inlet:
    """This worker's end of the socket: connections come in, and the server is told to stop when it ends."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._making: set[asyncio.Task[object]] = set()

    def obey(self, server: "Server") -> None:
        self._channel.setblocking(False)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._channel, self._take, server)
        # Whoever listens answers by ending the socket: then no connection is on its way to a server that has stopped.
        loop.add_signal_handler(signal.SIGTERM, self._say, LEAVING)
        loop.add_signal_handler(signal.SIGINT, lambda: None)

    async def tell_ready(self) -> None:
        self._say(READY)

    def _say(self, what: int) -> None:
        with contextlib.suppress(OSError):  # whoever listens is gone
            self._channel.send(bytes([what]))

    def _take(self, server: "Server") -> None:
        try:
            said, descriptors, _, _ = socket.recv_fds(self._channel, 1, 1)
        except BlockingIOError:
            return
        except OSError:
            said, descriptors = b"", []
        loop = asyncio.get_running_loop()
        if not said:
            loop.remove_reader(self._channel)
            server.should_exit = True
        for descriptor in descriptors:
            self._say(TAKEN)
            connection = _Connection(descriptor, lambda: self._say(CLOSED))
            connection.setblocking(False)
            making = loop.create_task(loop.connect_accepted_socket(server.open_connection, connection))
            self._making.add(making)
            making.add_done_callback(self._making.discard)


class _Connection(socket.socket):
    """Tells when it is closed, whoever has it by then (the protocol of a WebSocket is another than that of HTTP)."""

    def __init__(self, descriptor: int, on_close: Callable[[], None]) -> None:
        super().__init__(fileno=descriptor)
        self._on_close = on_close

    def close(self) -> None:
        if self.fileno() >= 0:
            self._on_close()
        super().close()
