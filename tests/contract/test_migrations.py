"""Migrations lead to the declared tables, with data in them, in both databases."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table
from tests.store_contract import ARTIFACT, OURS, SAMPLES, make_voice

from myna.domain.scope import READ, WRITE
from myna.store.database import migration_config
from myna.store.opening import Stores, open_stores
from myna.store.tables import Base
from myna.testing.clock import FixedClock
from myna.usecases.ports import StoredVoice


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(params=["sqlite", "postgresql"])
async def opened(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> AsyncIterator[Stores]:
    """Empty, without tables."""
    url = request.getfixturevalue("postgres").create_database() if request.param == "postgresql" else ""
    stores = open_stores(tmp_path, clock, url)
    yield stores
    await stores.release()


def _differences(connection: Connection) -> list[object]:
    return compare_metadata(MigrationContext.configure(connection), Base.metadata)


async def test_a_migrated_database_is_the_declared_one(opened: Stores) -> None:
    """The migrations and `tables.py` do not drift apart."""
    await opened.prepare()
    async with opened.database._engine.begin() as connection:
        assert await connection.run_sync(_differences) == []


async def test_the_first_form_becomes_today_s(opened: Stores, clock: FixedClock) -> None:
    """With data in it, from the oldest database there can be: a voice is whole, keys open what they did."""
    voice, now = make_voice(clock), clock.now().replace(tzinfo=None)
    digests = [hashlib.sha256(sample.wav).hexdigest() for sample in SAMPLES]
    assert voice.consent is not None

    def fill_first_form(connection: Connection) -> None:
        command.upgrade(migration_config(connection), "0001")

        def add(table: str, **values: object) -> int:
            made = connection.execute(Table(table, MetaData(), autoload_with=connection).insert().values(**values))
            return made.inserted_primary_key[0]

        add("workspaces", name=OURS, created_at=now)
        for key_id, can_write in (("writer", True), ("reader", False)):
            key = {"prefix": "abcd", "secret_sha256": "0" * 64, "created_at": now}
            add("api_keys", key_id=key_id, workspace=OURS, can_write=can_write, **key)
        same = ("voice_id", "workspace", "display_name", "description", "gender", "age_group", "is_draft", "expires_at")
        number = add(
            "voices",
            **{name: getattr(voice, name) for name in same},
            lang=voice.lang.value,
            source=voice.source.value,
            created_at=now,
            tags=list(voice.tags),
            consent=voice.consent.statement,
            refinement="",
            engine_id=ARTIFACT.engine_id,
            engine_version=ARTIFACT.engine_version,
            artifact_prefix="a" * 32,
            artifact_sha256=ARTIFACT.digest,
            samples_prefix="b" * 32,
        )
        for position, (sample, digest) in enumerate(zip(SAMPLES, digests, strict=True)):
            said = {"transcript": sample.transcript, "lang": sample.lang.value, "sha256": digest}
            add("samples", voice_row_id=number, position=position, **said)

    async with opened.database._engine.begin() as connection:
        await connection.run_sync(fill_first_form)
    await opened.ledger.blobs.put("a" * 32, {"artifact": ARTIFACT.content})
    await opened.ledger.blobs.put("b" * 32, {f"sample-{n}.wav": sample.wav for n, sample in enumerate(SAMPLES)})
    await opened.prepare()
    consent = replace(voice.consent, recordings=tuple(digests))
    expected = StoredVoice(replace(voice, design=None, consent=consent), ARTIFACT)
    assert expected == await opened.voices.get_with_artifact(OURS, voice.voice_id)
    kept = [replace(sample, rating=None, recording_sha256=None) for sample in SAMPLES]
    assert kept == list(await opened.voices.get_samples(OURS, voice.voice_id))
    assert [(await opened.keys.vouch(key_id)).scopes for key_id in ("writer", "reader")] == [WRITE, READ]
    await opened.voices.add(OURS, make_voice(clock, "later"), ARTIFACT, SAMPLES)
