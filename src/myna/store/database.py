"""Connections, transactions, migrations, and failures in our words; knows nothing of voices or keys. A transaction
is a function of a `Session`: with SQLite in one go on a thread, with a server on the event loop (`run_sync`)."""

import asyncio
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from alembic import command
from alembic.config import Config
from filelock import FileLock
from sqlalchemy import Connection, Engine, Table, create_engine, event, func, literal, make_url, select, text
from sqlalchemy.dialects.postgresql import insert as insert_into_server
from sqlalchemy.dialects.sqlite import insert as insert_into_file
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry

from myna.domain.errors import InvalidRequest, ServiceUnavailable
from myna.store.private_files import make_private_folder, touch_private_file

logger = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Session], T]
"""What is done in one transaction. May run on another thread."""

_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_BUSY_TIMEOUT_MS = 15_000
"""How long a writer waits for another process's transaction; ours take milliseconds."""
_SQLITE_PRAGMAS = (
    f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}",
    "PRAGMA journal_mode = WAL",
    # A voice that was answered must survive a power cut; NORMAL may lose the last commits of a WAL.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # What a person deletes (transcripts, names) is overwritten, not only unlinked.
    "PRAGMA secure_delete = ON",
)
_HASTY_PRAGMAS = ("PRAGMA synchronous = NORMAL", "PRAGMA busy_timeout = 500")
"""Who only counts waits half a second for another process, and then goes on without the store."""
_PATIENCE_S = 30.0
"""So long a caller waits for its turn, of this process, and then is told that the database is not to be had."""
_HASTY_PATIENCE_S = 2.0
_NUM_READERS = 4
_MAX_REMEMBERED = 1000
_MIGRATION_LOCK = 0x4D796E61
"""Names the lock among others in a shared PostgreSQL server: "Myna" in ASCII."""
_MIGRATIONS = Path(__file__).parent / "migrations"
_OUR_MISTAKES = (IntegrityError, ProgrammingError, DataError, NotSupportedError)

