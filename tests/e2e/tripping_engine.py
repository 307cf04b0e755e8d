"""A plug-in for tests: the tone engine, which breaks down in the middle of a text at the word "stumble"."""

from collections.abc import Iterator
from dataclasses import replace

from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.engines.base import Engine, EngineSettings
from myna.engines.tone.engine import ToneEngine
from myna.engines.tone.spec import SPEC as TONE


class TrippingEngine(ToneEngine):
    def synthesize(self, voice: float, segment: SpeechSegment, options: SynthesisOptions) -> Iterator[SpokenChunk]:
        return self._trip(segment, super().synthesize(voice, segment, options))

    def _trip(self, segment: SpeechSegment, chunks: Iterator[SpokenChunk]) -> Iterator[SpokenChunk]:
        if "stumble" in segment.text:
            raise RuntimeError("the engine tripped")
        yield from chunks


def _load(settings: EngineSettings) -> Engine:
    del settings
    return TrippingEngine()


SPEC = replace(TONE, id="tripping", load=_load)
