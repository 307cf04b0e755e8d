"""A plug-in for tests: the tone engine, asleep most of the time: a server can be asked twice of its capacity."""

import time
from collections.abc import Iterator
from dataclasses import replace

from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.engines.base import Engine, EngineSettings
from myna.engines.tone.engine import ToneEngine
from myna.engines.tone.spec import SPEC as TONE

_FIRST_S, _CHUNK_S = 2.0, 0.03
"""The first is long beside what a busy machine adds to it: so its time can be judged there."""


class PacedEngine(ToneEngine):
    def synthesize(self, voice: float, segment: SpeechSegment, options: SynthesisOptions) -> Iterator[SpokenChunk]:
        pause_s = _FIRST_S
        for chunk in super().synthesize(voice, segment, options):
            time.sleep(pause_s)
            pause_s = _CHUNK_S
            yield chunk


def _load(settings: EngineSettings) -> Engine:
    del settings
    return PacedEngine()


SPEC = replace(TONE, id="paced", load=_load)
