"""Let a new voice speak a few words: what they tell about it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment, SynthesisOptions
from myna.domain.voice import TrialMeasures, VoiceArtifact
from myna.domain.waveform import ReferenceAudio
from myna.text.languages.registry import open_language
from myna.text.plan import plan_speech
from myna.usecases.ports import EngineClient, Offload, SampleAnalyst
from myna.usecases.spoken_audio import join_chunks


@dataclass(frozen=True, slots=True)
class TryVoice:
    engine: EngineClient
    analyst: SampleAnalyst
    offload: Offload
    offload_at_leisure: Offload
    is_enabled: bool

    async def __call__(
        self, artifact: VoiceArtifact, reference: ReferenceAudio, *, at_leisure: bool = False
    ) -> TrialMeasures:
        """at_leisure: nobody waits for it. Raises: Overloaded, ServiceUnavailable, EngineFailure."""
        if not self.is_enabled:
            return TrialMeasures()
        capabilities = self.engine.spec.capabilities
        offload = self.offload_at_leisure if at_leisure else self.offload
        lang = capabilities.or_english(reference.lang)
        segments = await offload(partial(_plan_trial, lang, capabilities.max_segment_chars))
        chunks = await self.engine.speak_whole(artifact, segments, SynthesisOptions(lang), at_leisure=at_leisure)
        spoken = join_chunks(chunks, segments, capabilities.sample_rate_hz)
        text = " ".join(segment.text for segment in segments)
        return TrialMeasures(
            *await asyncio.gather(
                offload(lambda: self.analyst.measure_similarity(reference.waveform, spoken)),
                offload(lambda: self.analyst.measure_clarity(spoken, text, lang)),
            )
        )


def _plan_trial(lang: LangCode, max_segment_chars: int) -> Sequence[SpeechSegment]:
    """What the voice speaks to be compared with the recording and heard for its clarity."""
    trial = open_language(lang).trial
    return plan_speech(trial, lang, normalize=True, max_segment_chars=max_segment_chars, first_segment_chars=None)
