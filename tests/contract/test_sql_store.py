"""SQLite and a folder keep the promises of the stores, and those of their own: privacy, integrity, recovery."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from pathlib import Path

import pytest
from sqlalchemy import event, text
from tests.store_contract import (
    ARTIFACT,
    BETTER_ARTIFACT,
    OURS,
    SAMPLES,
    THEIRS,
    DictionaryStoreContract,
    JobStoreContract,
    KeyStoreContract,
    RequestKeyContract,
    TallyContract,
    VoiceStoreContract,
    make_draft,
    make_voice,
)
from tests.stored_content import read_pending

from myna.domain.consent import digest_voice_id
from myna.domain.errors import CredentialsRejected, InvalidRequest, Overloaded, ServiceUnavailable, VoiceNotFound
from myna.domain.scope import WRITE
from myna.domain.voice import Refinement, VoiceArtifact, VoiceId
from myna.store.blob_ledger import BlobLedger
from myna.store.blobs import Blobs, new_blob_prefix, open_blobs
from myna.store.database import _BUSY_TIMEOUT_MS, Database, sqlite_url
from myna.store.dictionaries import SqlDictionaryStore
from myna.store.jobs import SqlJobStore
from myna.store.keys import SqlKeyStore
from myna.store.opening import DATABASE_FILE, Stores, open_stores
from myna.store.owners import StoreOwners
from myna.store.request_keys import SqlRequestKeys
from myna.store.sql import SqlVoiceStore
from myna.store.tallies import SqlTallies
from myna.testing.clock import FixedClock
from myna.usecases.job_store import Job, NewItem, SpokenItem
from myna.usecases.ports import RequestMark, Tallies, Tally

MARK = RequestMark("key", "0" * 64)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def stores(tmp_path: Path, clock: FixedClock) -> AsyncIterator[Stores]:
    opened = open_stores(tmp_path / "data", clock)
    await opened.prepare()
    yield opened
    await opened.release()


class TestSqliteVoiceStore(VoiceStoreContract):
    """Voices in SQLite and files."""

    @pytest.fixture
    async def voices(self, stores: Stores) -> AsyncIterator[SqlVoiceStore]:
        yield stores.voices
        assert await read_pending(stores) == []


class TestSqliteKeyStore(KeyStoreContract):
    """Keys in SQLite."""

    @pytest.fixture
    def keys(self, stores: Stores) -> SqlKeyStore:
        return stores.keys


class TestSqliteTallies(TallyContract):
    """Counts in SQLite."""

    @pytest.fixture
    async def tallies(self, tmp_path: Path, stores: Stores, clock: FixedClock) -> AsyncIterator[SqlTallies]:
        """Whose callers have the patience that a busy machine takes."""
        database = Database(sqlite_url(tmp_path / "data" / DATABASE_FILE), hasty_patience_s=60.0)
        yield SqlTallies(database, clock, stores.vault)
        await database.close()

    async def test_a_busy_database_holds_nobody_up(self, tmp_path: Path, stores: Stores) -> None:
        """Who is counted does not wait until another process has written, as others do."""
        with closing(sqlite3.connect(tmp_path / "data" / DATABASE_FILE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            async with asyncio.timeout(_BUSY_TIMEOUT_MS / 1000):
                asked = (stores.tallies.change("a", lambda tally: tally, timedelta(minutes=1)) for _ in range(20))
                outcomes = await asyncio.gather(*asked, return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {ServiceUnavailable}

    async def test_who_leaves_has_changed_nothing(self, tallies: Tallies) -> None:
        """And waits until that is certain, however often they are told to leave."""
        has_begun, goes_on = threading.Event(), threading.Event()

        def change(_: Tally) -> Tally:
            has_begun.set()
            goes_on.wait(60)
            return {"num": 1.0}

        leaving = asyncio.create_task(tallies.change("a", change, timedelta(minutes=1)))
        await asyncio.to_thread(has_begun.wait, 60)
        for _ in range(3):
            leaving.cancel()
            for _ in range(5):
                await asyncio.sleep(0)
        assert not leaving.done()
        goes_on.set()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert await tallies.get("a") == {}


class TestSqliteRequestKeys(RequestKeyContract):
    """Marked requests in SQLite."""

    @pytest.fixture
    def request_keys(self, stores: Stores) -> SqlRequestKeys:
        return stores.request_keys

    @pytest.fixture
    def voices(self, stores: Stores) -> SqlVoiceStore:
        return stores.voices


class TestSqliteJobStore(JobStoreContract):
    """Jobs in SQLite and files."""

    @pytest.fixture
    async def jobs(self, stores: Stores) -> AsyncIterator[SqlJobStore]:
        yield stores.jobs
        assert await read_pending(stores) == []


class TestSqliteDictionaryStore(DictionaryStoreContract):
    """Pronunciations in SQLite."""

    @pytest.fixture
    def dictionaries(self, stores: Stores) -> SqlDictionaryStore:
        return stores.dictionaries


class FullBlobs(Blobs):
    """Object storage whose disk is full after `room` more writes."""

    def __init__(self, blobs: Blobs, room: int) -> None:
        super().__init__(blobs._objects, blobs._folder)
        self.room = room

    async def put(self, prefix, contents):
        if self.room <= 0:
            await super().put(prefix, dict(list(contents.items())[:1]))
            raise ServiceUnavailable("The object storage cannot be written right now.")
        self.room -= 1
        await super().put(prefix, contents)


class VanishingBlobs(Blobs):
    """Object storage that cannot remove anything for now."""

    can_delete = False

    def __init__(self, blobs: Blobs) -> None:
        super().__init__(blobs._objects, blobs._folder)

    async def delete(self, prefix):
        if not self.can_delete:
            raise ServiceUnavailable("The object storage cannot be reached.")
        await super().delete(prefix)


def blob_folders(data_dir: Path) -> set[str]:
    return {path.name for path in (data_dir / "blobs").iterdir()}


async def test_voices_and_keys_survive_a_restart(tmp_path: Path, clock: FixedClock) -> None:
    """What was stored by one process is there for the next one."""
    voice = make_voice(clock)
    first = open_stores(tmp_path, clock)
    await first.prepare()
    await first.voices.add(OURS, voice, ARTIFACT, SAMPLES)
    key, _ = await first.keys.create(OURS, WRITE)
    await first.release()
    second = open_stores(tmp_path, clock)
    await second.prepare()
    await second.prepare()
    assert [voice] == list(await second.voices.list(OURS))
    assert (await second.voices.get_with_artifact(OURS, voice.voice_id)).artifact == ARTIFACT
    assert (await second.keys.verify(key)).scopes == WRITE
    await second.release()


async def test_nobody_else_may_read_the_files(tmp_path: Path, clock: FixedClock) -> None:
    """Folders are 0700 and files 0600, whatever the umask says."""
    before = os.umask(0)
    try:
        opened = open_stores(tmp_path / "made" / "data", clock)
        await opened.prepare()
        await opened.voices.add(OURS, make_voice(clock), ARTIFACT, SAMPLES)
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "made").rglob("*")}
        await opened.release()
    finally:
        os.umask(before)
    assert {path for path in modes if path.is_file() and modes[path] != 0o600} == set()
    assert {path for path in modes if path.is_dir() and modes[path] != 0o700} == set()
    assert len([path for path in modes if path.name.startswith("sample-")]) == len(SAMPLES)


async def test_a_secret_is_not_in_the_files(tmp_path: Path, clock: FixedClock, stores: Stores) -> None:
    """Neither the key nor its secret is anywhere on the disk."""
    key, _ = await stores.keys.create(OURS, WRITE)
    files = [path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert files
    assert all(key.encode() not in content and key[-20:].encode() not in content for content in files)


async def test_deleted_words_are_not_in_the_files(tmp_path: Path, clock: FixedClock) -> None:
    """A deleted voice's transcripts and recordings are gone from the disk, not only unlinked."""
    opened = open_stores(tmp_path, clock)
    await opened.prepare()
    voice = make_voice(clock)
    await opened.voices.add(OURS, voice, ARTIFACT, SAMPLES)
    await opened.voices.delete(OURS, voice.voice_id)
    await opened.release()
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert [word for word in (SAMPLES[0].transcript.encode(), SAMPLES[0].wav, b"I agree") if word in content] == []


