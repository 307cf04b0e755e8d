"""Killing the process at any moment leaves whole voices or none, and no file that nobody owns."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from myna.runtime.clock import SystemClock
from myna.store.opening import Stores, open_stores
from myna.store.tables import PendingBlobsRow, VoiceRow
from myna.testing.store_contract import OURS

NUM_KILLS = 30
MOST_WORDS = 16
LONGEST_DELAY_S = 0.03
"""About as long as one step of the store takes, so that every moment of it is hit."""
PROGRAM = Path(__file__).parent / "killed_store.py"


@dataclass
class Told:
    """What the killed processes said that the store had answered."""

    num_samples: dict[str, int] = field(default_factory=dict)
    added: set[str] = field(default_factory=set)
    begun_deleting: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)

    def note(self, word: str, voice_id: str, num_samples: int) -> None:
        if word == "adding":
            self.num_samples[voice_id] = num_samples
        elif word == "added":
            self.added.add(voice_id)
        elif word == "deleting":
            self.begun_deleting.add(voice_id)
        elif word == "deleted":
            self.deleted.add(voice_id)


@contextmanager
def running_writer(data_dir: Path) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, PROGRAM, data_dir], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        yield program
        program.stdin.close()
        assert program.wait(10) == 0


def write_until_killed(program: "subprocess.Popen[str]", name: str, chance: random.Random, told: Told) -> None:
    """One life of a store: from its start until SIGKILL at a random moment."""
    program.stdin.write(f"{name}\n")
    program.stdin.flush()
    num_words = 1 + chance.randrange(MOST_WORDS)
    child = None
    for line in iter(program.stdout.readline, ""):
        word, subject, number = line.split()
        if word == "died":
            return
        if word == "started":
            child = int(subject)
        else:
            told.note(word, subject, int(number))
            num_words -= 1
        if num_words == 0:
            # Not a wait for something to happen: the moment of death is what is varied.
            time.sleep(chance.uniform(0, LONGEST_DELAY_S))
            os.kill(child, signal.SIGKILL)
    raise AssertionError("the writing program ended")


async def check_everything_is_whole(stores: Stores, data_dir: Path, told: Told) -> int:
    """Returns how many voices there are."""
    voices = await stores.voices.list(OURS)
    for voice in voices:
        stored = await stores.voices.get_with_artifact(OURS, voice.voice_id)
        assert len(stored.artifact.content) == 90_000
        samples = await stores.voices.get_samples(OURS, voice.voice_id)
        assert len(samples) == told.num_samples[voice.voice_id]
    async with stores.database.reading() as session:
        assert list(await session.scalars(select(PendingBlobsRow))) == []
        rows = list(await session.scalars(select(VoiceRow)))
    owned = {row.artifact_prefix for row in rows} | {row.samples_prefix for row in rows if row.samples_prefix}
    files = [path.relative_to(data_dir / "blobs") for path in (data_dir / "blobs").rglob("*") if path.is_file()]
    assert {path.name for path in (data_dir / "blobs").iterdir()} == owned
    assert len(files) == sum(1 + told.num_samples[voice.voice_id] for voice in voices)
    listed = {voice.voice_id for voice in voices}
    assert told.added - told.begun_deleting <= listed
    assert not told.deleted & listed
    return len(voices)


def test_a_killed_store_leaves_whole_voices_or_none(tmp_path: Path) -> None:
    """Killed at thirty random moments of clones, improvements and deletions, the next start finds everything whole."""
    told = Told()
    chance = random.Random()

    async def look() -> int:
        stores = open_stores(tmp_path, SystemClock())
        await stores.prepare()
        await stores.voices.recover()
        num_voices = await check_everything_is_whole(stores, tmp_path, told)
        assert len(list((tmp_path / "owners").iterdir())) == 1
        await stores.release()
        return num_voices

    with running_writer(tmp_path) as program:
        for number in range(NUM_KILLS):
            write_until_killed(program, f"life{number}", chance, told)
            asyncio.run(look())
    assert len(told.added) > NUM_KILLS
    assert told.deleted
