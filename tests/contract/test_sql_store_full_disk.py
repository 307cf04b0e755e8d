"""When the real file system takes no more bytes, a clone is refused and nothing of it stays."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.store_contract import ARTIFACT, OURS, SAMPLES, make_voice

from myna.domain.errors import ServiceUnavailable
from myna.domain.scope import WRITE
from myna.domain.voice import VoiceArtifact
from myna.store.opening import open_stores
from myna.store.tables import PendingBlobsRow
from myna.testing.clock import FixedClock

LARGEST_FILE_BYTES = 1 << 20


@contextmanager
def limited_files(num_bytes: int) -> Iterator[None]:
    """No file of this process may grow beyond this: writes fail as on a full disk, in the libraries' real code."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Half-written files are removed with their notes, what was there before is untouched, and it works again later."""
    clock = FixedClock()
    stores = open_stores(tmp_path, clock)
    await stores.prepare()
    before, voice = make_voice(clock, "before"), make_voice(clock)
    await stores.voices.add(OURS, before, ARTIFACT, SAMPLES)
    large = VoiceArtifact(bytes(2 * LARGEST_FILE_BYTES), "tone", "1")
    with limited_files(LARGEST_FILE_BYTES):
        with pytest.raises(ServiceUnavailable):
            await stores.voices.add(OURS, voice, large, SAMPLES)
        with pytest.raises(ServiceUnavailable):
            await stores.voices.replace_artifact(OURS, before.voice_id, large)
    assert [before] == await stores.voices.list(OURS)
    assert (await stores.voices.get_with_artifact(OURS, before.voice_id)).artifact == ARTIFACT
    assert len(list((tmp_path / "blobs").iterdir())) == 2
    assert await stores.database.read(lambda session: session.scalars(select(PendingBlobsRow)).all()) == []
    await stores.voices.add(OURS, voice, large, SAMPLES)
    assert [before, voice] == await stores.voices.list(OURS)
    await stores.release()


async def test_a_full_disk_is_told_before_it_hurts(tmp_path: Path) -> None:
    """What `/readyz` asks: with less space than a clone may take the store is not ready."""
    stores = open_stores(tmp_path, FixedClock())
    await stores.prepare()
    await stores.voices.check()
    stores.ledger.blobs.least_free_bytes = 1 << 62  # more than any disk has
    with pytest.raises(ServiceUnavailable, match="full"):
        await stores.voices.check()
    await stores.release()


async def test_a_database_that_cannot_grow_refuses(tmp_path: Path) -> None:
    """When not even a row can be written the caller hears so; afterwards the store goes on as before."""
    clock = FixedClock()
    stores = open_stores(tmp_path, clock)
    await stores.prepare()
    voice = make_voice(clock)
    await stores.voices.add(OURS, voice, ARTIFACT, SAMPLES)
    key, row = await stores.keys.create(OURS, WRITE)
    with limited_files(0):
        with pytest.raises(ServiceUnavailable):
            await stores.voices.delete(OURS, voice.voice_id)
        with pytest.raises(ServiceUnavailable):
            await stores.keys.create(OURS, WRITE)
        assert await stores.voices.get(OURS, voice.voice_id) == voice
        assert (await stores.keys.verify(key)).key_id == row.key_id
        assert await stores.keys.list() == [row]
    # The day of its use is noted when it can be, tried once an hour.
    clock.advance(3599)
    await stores.keys.verify(key)
    assert await stores.keys.list() == [row]
    clock.advance(1)
    await stores.keys.verify(key)
    assert [listed.last_used_on for listed in await stores.keys.list()] == [clock.now().date()]
    await stores.voices.delete(OURS, voice.voice_id)
    assert list((tmp_path / "blobs").iterdir()) == []
    await stores.release()
