"""Fills a store, runs commands on it, and looks into it past its ports: what tests compare and clean."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, selectinload

from myna.cli.main import main
from myna.domain.consent import Consent
from myna.domain.scope import WRITE
from myna.domain.voice import Refinement, VoiceArtifact
from myna.store.opening import Stores
from myna.store.tables import Base, PendingBlobsRow, VoiceRow
from myna.store.voice_rows import digests
from myna.testing.clock import FixedClock
from tests.store_contract import ARTIFACT, OURS, SAMPLES, THEIRS, make_dictionary, make_draft, make_voice

Open = Callable[..., "Stores"]
"""What the fixture `opening` gives."""


async def empty(stores: Stores) -> None:
    """Remove every row."""
    await stores.database.write(
        lambda session: [session.execute(delete(table)) for table in reversed(Base.metadata.sorted_tables)]
    )


async def read_pending(stores: Stores) -> list[str]:
    """The prefixes of blobs that no voice owns."""
    return await stores.database.read(lambda session: list(session.scalars(select(PendingBlobsRow.prefix))))


async def read_everything(stores: Stores) -> dict[str, object]:
    """All rows of all tables, in their order but without numbers that a database makes up; all blobs of all voices."""
    content: dict[str, object] = {}

    def read(session: Session) -> list[tuple[str, dict[str, str]]]:
        for table in Base.metadata.sorted_tables:
            order = [table.c.id] if "id" in table.c else list(table.primary_key.columns)
            rows = session.execute(select(table).order_by(*order)).mappings()
            content[table.name] = [{k: v for k, v in row.items() if k not in {"id", "voice_row_id"}} for row in rows]
        voices = session.scalars(select(VoiceRow).options(selectinload(VoiceRow.samples)))
        return [place for voice in voices for place in digests(voice).items()]

    places = await stores.database.read(read)
    content["blobs"] = {
        f"{prefix}/{name}": await stores.ledger.blobs.get(prefix, name) for prefix, names in places for name in names
    }
    content["prefixes"] = await stores.ledger.blobs.prefixes()
    return content


async def fill(stores: Stores) -> None:
    """Something of everything that a store holds; numbers of rows with gaps."""
    clock = FixedClock()
    for workspace in (OURS, THEIRS):
        _, row = await stores.keys.create(workspace, WRITE)
    await stores.keys.revoke(row.key_id)
    for number in range(6):
        samples = SAMPLES[:number]
        consent = Consent("Zoë", recordings=tuple(sample.digest for sample in samples), given_at=clock.now())
        refinement = list(Refinement)[number % len(Refinement)]
        voice = replace(make_voice(clock, f"v{number}"), refinement=refinement, consent=consent)
        await stores.voices.add(OURS, voice, VoiceArtifact(os.urandom(90_000), "tone", str(number)), samples)
        if number in (0, 3):
            await stores.voices.set_consent(OURS, voice.voice_id, replace(consent, revoked_at=clock.now()))
    await stores.voices.delete(OURS, make_voice(clock, "v0").voice_id)
    await stores.voices.add(OURS, make_draft(clock), ARTIFACT, ())
    await stores.voices.add(THEIRS, replace(make_voice(clock, workspace=THEIRS), design=None), ARTIFACT, SAMPLES)
    for number in (1, 2):
        await stores.dictionaries.add(make_dictionary(number))
    await stores.dictionaries.add(replace(make_dictionary(1), workspace=THEIRS))
    await stores.voices.close()


def _run_here(words: Sequence[object]) -> tuple[int, dict[str, object]]:
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        patch.setattr(sys, "argv", ["myna", *map(str, words), "--json"])
        with pytest.raises(SystemExit) as end:
            main()
    return end.value.code, json.loads(out.getvalue() or err.getvalue().splitlines()[-1])


async def run_myna(*words: object) -> tuple[int, dict[str, object]]:
    """Runs a command of ours with `--json`, in a thread of its own for its loop; its exit code and what it printed."""
    return await asyncio.to_thread(_run_here, words)