async def test_two_processes_may_start_at_once(tmp_path: Path, clock: FixedClock) -> None:
    """Of several stores that migrate a new folder at one time, all come up."""
    several = [open_stores(tmp_path, clock) for _ in range(4)]
    await asyncio.gather(*(opened.prepare() for opened in several))
    await asyncio.gather(*(opened.keys.create(OURS, WRITE) for opened in several))
    assert len(await several[0].keys.list()) == 4
    await asyncio.gather(*(opened.release() for opened in several))


async def test_another_process_never_takes_an_open_database_for_closed(tmp_path: Path, clock: FixedClock) -> None:
    """A second store of this process (the development key's) must not cost the first one its locks: whoever closes the
    file next would remove the log under it, and what is written then is lost or malformed."""
    first, second = open_stores(tmp_path, clock), open_stores(tmp_path, clock)
    await first.prepare()
    await first.keys.create(OURS, WRITE)
    await second.prepare()
    await second.release()
    other = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM api_keys').fetchone()"
    subprocess.run([sys.executable, "-c", other, tmp_path / DATABASE_FILE], check=True)
    assert (tmp_path / f"{DATABASE_FILE}-wal").exists()
    await first.release()


async def test_what_was_read_is_known_until_anybody_writes(stores: Stores, tmp_path: Path, clock: FixedClock) -> None:
    """Keys and voices are not read again meanwhile; what another process revokes or deletes is refused at once."""
    voice = make_voice(clock)
    await stores.voices.add(OURS, voice, ARTIFACT, ())
    key, _ = await stores.keys.create(OURS, WRITE)
    statements = []
    event.listen(stores.database.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    for _ in range(3):
        statements.clear()  # the first use of a key in a day is noted
        await stores.keys.verify(key)
        await stores.voices.get(OURS, voice.voice_id)
    assert statements == []
    other = "import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2])"
    for statement, use, refusal in (
        ("UPDATE api_keys SET revoked_at = created_at", lambda: stores.keys.verify(key), CredentialsRejected),
        ("DELETE FROM voices", lambda: stores.voices.get(OURS, voice.voice_id), VoiceNotFound),
    ):
        subprocess.run([sys.executable, "-c", other, tmp_path / "data" / DATABASE_FILE, statement], check=True)
        with pytest.raises(refusal):
            await use()


async def test_deleting_removes_the_files(stores: Stores, tmp_path: Path, clock: FixedClock) -> None:
    """Artifact and samples leave the folder with the row; so does an artifact that was replaced."""
    voice, draft = make_voice(clock), make_draft(clock)
    await stores.voices.add(OURS, voice, ARTIFACT, SAMPLES)
    await stores.voices.add(OURS, draft, ARTIFACT, SAMPLES)
    await stores.voices.replace_artifact(OURS, voice.voice_id, BETTER_ARTIFACT)
    assert len(blob_folders(tmp_path / "data")) == 4
    await stores.voices.delete(OURS, voice.voice_id)
    clock.advance(7200)
    await stores.voices.delete_expired_drafts()
    assert blob_folders(tmp_path / "data") == set()
    assert await read_pending(stores) == []


async def test_many_are_deleted_in_batches(stores: Stores, clock: FixedClock) -> None:
    """In several transactions, of several workspaces; jobs and repeated requests know digests then, of those alone."""
    stores.voices.batch = 2
    old = [make_voice(clock, str(number), (OURS, THEIRS)[number % 2]) for number in range(5)]
    for voice in old:
        await stores.voices.add(voice.workspace, voice, ARTIFACT, ())
    clock.advance(60)
    young = make_voice(clock, "young")
    await stores.voices.add(OURS, young, ARTIFACT, ())
    known = [voice.voice_id for voice in (*old, young)]
    lifetime = timedelta(hours=1)
    await stores.jobs.add(Job("a" * 32, OURS, True, "k", "r", clock.now()), [NewItem("", v, "m") for v in known], 9)
    await stores.request_keys.begin(OURS, MARK, lifetime)
    await stores.request_keys.finish(OURS, MARK, known, lifetime)
    batches = [await stores.voices.delete_made_before(clock.now()) for _ in range(4)]
    assert [*map(len, batches)] == [2, 2, 1, 0]
    assert sorted(chain(*batches)) == sorted(known[:-1])
    ours = {voice.voice_id for voice in old if voice.workspace == OURS}
    expected = [digest_voice_id(voice_id) if voice_id in ours else voice_id for voice_id in known]
    assert [item.voice_id for item in await stores.jobs.get_items("a" * 32)] == expected
    remembered = await stores.request_keys.begin(OURS, MARK, lifetime)
    assert remembered is not None
    assert list(remembered.voice_ids) == expected
    assert [young] == list(await stores.voices.list(OURS))
    assert await read_pending(stores) == []


async def test_a_request_that_is_cut_off_as_it_begins_holds_up_nobody(stores: Stores) -> None:
    """Its mark is committed in this moment, and taken back."""
    engine, again = stores.database.engine, (OURS, MARK, timedelta(hours=1))
    beginning = asyncio.create_task(stores.request_keys.begin(*again))
    loop = asyncio.get_running_loop()

    async def cut_off() -> None:
        beginning.cancel()
        await asyncio.sleep(0)

    event.listen(engine, "commit", lambda _: asyncio.run_coroutine_threadsafe(cut_off(), loop).result(), once=True)
    with pytest.raises(asyncio.CancelledError):
        await beginning
    assert await stores.request_keys.begin(*again) is None


async def test_what_older_processes_name_is_sorted(stores: Stores, clock: FixedClock) -> None:
    """They leave the name without case as it was, and so a voice behind no page; recovery mends it."""
    for name in ("b", "a"):
        await stores.voices.add(OURS, replace(make_voice(clock, name), display_name=name.upper()), ARTIFACT, ())
    await stores.database.write(lambda session: session.execute(text("UPDATE voices SET sort_name = ''")))
    assert await stores.voices.recover() == 0
    query = text("SELECT sort_name FROM voices ORDER BY id")
    assert await stores.database.read(lambda session: session.scalars(query).all()) == ["b", "a"]


@pytest.mark.parametrize("damage", ["missing", "cut", "flipped"])
async def test_a_damaged_blob_is_named(stores: Stores, tmp_path: Path, clock: FixedClock, damage: str) -> None:
    """A missing or changed file gives an error that says what to do; the voice can still be deleted."""
    voice = make_voice(clock)
    await stores.voices.add(OURS, voice, ARTIFACT, SAMPLES)
    for path in (tmp_path / "data" / "blobs").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if damage == "missing":
                path.unlink()
            else:
                path.write_bytes(content[:-1] if damage == "cut" else bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(ServiceUnavailable, match="myna voices remake"):
        await stores.voices.get_with_artifact(OURS, voice.voice_id)
    with pytest.raises(ServiceUnavailable, match="clone it again"):
        await stores.voices.get_samples(OURS, voice.voice_id)
    assert [voice] == list(await stores.voices.list(OURS))
    await stores.voices.replace_artifact(OURS, voice.voice_id, BETTER_ARTIFACT)
    assert (await stores.voices.get_with_artifact(OURS, voice.voice_id)).artifact == BETTER_ARTIFACT
    await stores.voices.delete(OURS, voice.voice_id)


async def test_a_recording_too_many_is_refused_unwritten(stores: Stores, clock: FixedClock) -> None:
    """It may be large: nothing is put before the jobs are counted."""
    ledger = BlobLedger(stores.database, FullBlobs(stores.ledger.blobs, 1), clock, stores.ledger._owners)
    jobs = SqlJobStore(stores.database, ledger, clock)
    for job_id, refusal in (("a", None), ("b", Overloaded)):
        job = Job(job_id * 32, OURS, False, "key", "request", clock.now(), is_heard=True)
        with pytest.raises(refusal) if refusal else nullcontext():
            await jobs.add(job, [NewItem("", VoiceId(""), "message", b"noise")], 1)


@pytest.mark.parametrize("room", [0, 1])
async def test_a_full_disk_leaves_nothing(tmp_path: Path, clock: FixedClock, room: int) -> None:
    """A clone or a replacement that cannot be written is refused, and its files and notes are removed."""
    database = Database(f"sqlite:///{tmp_path}/db.sqlite3")
    await database.start()
    blobs = FullBlobs(open_blobs("", tmp_path), room)
    ledger = BlobLedger(database, blobs, clock, StoreOwners(tmp_path / "owners"))
    store = SqlVoiceStore(database, ledger, clock)
    stores = Stores(store, None, None, None, None, None, None, database, ledger)
    voice = make_voice(clock)
    with pytest.raises(ServiceUnavailable):
        await store.add(OURS, voice, ARTIFACT, SAMPLES)
    assert blob_folders(tmp_path) == set()
    assert await read_pending(stores) == []
    with pytest.raises(VoiceNotFound):
        await store.get(OURS, voice.voice_id)
    blobs.room = 2
    await store.add(OURS, voice, ARTIFACT, SAMPLES)
    with pytest.raises(ServiceUnavailable):
        await store.replace_artifact(OURS, voice.voice_id, BETTER_ARTIFACT)
    assert (await store.get_with_artifact(OURS, voice.voice_id)).artifact == ARTIFACT
    assert len(blob_folders(tmp_path)) == 2
    assert await read_pending(stores) == []
    await stores.release()


async def test_what_cannot_be_removed_now_is_removed_later(tmp_path: Path, clock: FixedClock) -> None:
    """A deletion succeeds though the storage is away; its files go at the next recovery, of this or another store."""
    database = Database(f"sqlite:///{tmp_path}/db.sqlite3")
    await database.start()
    blobs = VanishingBlobs(open_blobs("", tmp_path))
    ledger = BlobLedger(database, blobs, clock, StoreOwners(tmp_path / "owners"))
    store = SqlVoiceStore(database, ledger, clock)
    voice = make_voice(clock)
    await store.add(OURS, voice, ARTIFACT, SAMPLES)
    await store.delete(OURS, voice.voice_id)
    assert list(await store.list(OURS)) == []
    assert len(blob_folders(tmp_path)) == 2
    blobs.can_delete = True
    assert await store.recover() == 2
    assert blob_folders(tmp_path) == set()
    assert await store.recover() == 0
    await Stores(store, None, None, None, None, None, None, database, ledger).release()


async def test_recovery_leaves_a_running_store_alone(tmp_path: Path, clock: FixedClock) -> None:
    """A second process that starts does not sweep what the first is writing; when the first is dead it does."""
    alive, starting = open_stores(tmp_path, clock), open_stores(tmp_path, clock)
    await alive.prepare()
    blobs = open_blobs("", tmp_path)
    prefix = new_blob_prefix()
    async with alive.ledger.pending([prefix]):
        await blobs.put(prefix, {"artifact": b"half"})
        assert await starting.voices.recover() == 0
        assert {prefix} == blob_folders(tmp_path)
        # The process dies here: the kernel drops its lock.
        alive.ledger._owners.release()
        assert await starting.voices.recover() == 1
        assert set() == blob_folders(tmp_path)
    await starting.release()
    await alive.release()


def test_many_may_claim_at_once(tmp_path: Path) -> None:
    """The first writes of a store, from several threads, make it known once; nobody waits for ever."""
    owners, others = StoreOwners(tmp_path), StoreOwners(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        done, late = wait([pool.submit(owners.claim) for _ in range(32)], timeout=60)
        assert (len(done), len(late)) == (32, 0)
    assert others.is_alive(owners.own_id)
    owners.release()
    assert not others.is_alive(owners.own_id)
    assert list(tmp_path.iterdir()) == []


async def test_a_store_that_was_taken_for_dead_gives_up(tmp_path: Path, clock: FixedClock) -> None:
    """If the note of a running clone is gone, the clone fails and leaves nothing, rather than a voice without files."""
    opened = open_stores(tmp_path, clock)
    await opened.prepare()
    blobs = opened.voices._blobs

    class SweptBlobs(Blobs):
        async def put(self, prefix, contents):
            await super().put(prefix, contents)
            await opened.database.write(lambda session: session.execute(text("DELETE FROM pending_blobs")))

    opened.voices._blobs = SweptBlobs(blobs._objects, blobs._folder)
    voice = make_voice(clock)
    with pytest.raises(ServiceUnavailable):
        await opened.voices.add(OURS, voice, ARTIFACT, SAMPLES)
    assert list(await opened.voices.list(OURS)) == []
    assert set() == blob_folders(tmp_path)
    await opened.release()


async def test_a_leaving_caller_leaves_no_half_voice(stores: Stores, tmp_path: Path, clock: FixedClock) -> None:
    """Cancelling a clone at any moment leaves it whole or not there."""
    for number in range(30):
        voice = make_voice(clock, f"v{number}")
        adding = asyncio.create_task(stores.voices.add(OURS, voice, ARTIFACT, SAMPLES))
        for _ in range(number):
            await asyncio.sleep(0)
        adding.cancel()
        await asyncio.gather(adding, return_exceptions=True)
    await asyncio.gather(*stores.voices._running, return_exceptions=True)
    for voice in await stores.voices.list(OURS):
        assert (await stores.voices.get_with_artifact(OURS, voice.voice_id)).artifact == ARTIFACT
        assert tuple(await stores.voices.get_samples(OURS, voice.voice_id)) == SAMPLES
    assert len(blob_folders(tmp_path / "data")) == 2 * len(await stores.voices.list(OURS))
    assert await read_pending(stores) == []


async def test_only_one_store_is_at_work_on_a_stage(stores: Stores, tmp_path: Path, clock: FixedClock) -> None:
    """Until it is done, or its process has not been heard of for a while; the same of an item of a job."""
    other = open_stores(tmp_path / "data", clock)
    voice = replace(make_voice(clock), refinement=Refinement.HEARING)
    await stores.voices.add(OURS, voice, ARTIFACT, ())
    began = await stores.voices.get_with_artifact(OURS, voice.voice_id)
    lifetime = timedelta(seconds=30)
    assert await stores.voices.claim_refinement(voice, lifetime)
    clock.advance(20)
    assert await stores.voices.claim_refinement(voice, lifetime)
    clock.advance(20)
    assert not await other.voices.claim_refinement(voice, lifetime)
    clock.advance(10)
    assert await other.voices.claim_refinement(voice, lifetime)
    assert await other.voices.replace_artifact(OURS, voice.voice_id, BETTER_ARTIFACT, Refinement.MEASURING, over=began)
    assert not await stores.voices.replace_artifact(OURS, voice.voice_id, ARTIFACT, Refinement.DONE, over=began)
    assert await stores.voices.claim_refinement(replace(voice, refinement=Refinement.MEASURING), lifetime)
    assert (await stores.voices.get_with_artifact(OURS, voice.voice_id)).artifact == BETTER_ARTIFACT

    await stores.jobs.add(Job("0" * 32, OURS, False, "k", "r", clock.now()), [NewItem("", voice.voice_id, "{}")], 1)
    first = await stores.jobs.claim(OURS, lifetime)
    assert first is not None
    assert await other.jobs.claim(OURS, lifetime) is None
    clock.advance(30)
    second = await other.jobs.claim(OURS, lifetime)
    assert second is not None
    await stores.jobs.release(first)
    await stores.jobs.renew(first, timedelta())
    await stores.jobs.finish(first, SpokenItem(b"late", "audio/mpeg"), lifetime)
    assert await stores.jobs.claim(OURS, lifetime) is None
    await other.jobs.finish(second, SpokenItem(b"in time", "audio/mpeg"), lifetime)
    assert (await stores.jobs.get_result("0" * 32, 0)).audio == b"in time"
    await other.release()


async def test_caller_strings_name_no_file(stores: Stores, tmp_path: Path, clock: FixedClock) -> None:
    """An id that looks like a path stays in the database."""
    voice_id = VoiceId("../../../etc/passwd")
    voice = make_voice(clock)
    await stores.voices.add(OURS, type(voice)(voice_id, OURS, "x", voice.lang, voice.source, clock.now()), ARTIFACT, ())
    assert (await stores.voices.get_with_artifact(OURS, voice_id)).artifact == ARTIFACT
    assert all(len(name) == 32 and int(name, 16) >= 0 for name in blob_folders(tmp_path / "data"))


async def test_a_locked_database_is_a_clear_refusal(tmp_path: Path, clock: FixedClock) -> None:
    """When the file cannot be opened the caller hears that the service is unavailable, and the words are not logged."""
    database = Database(f"sqlite:///{tmp_path}/is-a-folder")
    (tmp_path / "is-a-folder").mkdir()
    with pytest.raises(ServiceUnavailable):
        await database.start()
    await database.close()
    for url in ("not a url", "mongodb://x"):
        with pytest.raises(InvalidRequest):
            Database(url)
    with pytest.raises(InvalidRequest):
        open_blobs("nonsense://x", tmp_path)


async def test_a_failure_does_not_quote_the_words(stores: Stores, clock: FixedClock, caplog) -> None:
    """A statement that fails is logged without its parameters: they are names and transcripts."""

    def refuse(connection, cursor, statement, parameters, context, executemany):
        if "INSERT INTO samples" in statement:
            cursor.execute("SELECT nonsense_function()")

    event.listen(stores.database.engine, "before_cursor_execute", refuse)
    with pytest.raises(ServiceUnavailable):
        await stores.voices.add(OURS, make_voice(clock), VoiceArtifact(b"x", "tone", "1"), SAMPLES)
    event.remove(stores.database.engine, "before_cursor_execute", refuse)
    assert "the database failed" in caplog.text
    assert SAMPLES[0].transcript not in caplog.text
    assert await read_pending(stores) == []
