"""A TCP proxy on the loopback that can fail as networks and servers do."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

SLOW_S = 0.02
_BUSY = b"HTTP/1.1 503 Slow Down\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Fault(Enum):
    NONE = "none"
    GONE = "gone"
    """Connections are cut, new ones too."""
    SILENT = "silent"
    """Nothing passes; connections stay open."""
    SLOW = "slow"
    """Every piece of data takes its time."""
    ERRING = "erring"
    """Every HTTP request is answered 503."""
    ANSWERS_LOST = "answers lost"
    """What is sent arrives, but instead of the answer the connection is cut."""


class TcpProxy:
    """Passes connections on to a port, for as long as `fault` lets it. Made by `run_proxy`."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self._target_port = target_port
        self._fault = Fault.NONE
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._changed = asyncio.Event()
        self._holding: tuple[bytes, int] | None = None
        self.is_holding = threading.Event()

    def hold_at(self, beginning: bytes, number: int) -> None:
        """Fall silent when that many requests that begin like this have come, before the last of them passes.

        `is_holding` is set then.
        """
        self._holding = beginning, number

    @property
    def fault(self) -> Fault:
        return self._fault

    @fault.setter
    def fault(self, fault: Fault) -> None:
        """In force on return."""
        asyncio.run_coroutine_threadsafe(self._set(fault), self._loop).result()

    async def _set(self, fault: Fault) -> None:
        self._fault = fault
        self._changed.set()
        self._changed = asyncio.Event()
        if fault in {Fault.GONE, Fault.ERRING}:
            for writer in self._writers:
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._fault is Fault.GONE:
            writer.transport.abort()
            return
        if self._fault is Fault.ERRING:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(_BUSY)
            writer.close()
            return
        try:
            target_reader, target_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        pair = {writer, target_writer}
        self._writers |= pair
        try:
            await asyncio.gather(self._pump(reader, target_writer), self._pump(target_reader, writer, is_answer=True))
        except OSError:
            pass
        finally:
            for end in pair:
                end.transport.abort()
            self._writers -= pair

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool = False
    ) -> None:
        while data := await reader.read(1 << 16):
            if self._fault is Fault.ANSWERS_LOST and is_answer:
                raise ConnectionAbortedError
            if not is_answer:
                await self._count(data)
            while self._fault is Fault.SILENT:
                await self._changed.wait()
            if self._fault is Fault.SLOW:
                await asyncio.sleep(SLOW_S)
            writer.write(data)
            await writer.drain()
        if is_answer:
            raise ConnectionAbortedError
        writer.write_eof()

    async def _count(self, data: bytes) -> None:
        if self._holding is None or not data.startswith(self._holding[0]):
            return
        self._holding = self._holding[0], self._holding[1] - 1
        if self._holding[1] == 0:
            await self._set(Fault.SILENT)
            self.is_holding.set()

    async def _run(self, is_ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        is_ready.set()
        await self._stop.wait()
        server.close()
        await self._set(Fault.GONE)
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)


@contextmanager
def run_proxy(target_port: int) -> Iterator[TcpProxy]:
    proxy = TcpProxy(target_port)
    is_ready = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(proxy._run(is_ready)))
    thread.start()
    is_ready.wait()
    try:
        yield proxy
    finally:
        proxy._loop.call_soon_threadsafe(proxy._stop.set)
        thread.join()
