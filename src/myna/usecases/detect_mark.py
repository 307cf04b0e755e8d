"""Say whether a recording holds speech of this service: the only way from an upload to its mark."""

from dataclasses import dataclass
from functools import partial

from myna.analysis.mark_finder import MarkFinder
from myna.domain.speech import FoundMark
from myna.usecases.ports import Offload, SampleAnalyst


@dataclass(frozen=True, slots=True)
class DetectMark:
    analyst: SampleAnalyst
    finder: MarkFinder
    offload: Offload

    async def __call__(self, recording: bytes) -> FoundMark:
        """Raises: AudioUndecodable, RecordingTooLong, PayloadTooLarge, Overloaded, WeightsMissing, ..."""
        waveform = await self.offload(partial(self.analyst.read, recording))
        return await self.offload(partial(self.finder.find, waveform))
