"""Run as a program: a store that writes until it is killed. Used by `test_crash_leaves_nothing_half.py`.

Reads lines from stdin; for each it forks a process that clones, improves and deletes voices in the folder named by the
first argument, and prints that process's id. The process prints what the store has answered.
"""

import asyncio
import os
import random
import sys
from pathlib import Path

from myna.domain.voice import VoiceArtifact
from myna.runtime.clock import SystemClock
from myna.store.opening import open_stores
from myna.testing.clock import FixedClock
from myna.testing.store_contract import OURS, make_voice
from myna.usecases.ports import StoredSample, VoiceStore

NUM_WRITERS = 4
ENGINE = ("tone", "1")


def tell(word: str, subject: object, number: int) -> None:
    """One line in one write: a killed process leaves no half line."""
    os.write(sys.stdout.fileno(), f"{word} {subject} {number}\n".encode())


async def write(voices: VoiceStore, writer: str) -> None:
    """Never ends by itself."""
    kept = []
    chance = random.Random(writer)
    for number in range(1_000_000):
        voice = make_voice(FixedClock(), f"{writer}_{number}")
        samples = [
            StoredSample(chance.randbytes(60_000), f"sample {n}", voice.lang) for n in range(chance.randrange(4))
        ]
        tell("adding", voice.voice_id, len(samples))
        await voices.add(OURS, voice, VoiceArtifact(chance.randbytes(90_000), *ENGINE), samples)
        tell("added", voice.voice_id, len(samples))
        kept.append(voice.voice_id)
        if chance.random() < 0.5:
            await voices.replace_artifact(OURS, kept[0], VoiceArtifact(chance.randbytes(90_000), *ENGINE))
        if chance.random() < 0.6:
            leaving = kept.pop(chance.randrange(len(kept)))
            tell("deleting", leaving, 0)
            await voices.delete(OURS, leaving)
            tell("deleted", leaving, 0)


async def write_for_ever(data_dir: Path, name: str) -> None:
    stores = open_stores(data_dir, SystemClock())
    await stores.prepare()
    await stores.voices.recover()
    await asyncio.gather(*(write(stores.voices, f"{name}_{number}") for number in range(NUM_WRITERS)))


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
