"""A plug-in for tests on a cluster: the tone engine, but each chunk takes its time, counted over all processes."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.engines.base import Engine, EngineSettings
from myna.engines.tone.engine import ToneEngine
from myna.engines.tone.spec import SPEC as TONE

CHUNK_S = 0.02
"""For 0.2 s of speech."""
FILE = "MYNA_TEST_CHUNKS"
"""Environment: the file that grows by a byte with each chunk."""


class SlowEngine(ToneEngine):
    def synthesize(self, voice: float, segment: SpeechSegment, options: SynthesisOptions) -> Iterator[SpokenChunk]:
        if "trip" in segment.text:
            raise RuntimeError("the engine tripped")
        return self._slowly(super().synthesize(voice, segment, options))

    def _slowly(self, chunks: Iterator[SpokenChunk]) -> Iterator[SpokenChunk]:
        for chunk in chunks:
            time.sleep(CHUNK_S)
            with Path(os.environ[FILE]).open("ab") as file:
                file.write(b".")
            yield chunk


def _load(settings: EngineSettings) -> Engine:
    del settings
    return SlowEngine()


SPEC = replace(TONE, id="slow", load=_load)
