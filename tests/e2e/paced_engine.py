"""A plug-in for tests: the tone engine, which takes its time, so that a server has a capacity to be asked twice of."""

import time
from collections.abc import Iterator
from dataclasses import replace

from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.engines.base import Engine, EngineSettings
from myna.engines.tone.engine import ToneEngine
from myna.engines.tone.spec import SPEC as TONE

_CHUNK_S = 0.03


class PacedEngine(ToneEngine):
    def synthesize(self, voice: float, segment: SpeechSegment, options: SynthesisOptions) -> Iterator[SpokenChunk]:
        for chunk in super().synthesize(voice, segment, options):
            time.sleep(_CHUNK_S)
            yield chunk


def _load(settings: EngineSettings) -> Engine:
    del settings
    return PacedEngine()


SPEC = replace(TONE, id="paced", load=_load)
