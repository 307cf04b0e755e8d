"""PostgreSQL and S3 keep the promises of the stores: what several machines may share."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from tests.store_contract import (
    DictionaryStoreContract,
    JobStoreContract,
    KeyStoreContract,
    RequestKeyContract,
    TallyContract,
    VoiceStoreContract,
)
from tests.store_servers import S3, Postgres
from tests.stored_content import empty, read_pending

from myna.domain.errors import ServiceUnavailable
from myna.store.database import Database
from myna.store.dictionaries import SqlDictionaryStore
from myna.store.jobs import SqlJobStore
from myna.store.keys import SqlKeyStore
from myna.store.opening import Stores, open_stores
from myna.store.request_keys import SqlRequestKeys
from myna.store.sql import SqlVoiceStore
from myna.store.tallies import SqlTallies
from myna.testing.clock import FixedClock


@pytest.fixture(scope="module")
def database_url(postgres: Postgres) -> str:
    """One database for all: it is migrated once and emptied before each test."""
    return postgres.create_database()


@pytest.fixture
async def stores(database_url: str, s3: S3, tmp_path: Path, clock: FixedClock) -> AsyncIterator[Stores]:
    opened = open_stores(tmp_path, clock, database_url, s3.new_url())
    await opened.prepare()
    await empty(opened)
    yield opened
    assert await read_pending(opened) == []
    await opened.release()


class TestSharedVoiceStore(VoiceStoreContract):
    """Voices in PostgreSQL and S3."""

    @pytest.fixture
    def voices(self, stores: Stores) -> SqlVoiceStore:
        return stores.voices


class TestSharedKeyStore(KeyStoreContract):
    """Keys in PostgreSQL."""

    @pytest.fixture
    def keys(self, stores: Stores) -> SqlKeyStore:
        return stores.keys


class TestSharedDictionaryStore(DictionaryStoreContract):
    """Pronunciations in PostgreSQL."""

    @pytest.fixture
    def dictionaries(self, stores: Stores) -> SqlDictionaryStore:
        return stores.dictionaries


class TestSharedRequestKeys(RequestKeyContract):
    """Marked requests in PostgreSQL."""

    @pytest.fixture
    def request_keys(self, stores: Stores) -> SqlRequestKeys:
        return stores.request_keys

    @pytest.fixture
    def voices(self, stores: Stores) -> SqlVoiceStore:
        return stores.voices


class TestSharedJobStore(JobStoreContract):
    """Jobs in PostgreSQL and S3."""

    @pytest.fixture
    def jobs(self, stores: Stores) -> SqlJobStore:
        return stores.jobs


class TestSharedTallies(TallyContract):
    """Counts in PostgreSQL."""

    @pytest.fixture
    def tallies(self, stores: Stores) -> SqlTallies:
        return stores.tallies

    async def test_only_what_may_be_lost_does_not_wait_for_the_disk(self, stores: Stores) -> None:
        """On one connection, which a pooler may share: for the one transaction and no longer."""
        query = text("SELECT current_setting('synchronous_commit'), pg_backend_pid()")
        found = [
            await stores.database.write(lambda session: session.execute(query).one(), is_lasting=is_lasting)
            for is_lasting in (True, False, True)
        ]
        assert [setting for setting, _ in found] == ["on", "off", "on"]
        assert len({process for _, process in found}) == 1


async def test_a_hundred_requests_take_turns(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All are answered although they wait longer than any may take."""
    clock, database = FixedClock(), Database(database_url, 1, transaction_s=15.0)
    await database.start()
    monkeypatch.setattr(asyncio.get_running_loop(), "time", clock.monotonic_s)

    def work(session: Session) -> int:
        clock.advance(0.25)
        return int(session.execute(text("SELECT 1")).scalar_one())

    assert await asyncio.gather(*(database.read(work) for _ in range(100))) == [1] * 100
    monkeypatch.undo()
    await database.close()


async def test_a_hundred_requests_have_two_connections(database_url: str) -> None:
    """Without a turn they are refused, in time."""
    database = Database(database_url, 3)  # the third is for whoever asks whether it is there

    def work(session: Session) -> int:
        return int(session.execute(text("SELECT pg_backend_pid() FROM pg_sleep(0.04)")).scalar_one())

    assert len(set(await asyncio.gather(*(database.read(work) for _ in range(100))))) == 2
    await database.close()
    database = Database(database_url, 3, patience_s=0.05)
    answers = await asyncio.gather(*(database.read(work) for _ in range(100)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {int, ServiceUnavailable}
    await database.close()


async def test_whether_the_server_is_there_is_not_asked_from_the_line(database_url: str) -> None:
    """The connection for requests waits for a lock, other requests wait for it, and `/readyz` is answered."""
    holder, database = Database(database_url, 1), Database(database_url, 2)
    lock = text("SELECT pg_advisory_xact_lock(1)")
    loop, is_held, may_end = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def hold() -> None:
        loop.call_soon_threadsafe(is_held.set)
        assert may_end.wait(30)

    holding = asyncio.create_task(holder.write(lambda session: session.execute(lock), before_commit=hold))
    await is_held.wait()
    line = [asyncio.create_task(database.read(lambda session: session.execute(lock))) for _ in range(5)]
    await database.check()
    assert not any(request.done() for request in line)
    may_end.set()
    await asyncio.gather(holding, *line)
    await database.close()
    await holder.close()
