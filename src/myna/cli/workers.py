"""`myna serve --workers N`: one process that listens, and N that serve the connections it hands them, each to the
one with the fewest: two callers of two workers never share one, as with SO_REUSEPORT or an inherited socket they
may; none is lost when a worker ends. Between the two runs a Unix socket: a connection goes down with a byte, and a
byte comes back when it is taken and when it is closed. Its end tells the worker to stop: also when this process was
killed."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import typer
from prometheus_client.multiprocess import mark_process_dead

from myna.config import Settings

logger = logging.getLogger(__name__)

READY, WELL, BUSY, TAKEN, CLOSED, LEAVING = b"rwbtcl"
"""What a worker says: it is ready, is well (each `BEAT_S` from then on) or only busy with itself (another engine is
loaded), has taken a connection, has closed one, was told to stop."""
BEAT_S = 0.5
_FEW_BEATS = 4
"""A worker that is not well for so long gets no connection that another could take."""
_MAX_PAUSE_S = 30.0
_STABLE_S = 60.0
"""A worker that lived so long is started again at once; one that did not after a pause, twice as long each time."""
_ACCEPT_AGAIN_S = 1.0
"""After the process has run out of file descriptors. Source: asyncio."""


@dataclass(slots=True)
class Patience:
    """With workers."""

    give_back_s: float = 15.0
    """One that is to stop has MYNA_DRAIN_S for the requests it answers, and so long to give the engine back."""
    max_silent_beats: int = 40
    """One that is not well for so long is killed. Beats are counted, not time: on a machine that was asleep no worker
    hangs."""


@dataclass(slots=True, eq=False)
class _Worker:
    process: Process
    channel: socket.socket
    is_ready: bool = False
    num_silent: int = 0
    """Beats since it was well."""
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    """It was told to stop."""
    num_open: int = 0
    """Connections that were handed over and are not closed."""
    num_handed: int = 0
    untaken: deque[socket.socket] = field(default_factory=deque)
    """Handed over, and given to another if it dies before it has them."""

    @property
    def load(self) -> tuple[bool, int, int]:
        """Least first. One that is not ready answers /healthz, and everything else with 503."""
        return not self.is_ready or self.num_silent > _FEW_BEATS, self.num_open, self.num_handed


async def run_workers(
    settings: Settings,
    listening: socket.socket,
    when_ready: Callable[[], Awaitable[None]],
    *,
    as_json: bool,
    patience: Patience | None = None,
) -> None:
    """Until a signal; a worker that dies is started again. Raises: typer.Exit for one that cannot start."""
    listening.setblocking(False)
    with tempfile.TemporaryDirectory(prefix="myna-workers-") as folder:
        options = ["--json"] if as_json else []
        await _Workers(settings, Path(folder), options, patience or Patience()).run(listening, when_ready)


class _Workers:
    def __init__(self, settings: Settings, metrics_dir: Path, options: Sequence[str], patience: Patience) -> None:
        """metrics_dir: empty; the workers' counters, so that each shows the sum of all. options: of `worker`."""
        self._num_workers = settings.workers
        self._stop_s = settings.drain_s + patience.give_back_s
        self._patience = patience
        self._options = options
        self._metrics_dir = metrics_dir
        self._environment = {
            **os.environ,
            "MYNA_DATA_DIR": str(settings.data_dir),
            "MYNA_ENGINE": settings.engine,
            "PROMETHEUS_MULTIPROC_DIR": str(metrics_dir),
        }
        self._workers: set[_Worker] = set()
        self._held: list[socket.socket] = []
        """Connections that were taken in when no worker could have them."""
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()

    async def run(self, listening: socket.socket, when_ready: Callable[[], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._obey)
        keeping = [asyncio.create_task(self._keep()) for _ in range(self._num_workers)]
        accepting = asyncio.create_task(self._accept_all(listening))
        telling = asyncio.create_task(self._tell_when_ready(when_ready))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({*keeping, accepting, telling, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (accepting, telling, stopping):
                task.cancel()
            await asyncio.wait({accepting, telling, stopping})
            listening.close()
            self._stop()
            await asyncio.wait(keeping)
            logger.info("stopped")
        for task in (*keeping, accepting, telling):
            if not task.cancelled():
                task.result()

    def _obey(self) -> None:
        """A signal; the second one ends all at once."""
        if self._stopping.is_set():
            for worker in self._workers:
                with contextlib.suppress(ProcessLookupError):
                    worker.process.kill()
        self._stop()

    def _stop(self) -> None:
        self._stopping.set()
        while self._held:
            self._held.pop().close()
        for worker in self._workers:
            self._dismiss(worker)

    def _dismiss(self, worker: _Worker) -> None:
        """Hand it no more; it ends when what it has is answered."""
        worker.leaving.set()
        with contextlib.suppress(OSError):  # it is gone
            worker.channel.shutdown(socket.SHUT_WR)

    # --- processes -------------------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """One worker after the other, until all are to stop. Raises: typer.Exit, OSError if the first cannot start."""
        pause_s = 0.0
        was_ready = False
        while not self._stopping.is_set():
            started_s = monotonic()
            try:
                worker = await self._begin()
            except OSError as exc:  # the machine has no process or descriptor left
                if not was_ready:
                    raise
                logger.error("a worker cannot be started", extra={"error": exc.strerror})  # noqa: TRY400
            else:
                try:
                    status = await self._wait_for_end(worker)
                finally:
                    self._end(worker)
                was_ready = was_ready or worker.is_ready
                if self._stopping.is_set():
                    return
                if not was_ready:
                    raise typer.Exit(status if status > 0 else 1)
                if worker.leaving.is_set():
                    continue
                logger.error("a worker died and is started again", extra={"pid": worker.process.pid, "status": status})
            pause_s = 0.0 if monotonic() - started_s > _STABLE_S else min(2 * pause_s + 0.5, _MAX_PAUSE_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause_s)

    async def _begin(self) -> _Worker:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs, contextlib.ExitStack() as if_it_fails:
            if_it_fails.callback(ours.close)
            process = await asyncio.create_subprocess_exec(
                # -P: nothing is imported from the folder in which the server was started.
                *(sys.executable, "-P", "-m", "myna.cli.main", "worker", str(theirs.fileno()), *self._options),
                stdin=DEVNULL,
                pass_fds=[theirs.fileno()],
                env=self._environment,
                # Ctrl-C in the terminal goes to this process, which tells the workers.
                start_new_session=True,
            )
            if_it_fails.pop_all()
        worker = _Worker(process, ours)
        self._workers.add(worker)
        asyncio.get_running_loop().add_reader(ours, self._hear, worker)
        if self._stopping.is_set():
            self._dismiss(worker)
        held, self._held = self._held, []
        for connection in held:
            self._hand_over(connection)
        self._changed.set()
        return worker

    async def _wait_for_end(self, worker: _Worker) -> int:
        ending = asyncio.create_task(worker.process.wait())
        leaving = asyncio.create_task(worker.leaving.wait())
        hanging = asyncio.create_task(self._wait_for_silence(worker))
        await asyncio.wait({ending, leaving, hanging}, return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        done, _ = await asyncio.wait({ending}, timeout=0 if hanging.done() else self._stop_s)
        hanging.cancel()
        if not done:
            self._workers.discard(worker)  # it is handed nothing more
            does_not = "stop" if worker.leaving.is_set() else "answer"
            logger.error("a worker does not %s and is killed", does_not, extra={"pid": worker.process.pid})
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                worker.process.kill()
        return await ending

    async def _wait_for_silence(self, worker: _Worker) -> None:
        """Until a worker that was ready has not been well for a while: its event loop hangs, or its engine for good."""
        while worker.num_silent < self._patience.max_silent_beats:
            await asyncio.sleep(BEAT_S)
            worker.num_silent += worker.is_ready

    def _end(self, worker: _Worker) -> None:
        self._workers.discard(worker)
        asyncio.get_running_loop().remove_reader(worker.channel)
        self._hear(worker)
        worker.channel.close()
        for connection in worker.untaken:
            self._hand_over(connection)
        mark_process_dead(worker.process.pid, str(self._metrics_dir))  # type: ignore[no-untyped-call]

    def _hear(self, worker: _Worker) -> None:
        try:
            said = worker.channel.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            asyncio.get_running_loop().remove_reader(worker.channel)
        worker.is_ready = worker.is_ready or READY in said
        if WELL in said:
            worker.num_silent = 0
        elif BUSY in said:
            worker.num_silent = _FEW_BEATS + 1
        worker.num_open -= said.count(CLOSED)
        for _ in range(said.count(TAKEN)):
            worker.untaken.popleft().close()
        if LEAVING in said:
            self._dismiss(worker)
        self._changed.set()

    async def _tell_when_ready(self, when_ready: Callable[[], Awaitable[None]]) -> None:
        """Ends only if when_ready fails, with what it raises."""
        while sum(worker.is_ready for worker in self._workers) < self._num_workers:
            self._changed.clear()
            await self._changed.wait()
        await when_ready()
        await self._stopping.wait()

    # --- connections -----------------------------------------------------------------------------------------------

    async def _accept_all(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while not self._takers():
                self._changed.clear()
                await self._changed.wait()
            try:
                connection, _ = await loop.sock_accept(listening)
            except OSError as exc:
                logger.error("no connection can be accepted", extra={"error": exc.strerror})  # noqa: TRY400
                await asyncio.sleep(_ACCEPT_AGAIN_S)
                continue
            self._hand_over(connection)

    def _takers(self) -> list[_Worker]:
        return sorted(
            (worker for worker in self._workers if not worker.leaving.is_set()), key=lambda worker: worker.load
        )

    def _hand_over(self, connection: socket.socket) -> None:
        """To the first that takes it; if none does it is cut. While there is none it waits for the next."""
        takers = self._takers()
        if not takers and not self._stopping.is_set():
            self._held.append(connection)
            return
        for worker in takers:
            with contextlib.suppress(OSError):  # it is gone, or so busy that its socket is full
                socket.send_fds(worker.channel, [b"c"], [connection.fileno()])
                worker.num_open += 1
                worker.num_handed += 1
                worker.untaken.append(connection)
                return
        connection.close()