_SERVER_PATIENCE = {
    "connect_timeout": 5,  # seconds
    # A server that has gone without a word: unanswered data after ten seconds, an idle connection after twenty.
    "tcp_user_timeout": 10_000,  # milliseconds
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""Of libpq, unless the URL says otherwise; without them a lost network is noticed after minutes."""

_START_WAIT_S = 60.0
"""Longest wait for another process that makes the same file."""


class Database:
    """One database, many short transactions. Nothing is opened before `start`."""

    def __init__(
        self,
        url: str,
        num_connections: int = 10,
        *,
        patience_s: float = _PATIENCE_S,
        transaction_s: float = 15.0,
        hasty_patience_s: float = _HASTY_PATIENCE_S,
    ) -> None:
        """url: of SQLAlchemy; `sqlite:///path` and `postgresql://...` get our driver. hasty_patience_s: of a file: how
        long whoever only counts waits for a turn. The others are of a server. num_connections: most at one time.
        patience_s: how long a caller waits for one. transaction_s: ours take milliseconds, so one that takes longer
        gets no answer; the driver needs ten seconds more. Raises: InvalidRequest."""
        try:
            parsed = make_url(url)
            self._url = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
            self._runner: _File | _Server = (
                _File(self._url, hasty_patience_s)
                if self.is_sqlite
                else _Server(self._url, num_connections, patience_s, transaction_s)
            )
        except ArgumentError as exc:
            raise InvalidRequest("MYNA_DATABASE_URL is not a database URL. Example: postgresql://host/myna.") from exc
        except ImportError as exc:
            raise InvalidRequest(f"MYNA_DATABASE_URL needs a driver: pip install {exc.name or 'it'}.") from exc
        self.engine = self._runner.engine
        self._start_lock = asyncio.Lock()
        self._is_current = False

    @property
    def is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path | None:
        """Where it is, if it is a file."""
        return Path(self._url.database or "") if self.is_sqlite else None

    async def start(self) -> None:
        """Make the file and bring the tables up to date; may be repeated. Raises: ServiceUnavailable."""
        async with self._start_lock:
            if self._is_current:
                return
            await self.alter(_migrate)
            self._is_current = True

    async def alter(self, change: Callable[[Connection], T]) -> T:
        """Change the tables, which may take its time. Raises: ServiceUnavailable, and what `change` raises."""
        with _in_our_words():
            return await self._runner.alter(change)

    async def read(self, work: Work[T], name: Hashable = None) -> T:
        """On a consistent view. name: under which the result may be given again until anybody writes. Raises:
        ServiceUnavailable, ..."""
        with _in_our_words():
            return await self._runner.read(work, name)

    async def write(
        self, work: Work[T], *, is_lasting: bool = True, before_commit: Callable[[], None] | None = None
    ) -> T:
        """All that `work` does, or nothing if it raises. is_lasting: off for what a power cut may take back.
        before_commit: blocks; called when only the commit is left. Raises: ServiceUnavailable, and what both raise."""
        with _in_our_words():
            return await self._runner.write(work, is_lasting=is_lasting, before_commit=before_commit)

    async def check(self) -> None:
        """That it can be written, without waiting behind what others ask of a server. Raises: ServiceUnavailable."""
        with _in_our_words():
            await self._runner.check()

    async def wipe(self) -> None:
        """Take what was deleted out of SQLite's write-ahead log too. While another process reads, or if the disk
        fails, it stays until the next time: never an error. A server does this by itself (PostgreSQL: autovacuum)."""
        try:
            with _in_our_words():
                await self._runner.wipe()
        except ServiceUnavailable:
            logger.warning("the write-ahead log is not wiped; tried again later")

    async def close(self) -> None:
        await self._runner.close()


class _File:
    """SQLite. A transaction is one trip to a thread and back: each statement of its own would cost as much."""

    def __init__(self, url: URL, hasty_patience_s: float) -> None:
        if not url.database:
            raise ArgumentError("a database in memory is gone at its end")
        self._hasty_patience_s = hasty_patience_s
        self._path = Path(url.database)
        self.engine = _create_file_engine(url, _NUM_READERS + 1)
        self._reading_engine = self.engine.execution_options(myna_begin="BEGIN")
        # Connections of their own: how long a commit waits for the disk is a matter of the connection in SQLite.
        self._hasty_engine = _create_file_engine(url, 1, *_HASTY_PRAGMAS)
        self._readers = ThreadPoolExecutor(_NUM_READERS, "myna-store-read")
        # One after the other: this line is fair, that of SQLite's write lock is not.
        self._writer = ThreadPoolExecutor(1, "myna-store-write")
        self._hasty_writer = ThreadPoolExecutor(1, "myna-store-count")
        self._remembered = _Remembered(self._path)

    async def read(self, work: Work[T], name: Hashable) -> T:
        if name is None:
            return await _run_on(self._readers, lambda is_left: _transact(self._reading_engine, work, is_left))
        results = self._remembered.until_now()
        if name not in results:
            results[name] = await self.read(work, None)
        result: T = results[name]
        return result

    async def write(self, work: Work[T], *, is_lasting: bool, before_commit: Callable[[], None] | None) -> T:
        if is_lasting:
            return await _run_on(self._writer, lambda is_left: _transact(self.engine, work, is_left, before_commit))
        hasty = self._hasty_writer, lambda is_left: _transact(self._hasty_engine, work, is_left)
        return await _run_on(*hasty, patience_s=self._hasty_patience_s)

    async def check(self) -> None:
        await self.write(_ask_nothing, is_lasting=True, before_commit=None)

    async def alter(self, change: Callable[[Connection], T]) -> T:
        return await _run_on(self._writer, lambda _: self._alter(change))

    def _alter(self, change: Callable[[Connection], T]) -> T:
        """One process after the other: SQLite refuses at once, without waiting, to turn a file in use to WAL."""
        make_private_folder(self._path.parent)
        touch_private_file(self._path)
        lock = FileLock(self._path.with_suffix(".lock"), timeout=_START_WAIT_S, mode=0o600)
        with lock, self.engine.begin() as connection:
            return change(connection)

    async def wipe(self) -> None:
        await _run_on(self._writer, lambda _: self._wipe())

    def _wipe(self) -> None:
        with self.engine.connect().execution_options(myna_begin="") as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        for lane in (self._readers, self._writer, self._hasty_writer):
            await asyncio.to_thread(lane.shutdown)
        self._remembered.close()
        self._hasty_engine.dispose()
        self.engine.dispose()


class _Remembered:
    """What was read since anybody wrote: SQLite knows that in microseconds, whichever process it was."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._version: int | None = None
        self._results: dict[Hashable, Any] = {}

    def until_now(self) -> dict[Hashable, Any]:
        """Results by name, and the place for those of transactions that begin after this call."""
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(self._path, timeout=0, check_same_thread=False)
            # Source: sqlite.org/pragma.html#pragma_data_version. It reads shared memory, hence on the event loop.
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            version = None
        if version is None or version != self._version or len(self._results) > _MAX_REMEMBERED:
            self._version, self._results = version, {}
        return self._results

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


class _Server:
    """PostgreSQL."""

    def __init__(self, url: URL, num_connections: int, patience_s: float, transaction_s: float) -> None:
        self._patience_s = patience_s
        self._transaction_s = transaction_s
        patience = {name: value for name, value in _SERVER_PATIENCE.items() if name not in url.query}
        self._engine = create_async_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=num_connections,
            max_overflow=0,
            connect_args=patience,
        )
        self.engine = self._engine.sync_engine
        # Before the pool: who waits here is not counted as waiting for the server.
        self._turns = asyncio.Semaphore(max(num_connections - 1, 1))
        # The last connection, unless it is the only one: whether the server is there is not to be asked from the line.
        self._check_turns = asyncio.Semaphore(1) if num_connections > 1 else self._turns

    async def read(self, work: Work[T], name: Hashable) -> T:
        """name: of no use here. To ask whether anybody has written would take as long as to read."""
        del name
        return await self._transact(work, None, self._turns)

    async def check(self) -> None:
        await self._transact(_ask_nothing, None, self._check_turns)

    async def _transact(self, work: Work[T], before_commit: Callable[[], None] | None, turns: asyncio.Semaphore) -> T:
        async with asyncio.timeout(self._patience_s):
            await turns.acquire()
        try:
            async with (
                asyncio.timeout(self._transaction_s),
                AsyncSession(self._engine, expire_on_commit=False) as session,
                session.begin(),
            ):
                result = await session.run_sync(work)
                if before_commit is not None:
                    await session.flush()
                    await asyncio.to_thread(before_commit)
                return result
        finally:
            turns.release()

    async def write(self, work: Work[T], *, is_lasting: bool, before_commit: Callable[[], None] | None) -> T:
        def write(session: Session) -> T:
            if not is_lasting:
                # Of this transaction alone: a pooler may give the connection to others.
                session.execute(text("SET LOCAL synchronous_commit = off"))
            return work(session)

        return await self._transact(write, before_commit, self._turns)

    async def alter(self, change: Callable[[Connection], T]) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(change)

    async def wipe(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        await self._engine.dispose()


def _ask_nothing(session: Session) -> None:
    session.execute(select(1))


def sqlite_url(path: Path) -> str:
    """The URL of a database file."""
    return URL.create("sqlite", database=os.fspath(path)).render_as_string(hide_password=False)


def insert_if_new(session: Session, table: type[DeclarativeBase], **values: Any) -> bool:
    """Whether the row was added: False if there is one of its identity, by another process in this moment too."""
    insert = insert_into_file if session.get_bind().dialect.name == "sqlite" else insert_into_server
    adding = insert(cast(Table, table.__table__)).values(values).on_conflict_do_nothing().returning(literal(1))
    return session.execute(adding).first() is not None


async def _run_on(lane: ThreadPoolExecutor, work: Callable[[threading.Event], T], patience_s: float = _PATIENCE_S) -> T:
    """Who leaves waits for the end of what has begun. work: is told by the event. Raises: TimeoutError (no turn)."""
    is_left = threading.Event()
    try:
        running = lane.submit(work, is_left)
    except RuntimeError as exc:
        raise ServiceUnavailable("The store is closed: the server is stopping.") from exc
    done = asyncio.wrap_future(running)
    try:
        await asyncio.wait({done}, timeout=patience_s)
        if running.cancel():
            raise TimeoutError("too many are waiting")
        return await done
    except asyncio.CancelledError:
        is_left.set()
        done.cancel()
        while not running.cancel() and not running.done():
            with suppress(asyncio.CancelledError):
                await asyncio.gather(asyncio.wrap_future(running), return_exceptions=True)
        raise


def _transact(
    engine: Engine, work: Work[T], is_left: threading.Event, before_commit: Callable[[], None] | None = None
) -> T:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        result = work(session)
        if is_left.is_set():
            raise TimeoutError("rolled back: nobody waits for it")
        if before_commit is not None:
            session.flush()
            before_commit()
        return result


def _create_file_engine(url: URL, num_connections: int, *pragmas: str) -> Engine:
    # Parameters hold transcripts and names: they must not reach a log through an exception's text. The driver begins no
    # transactions of its own; `_begin` says which kind.
    engine = create_engine(
        url, hide_parameters=True, connect_args={"isolation_level": None}, pool_size=num_connections, max_overflow=0
    )

    def configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in (*_SQLITE_PRAGMAS, *pragmas):
            cursor.execute(pragma)
        cursor.close()

    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails at once when another has written in between; taking the
    # write lock first makes it wait instead.
    connection.exec_driver_sql(connection.get_execution_options().get("myna_begin", "BEGIN IMMEDIATE"))


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
    command.upgrade(migration_config(connection), "head")


def migration_config(connection: Connection) -> Config:
    """For Alembic's commands: our migrations, on that connection."""
    config = Config()
    config.set_main_option("script_location", os.fspath(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Turns the database's failures into `ServiceUnavailable`; our own mistakes pass as they are."""
    try:
        yield
    except _OUR_MISTAKES:
        raise
    except (DBAPIError, PoolTimeout, OSError) as exc:
        logger.exception("the database failed")
        raise ServiceUnavailable(
            "The database cannot be read or written right now. Try again; if it stays, look at the server's log "
            "and at the free space of the disk."
        ) from exc
