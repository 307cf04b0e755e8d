"""Databases and object storages that fail: what was answered is kept, what is seen is whole."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import event
from tests.store_contract import ARTIFACT, BETTER_ARTIFACT, OURS, SAMPLES, make_voice
from tests.store_servers import S3, Postgres
from tests.stored_content import read_everything, read_pending
from tests.tcp_proxy import Fault, TcpProxy, run_proxy

from myna.domain.errors import ServiceUnavailable
from myna.domain.voice import VoiceArtifact, VoiceId
from myna.store.opening import Stores, open_stores
from myna.testing.clock import FixedClock

NUM_FAULTS = 12
NUM_WRITERS = 3


@dataclass(frozen=True, slots=True)
class Faulty:
    """A store, and the networks to its database and its object storage."""

    stores: Stores
    database: TcpProxy
    blobs: TcpProxy


@pytest.fixture
def proxies(postgres: Postgres, s3: S3) -> Iterator[tuple[TcpProxy, TcpProxy]]:
    with run_proxy(postgres.port) as database, run_proxy(s3.port) as blobs, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{blobs.port}")
        yield database, blobs


@pytest.fixture
async def faulty(
    postgres: Postgres, s3: S3, proxies: tuple[TcpProxy, TcpProxy], tmp_path: Path, clock: FixedClock
) -> AsyncIterator[Faulty]:
    database, blobs = proxies
    url = postgres.create_database().replace(str(postgres.port), str(database.port))
    stores = open_stores(tmp_path, clock, url, s3.new_url(), blob_retry_s=1.0)
    await stores.prepare()
    yield Faulty(stores, database, blobs)
    await stores.release()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


async def check_everything_is_whole(stores: Stores) -> set[VoiceId]:
    """Every voice has its blobs, every blob its voice. Returns the voices."""
    voices = await stores.voices.list(OURS)
    for voice in voices:
        await stores.voices.get_with_artifact(OURS, voice.voice_id)
        assert tuple(await stores.voices.get_samples(OURS, voice.voice_id)) == SAMPLES
    content = await read_everything(stores)
    assert content["prefixes"] == {name.partition("/")[0] for name in content["blobs"]}
    assert content["pending_blobs"] == []
    return {voice.voice_id for voice in voices}


async def test_a_lost_answer_to_a_commit_loses_no_blobs(faulty: Faulty, clock: FixedClock) -> None:
    """The caller hears of a failure, the voice is there nevertheless: then all of it is, also after a clean-up."""
    stores, voice = faulty.stores, make_voice(clock)
    engine = stores.database.engine
    seen = []

    def see(connection, cursor, statement, parameters, context, executemany):
        seen.append(statement)

    def lose_the_answer(connection):
        if any(statement.startswith(changing) for statement in seen):
            faulty.database.fault = Fault.ANSWERS_LOST

    event.listen(engine, "after_cursor_execute", see)
    event.listen(engine, "commit", lose_the_answer)
    for changing, step, expected in (  # noqa: B007  (read by `lose_the_answer`)
        ("INSERT INTO voices", lambda: stores.voices.add(OURS, voice, ARTIFACT, SAMPLES), ARTIFACT),
        (
            "UPDATE voices",
            lambda: stores.voices.replace_artifact(OURS, voice.voice_id, BETTER_ARTIFACT),
            BETTER_ARTIFACT,
        ),
        ("DELETE FROM voices", lambda: stores.voices.delete(OURS, voice.voice_id), None),
    ):
        with pytest.raises(ServiceUnavailable):
            await step()
        seen.clear()
        faulty.database.fault = Fault.NONE
        await stores.voices.recover()
        assert await check_everything_is_whole(stores) == ({voice.voice_id} if expected else set())
        if expected:
            assert (await stores.voices.get_with_artifact(OURS, voice.voice_id)).artifact == expected


@pytest.mark.parametrize("fault", [Fault.GONE, Fault.ERRING])
async def test_a_clone_without_object_storage_leaves_nothing(faulty: Faulty, clock: FixedClock, fault: Fault) -> None:
    """It is refused, nothing of it is there when the storage is back; a deletion goes on, and its files go later."""
    stores = faulty.stores
    kept, leaving = make_voice(clock, "kept"), make_voice(clock, "leaving")
    for voice in (kept, leaving):
        await stores.voices.add(OURS, voice, ARTIFACT, SAMPLES)
    faulty.blobs.fault = fault
    cloned, read, deleted = await asyncio.gather(
        stores.voices.add(OURS, make_voice(clock), ARTIFACT, SAMPLES),
        stores.voices.get_with_artifact(OURS, kept.voice_id),
        stores.voices.delete(OURS, leaving.voice_id),
        return_exceptions=True,
    )
    assert (type(cloned), type(read), deleted.are_removed) == (ServiceUnavailable, ServiceUnavailable, False)
    assert [kept] == list(await stores.voices.list(OURS))
    assert len(await read_pending(stores)) == 4
    faulty.blobs.fault = Fault.NONE
    await stores.voices.recover()
    assert await check_everything_is_whole(stores) == {kept.voice_id}


async def test_nobody_waits_for_what_cannot_be_removed(faulty: Faulty, clock: FixedClock) -> None:
    """With a storage that is silent the deletion is answered, and the files go when it is back."""
    blobs = faulty.stores.ledger.blobs
    patience_s, blobs.removal_s = blobs.removal_s, 0.1
    voice = make_voice(clock)
    await faulty.stores.voices.add(OURS, voice, ARTIFACT, SAMPLES)
    faulty.blobs.fault = Fault.SILENT
    async with asyncio.timeout(25):  # obstore waits thirty seconds for an answer
        assert not (await faulty.stores.voices.delete(OURS, voice.voice_id)).are_removed
    faulty.blobs.fault = Fault.NONE
    blobs.removal_s = patience_s
    await faulty.stores.voices.recover()
    assert await check_everything_is_whole(faulty.stores) == set()


async def test_a_slow_store_is_a_whole_store(faulty: Faulty, clock: FixedClock) -> None:
    """Every answer late, everything as it should be."""
    faulty.blobs.fault = faulty.database.fault = Fault.SLOW
    voice = make_voice(clock)
    await faulty.stores.voices.add(OURS, voice, ARTIFACT, SAMPLES)
    await faulty.stores.voices.check()
    assert (await faulty.stores.voices.get_with_artifact(OURS, voice.voice_id)).artifact == ARTIFACT
    assert await check_everything_is_whole(faulty.stores) == {voice.voice_id}


async def test_what_was_answered_survives_any_fault(faulty: Faulty) -> None:
    """Writers go on while database and storage fail at random moments: no voice is lost, none is half, none returns."""
    chance = random.Random()
    kept: set[VoiceId] = set()
    deleted: set[VoiceId] = set()
    is_over = asyncio.Event()

    async def write(writer: int) -> None:
        number = 0
        while not (is_over.is_set() and kept and deleted):  # a busy machine has done nothing before the last fault
            number += 1
            voice = make_voice(FixedClock(), f"{writer}_{number}")
            try:
                await faulty.stores.voices.add(OURS, voice, ARTIFACT, SAMPLES)
                kept.add(voice.voice_id)
                better = VoiceArtifact(chance.randbytes(9_000), "tone", "1")
                await faulty.stores.voices.replace_artifact(OURS, voice.voice_id, better)
                if number % 2:
                    kept.remove(voice.voice_id)
                    await faulty.stores.voices.delete(OURS, voice.voice_id)
                    deleted.add(voice.voice_id)
            except ServiceUnavailable:
                # A server that is away refuses at once: without this the writers would do nothing but fail.
                await asyncio.sleep(0.01)

    async def disturb() -> None:
        for _ in range(NUM_FAULTS):
            await asyncio.sleep(chance.uniform(0.05, 0.2))
            proxy = chance.choice([faulty.database, faulty.blobs])
            faults = [Fault.GONE, Fault.SLOW, Fault.SILENT]
            proxy.fault = chance.choice([*faults, Fault.ANSWERS_LOST if proxy is faulty.database else Fault.ERRING])
            await asyncio.sleep(chance.uniform(0.05, 0.2))
            proxy.fault = Fault.NONE
        is_over.set()

    await asyncio.gather(disturb(), *(write(writer) for writer in range(NUM_WRITERS)))
    await faulty.stores.voices.recover()
    voices = await check_everything_is_whole(faulty.stores)
    assert kept <= voices
    assert not deleted & voices
