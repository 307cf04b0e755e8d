"""A plug-in for benches: the tone engine, but it takes 0.4 s for each second of speech, asleep.

As an engine on a processor of its own (a GPU) would. So what queues, workers and connections do can be measured on a machine whose
cores are busy with something else, and compared with what `scaling_simulation.py` foretells.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import sleep

from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.engines.base import Engine, EngineSettings
from myna.engines.tone.engine import ToneEngine
from myna.engines.tone.spec import SPEC as TONE

SECONDS_PER_SECOND = 0.4
_PART_S = 0.1


class PacedEngine(ToneEngine):
    def synthesize(self, voice: float, segment: SpeechSegment, options: SynthesisOptions) -> Iterator[SpokenChunk]:
        return self._pace(super().synthesize(voice, segment, options))

    def _pace(self, chunks: Iterator[SpokenChunk]) -> Iterator[SpokenChunk]:
        step = round(_PART_S * TONE.capabilities.sample_rate_hz)
        for chunk in chunks:
            for first in range(0, len(chunk.samples), step):
                part = chunk.samples[first : first + step]
                sleep(len(part) / TONE.capabilities.sample_rate_hz * SECONDS_PER_SECOND)
                yield replace(chunk, samples=part, timings=() if first else chunk.timings)


def _load(settings: EngineSettings) -> Engine:
    del settings
    return PacedEngine()


SPEC = replace(TONE, id="paced", load=_load)


def install(site: Path) -> None:
    """Register it in a folder for `PYTHONPATH`, as an installed plug-in would be."""
    about = site / "paced-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: paced\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[myna.engines]\npaced = paced_engine:SPEC\n")
