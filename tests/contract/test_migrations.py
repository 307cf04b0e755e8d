"""Migrations lead to the declared tables and back, with data in them, in both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect
from tests.store_contract import ARTIFACT, OURS, SAMPLES, make_voice
from tests.stored_content import read_pending

from myna.domain.scope import READ, WRITE, Scope
from myna.domain.voice import VoiceId
from myna.store.database import migration_config
from myna.store.opening import Stores, open_stores
from myna.store.tables import Base
from myna.testing.clock import FixedClock
from myna.usecases.job_store import Job, NewItem
from myna.usecases.ports import StoredVoice

NEWER_THAN_THE_FIRST = {
    "samples": {"rating", "recording_sha256"},
    "voices": {"design_prompt", "design_seed"},
    "api_keys": {"expires_at", "last_used_on", "scopes", "sealed_signing_secret"},
}


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(params=["sqlite", "postgresql"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> AsyncIterator[Stores]:
    url = request.getfixturevalue("postgres").create_database() if request.param == "postgresql" else ""
    opened = open_stores(tmp_path, clock, url)
    await opened.prepare()
    yield opened
    await opened.release()


def _differences(connection: Connection) -> list[object]:
    return compare_metadata(MigrationContext.configure(connection), Base.metadata)


async def test_a_migrated_database_is_the_declared_one(stores: Stores) -> None:
    """The migrations and `tables.py` do not drift apart."""
    assert await stores.database.alter(_differences) == []


async def test_migrations_go_both_ways(stores: Stores, clock: FixedClock) -> None:
    """Down to each older form and up again: what the older form can hold is still there, voices are whole."""
    voice = make_voice(clock)
    await stores.voices.add(OURS, voice, ARTIFACT, SAMPLES)
    writer, _ = await stores.keys.create(OURS, WRITE)
    reader, _ = await stores.keys.create(OURS, READ)
    heard = Job("a" * 32, OURS, False, "key", "request", clock.now(), is_heard=True)
    await stores.jobs.add(heard, [NewItem("", VoiceId(""), "message", b"what was said")], 9)
    before = await stores.ledger.blobs.prefixes()

    def go_down_and_up(connection: Connection) -> None:
        config = migration_config(connection)
        for _ in range(len(list(ScriptDirectory.from_config(config).walk_revisions())) - 1):
            command.downgrade(config, "-1")
        for table, columns in NEWER_THAN_THE_FIRST.items():
            assert not columns & {column["name"] for column in inspect(connection).get_columns(table)}
        newer = {"request_keys", "spent_tokens", "pronunciation_dictionaries", "jobs", "job_items"}
        assert not newer & set(inspect(connection).get_table_names())
        command.upgrade(config, "head")
        assert _differences(connection) == []

    await stores.database.alter(go_down_and_up)
    [recording] = await read_pending(stores)  # for house-keeping; nobody would find it otherwise
    await stores.ledger.remove([recording])
    assert await stores.ledger.blobs.prefixes() == before - {recording}
    kept = [replace(sample, rating=None, recording_sha256=None) for sample in SAMPLES]
    consent = replace(voice.consent, recordings=tuple(sample.digest for sample in kept))
    expected = StoredVoice(replace(voice, design=None, consent=consent), ARTIFACT)
    assert expected == await stores.voices.get_with_artifact(OURS, voice.voice_id)
    assert kept == list(await stores.voices.get_samples(OURS, voice.voice_id))
    assert [(await stores.keys.verify(key)).scopes for key in (writer, reader)] == [WRITE, READ]
    await stores.voices.add(OURS, make_voice(clock, "later"), ARTIFACT, SAMPLES)


async def test_what_an_older_form_would_forget_keeps_it_away(stores: Stores, clock: FixedClock) -> None:
    """Not down while a revoked voice would speak again, or a narrow key would open more; nothing is changed then."""
    voice = make_voice(clock)
    await stores.voices.add(OURS, voice, ARTIFACT, SAMPLES)
    revoked = replace(voice.consent, revoked_at=clock.now())
    _, narrow = await stores.keys.create(OURS, frozenset({Scope.SPEAK}))

    async def is_refused(revision: str) -> None:
        with pytest.raises(CommandError):
            await stores.database.alter(lambda connection: command.downgrade(migration_config(connection), revision))

    await is_refused("0008")
    await stores.keys.revoke(narrow.key_id)
    await stores.voices.set_consent(OURS, voice.voice_id, revoked)
    await is_refused("0007")
    assert (await stores.voices.get(OURS, voice.voice_id)).consent == revoked


async def test_migrations_go_all_the_way_down(stores: Stores, clock: FixedClock) -> None:
    """The first one takes its tables with it, full as they are; a new beginning works."""
    await stores.voices.add(OURS, make_voice(clock), ARTIFACT, SAMPLES)

    def start_anew(connection: Connection) -> None:
        config = migration_config(connection)
        command.downgrade(config, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        command.upgrade(config, "head")

    await stores.database.alter(start_anew)
    assert list(await stores.voices.list(OURS)) == []
    await stores.voices.add(OURS, make_voice(clock), ARTIFACT, SAMPLES)
