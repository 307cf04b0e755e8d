"""Run as a program: a store that writes until it is killed. Used by `test_crash_leaves_nothing_half.py`.

Reads lines from stdin; for each it forks a process that clones, improves and deletes voices, and works off jobs, in the
folder named by the first argument, and prints that process's id. The process prints what the store has answered.
"""

import asyncio
import os
import random
import secrets
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path

from tests.store_contract import OURS, make_voice

from myna.domain.voice import VoiceArtifact, VoiceId
from myna.runtime.clock import SystemClock
from myna.store.opening import open_stores
from myna.testing.clock import FixedClock
from myna.usecases.job_store import Job, JobStore, NewItem, SpokenItem
from myna.usecases.ports import StoredSample, VoiceStore

NUM_WRITERS = 4
MOST_KEPT = 4
ENGINE = ("tone", "1")


def tell(word: str, subject: object, number: int) -> None:
    """One line in one write: a killed process leaves no half line."""
    os.write(sys.stdout.fileno(), f"{word} {subject} {number}\n".encode())


async def write(voices: VoiceStore, writer: str, kept: list[VoiceId]) -> None:
    """Never ends by itself. kept: of earlier lives, its own from now on; a few stay, so that all can be looked at."""
    chance = random.Random(writer)
    for number in range(1_000_000):
        voice = make_voice(FixedClock(), f"{writer}_{number}")
        samples = [
            StoredSample(chance.randbytes(60_000), f"sample {n}", voice.lang) for n in range(chance.randrange(4))
        ]
        tell("adding", voice.voice_id, len(samples))
        note = partial(tell, "noting", voice.voice_id, 0)
        await voices.add(OURS, voice, VoiceArtifact(chance.randbytes(90_000), *ENGINE), samples, note=note)
        tell("added", voice.voice_id, len(samples))
        kept.append(voice.voice_id)
        if chance.random() < 0.5:
            tell("improving", kept[0], 0)
            await voices.replace_artifact(OURS, kept[0], VoiceArtifact(chance.randbytes(90_000), *ENGINE))
            tell("improved", kept[0], 0)
        if len(kept) > MOST_KEPT or chance.random() < 0.6:
            leaving = kept.pop(chance.randrange(len(kept)))
            tell("deleting", leaving, 0)
            await voices.delete(OURS, leaving)
            tell("deleted", leaving, 0)


async def work_off_jobs(jobs: JobStore) -> None:
    """Never ends by itself. Every third job is deleted with its audio."""
    clock = SystemClock()
    for number in range(1_000_000):
        job = Job(secrets.token_hex(16), OURS, True, "key", "request", clock.now())
        await jobs.add(job, [NewItem(f"id{n}", VoiceId("v"), "words") for n in range(2)], 1_000_000)
        # Only of this life: what the dead have claimed stays theirs for the hour.
        while claimed := await jobs.claim(OURS, timedelta(hours=1)):
            spoken = SpokenItem(os.urandom(90_000), "audio/mpeg", b"{}")
            await jobs.finish(claimed, spoken, timedelta(hours=number % 3))
        await jobs.delete_expired()


async def write_for_ever(data_dir: Path, name: str) -> None:
    stores = open_stores(data_dir, SystemClock())
    await stores.prepare()
    await stores.voices.recover()
    kept = [voice.voice_id for voice in await stores.voices.list(OURS)]
    writers = [write(stores.voices, f"{name}_{n}", kept[n::NUM_WRITERS]) for n in range(NUM_WRITERS)]
    await asyncio.gather(*writers, work_off_jobs(stores.jobs))


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            tell("started", os.getpid(), 0)
            asyncio.run(write_for_ever(Path(sys.argv[1]), line.strip()))
        os.waitpid(child, 0)
        tell("died", child, 0)


if __name__ == "__main__":
    main()
