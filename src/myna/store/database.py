"""The SQL database: connections, transactions, migrations, and its failures in our words.

Knows nothing of voices or keys.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from filelock import FileLock
from sqlalchemy import Connection, event, func, make_url, select, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)
from sqlalchemy.exc import (
    TimeoutError as PoolTimeout,
)
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from myna.domain.errors import InvalidRequest, ServiceUnavailable
from myna.store.private_files import make_private_folder, touch_private_file

logger = logging.getLogger(__name__)

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
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
_POOL = {"pool_size": 5, "max_overflow": 10}
_HASTY_POOL = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 2.0}
"""One writer after the other: the queue of a pool is fair, that of SQLite's write lock is not."""
_HASTY_PRAGMAS = ("PRAGMA synchronous = NORMAL", "PRAGMA busy_timeout = 500")
"""Who only counts waits half a second for another process, and then goes on without the store."""
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
_TRANSACTION_S = 15.0
"""Longest transaction with a server: ours take milliseconds, so one that takes longer gets no answer any more. It takes
the driver up to ten seconds more to let go of it."""

_START_WAIT_S = 60.0
"""Longest wait for another process that makes the same file."""


class Database:
    """One database, many short transactions. Nothing is opened before `start`."""

    def __init__(self, url: str) -> None:
        """url: of SQLAlchemy; `sqlite:///path` and `postgresql://...` get the driver that we use.

        Raises: InvalidRequest for something that is not such a URL, or whose driver is not installed.
        """
        try:
            parsed = make_url(url)
            self._url = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
            self._engine = _create_engine(self._url)
        except ArgumentError as exc:
            raise InvalidRequest("MYNA_DATABASE_URL is not a database URL. Example: postgresql://host/myna.") from exc
        except ImportError as exc:
            raise InvalidRequest(f"MYNA_DATABASE_URL needs a driver: pip install {exc.name or 'it'}.") from exc
        self._hasty_engine = _create_hasty_engine(self._url) if self.is_sqlite else self._engine
        self._reading_engine = self._engine.execution_options(myna_begin="BEGIN")
        self._transaction_s = None if self.is_sqlite else _TRANSACTION_S
        self._start_lock = asyncio.Lock()
        self._is_current = False

    @property
    def is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path | None:
        """Where it is, if it is a file."""
        return Path(self._url.database) if self.is_sqlite and self._url.database else None

    async def start(self) -> None:
        """Make the file and bring the tables up to date; may be repeated. Raises: ServiceUnavailable."""
        async with self._start_lock:
            if self._is_current:
                return
            with _in_our_words():
                if self.file is not None:
                    await self._start_file(self.file)
                else:
                    await self._bring_up_to_date()
            self._is_current = True

    async def _start_file(self, path: Path) -> None:
        """One process after the other: SQLite refuses at once, without waiting, to turn a file in use to WAL."""
        await asyncio.to_thread(make_private_folder, path.parent)
        await asyncio.to_thread(touch_private_file, path)
        lock = FileLock(path.with_suffix(".lock"), timeout=_START_WAIT_S, mode=0o600, thread_local=False)
        await asyncio.to_thread(lock.acquire)
        try:
            await self._bring_up_to_date()
        finally:
            lock.release()

    async def _bring_up_to_date(self) -> None:
        async with self._engine.begin() as connection:
            await connection.run_sync(_migrate)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A consistent view. Raises: ServiceUnavailable."""
        with _in_our_words():
            async with (
                asyncio.timeout(self._transaction_s),
                AsyncSession(self._reading_engine, expire_on_commit=False) as session,
                session.begin(),
            ):
                yield session

    @asynccontextmanager
    async def writing(self, *, is_lasting: bool = True) -> AsyncIterator[AsyncSession]:
        """A transaction: all of it at the end of the block, or nothing.

        is_lasting: off for what a power cut may take back, which need not wait for the disk.
        Raises: ServiceUnavailable.
        """
        with _in_our_words():
            async with (
                asyncio.timeout(self._transaction_s),
                AsyncSession(self._engine if is_lasting else self._hasty_engine, expire_on_commit=False) as session,
                session.begin(),
            ):
                if not is_lasting and not self.is_sqlite:
                    # Of this transaction alone: a pooler may give the connection to others.
                    await session.execute(text("SET LOCAL synchronous_commit = off"))
                yield session

    async def wipe(self) -> None:
        """Take what was deleted out of SQLite's write-ahead log too, where it would lie until the log is written over.

        While another process reads, or if the disk fails, it stays until the next time: never an error. A server does
        this by itself (PostgreSQL: autovacuum, and its settings for the log).
        """
        if not self.is_sqlite:
            return
        try:
            with _in_our_words():
                async with self._engine.connect() as connection:
                    await connection.execution_options(myna_begin="")
                    await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        except ServiceUnavailable:
            logger.warning("the write-ahead log is not wiped; tried again later")

    async def close(self) -> None:
        await self._hasty_engine.dispose()
        await self._engine.dispose()


def sqlite_url(path: Path) -> str:
    """The URL of a database file."""
    return URL.create("sqlite", database=os.fspath(path)).render_as_string(hide_password=False)


def _create_engine(url: URL, pool: Mapping[str, float] = _POOL) -> AsyncEngine:
    # Parameters hold transcripts and names: they must not reach a log through an exception's text.
    if url.get_backend_name() != "sqlite":
        patience = {name: value for name, value in _SERVER_PATIENCE.items() if name not in url.query}
        return create_async_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=patience)
    engine = create_async_engine(
        url,
        hide_parameters=True,
        # The driver begins no transactions of its own; `_begin` says which kind.
        connect_args={"isolation_level": None},
        **pool,
    )
    event.listen(engine.sync_engine, "connect", _configure_connection)
    event.listen(engine.sync_engine, "begin", _begin)
    event.listen(engine.sync_engine, "handle_error", _keep_connection)
    return engine


def _create_hasty_engine(url: URL) -> AsyncEngine:
    """Connections of their own: how long a commit waits for the disk is a matter of the connection in SQLite."""
    engine = _create_engine(url, _HASTY_POOL)

    def hurry(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in _HASTY_PRAGMAS:
            cursor.execute(pragma)
        cursor.close()
        connection.commit()

    event.listen(engine.sync_engine, "connect", hurry)
    return engine


def _configure_connection(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    del entry
    cursor = connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _keep_connection(context: ExceptionContext) -> None:
    # A connection that is given up in the middle of a statement keeps the write lock until it is collected. Kept, it is
    # rolled back as soon as the statement ends.
    if isinstance(context.original_exception, asyncio.CancelledError):
        context.is_disconnect = False


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
