"""Write down what is said in a recording: the only way from an uploaded recording to its words."""

from dataclasses import dataclass
from functools import partial

from myna.domain.language import LangCode
from myna.domain.transcript import HeardPassage, Transcript
from myna.usecases.ports import Offload, SampleAnalyst


@dataclass(frozen=True, slots=True)
class TranscribeSpeech:
    """Passage by passage, so that a caller who leaves stops the work, and others get their turn in between."""

    analyst: SampleAnalyst
    offload: Offload

    async def __call__(self, recording: bytes, lang: LangCode | None) -> Transcript:
        """lang: what is spoken; None to detect it in the first passage.

        Raises: AudioUndecodable, RecordingTooLong, PayloadTooLarge, Overloaded, ...
        """
        found = await self.offload(partial(self.analyst.find_speech, recording))
        heard: list[HeardPassage] = []
        for passage in found.passages:
            words = await self.offload(partial(self.analyst.hear, passage.waveform, lang))
            if words is not None:
                lang = words.lang
                heard.append(words.after(passage.start_s))
        return Transcript(lang, found.duration_s, tuple(heard))
