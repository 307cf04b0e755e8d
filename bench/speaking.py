"""Speech of an engine without a server around it, as samples."""

import numpy as np

from myna.domain.language import LangCode
from myna.domain.speech import SynthesisOptions
from myna.domain.waveform import Samples
from myna.engines.base import Engine, VoiceState
from myna.text.plan import plan_speech


def speak_text(
    engine: Engine, voice: VoiceState, text: str, lang: LangCode = LangCode.EN_US, *, max_segment_chars: int = 400
) -> Samples:
    """[num_samples] at the engine's rate: all segments of a text, joined."""
    segments = plan_speech(text, lang, normalize=True, max_segment_chars=max_segment_chars, first_segment_chars=None)
    options = SynthesisOptions(lang)
    return np.concatenate(
        [chunk.samples for segment in segments for chunk in engine.synthesize(voice, segment, options)]
    )
