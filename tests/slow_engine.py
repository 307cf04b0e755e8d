"""A plug-in for tests on a cluster: the tone engine, but each chunk takes its time, counted over all processes.

It refines, which changes nothing, in steps that are counted too.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.waveform import ReferenceAudio
from myna.engines.base import Engine, EngineSettings
from myna.engines.tone.engine import ToneEngine
from myna.engines.tone.spec import SPEC as TONE

CHUNK_S = 0.02
"""For 0.2 s of speech."""
FILE = "MYNA_TEST_CHUNKS"
"""Environment: the file that grows by a byte with each chunk; the one of steps has `.steps` at its end."""
NUM_STEPS = 3


class SlowEngine(ToneEngine):
    def __init__(self, settings: EngineSettings) -> None:
        self._before_step = settings.before_step

    def refine_voice(self, artifact: bytes, reference: ReferenceAudio) -> bytes:
        for _ in range(NUM_STEPS):
            self._before_step()
            _count(f"{os.environ[FILE]}.steps")
        return super().refine_voice(artifact, reference)

    def synthesize(self, voice: float, segment: SpeechSegment, options: SynthesisOptions) -> Iterator[SpokenChunk]:
        if "trip" in segment.text:
            raise RuntimeError("the engine tripped")
        return self._slowly(super().synthesize(voice, segment, options))

    def _slowly(self, chunks: Iterator[SpokenChunk]) -> Iterator[SpokenChunk]:
        for chunk in chunks:
            time.sleep(CHUNK_S)
            _count(os.environ[FILE])
            yield chunk


def _count(path: str) -> None:
    with Path(path).open("ab") as file:
        file.write(b".")


def _load(settings: EngineSettings) -> Engine:
    return SlowEngine(settings)


SPEC = replace(TONE, id="slow", load=_load, capabilities=replace(TONE.capabilities, refines=True))
