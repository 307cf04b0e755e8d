"""Choose the part of a recording that makes the best reference, by what the models hear in it."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from myna.analysis.dnsmos import OpinionModel
from myna.analysis.quality import measure_frame_powers
from myna.analysis.speakers import Embedding, Ge2eEmbedder, unit_length
from myna.analysis.speech_activity import FRAME_S, RATE_HZ, SpeechActivity
from myna.audio.loudness import normalize_loudness
from myna.audio.resample import resample
from myna.audio.silence import TimeSpan, cut_spans
from myna.audio.window import MAX_WINDOW_S, SpeechWindow, choose_window
from myna.domain.waveform import Waveform

_OPINION_WEIGHT = 1.0
_SPEECH_WEIGHT = 2.0
_ONE_VOICE_WEIGHT = 2.0
_TYPICAL_WEIGHT = 2.0
"""Found on eleven speakers (`bench/best_window.py`); a factor of two either way changes little."""


def choose_reference_window(
    recording: Waveform, activity: SpeechActivity, opinion: OpinionModel, ge2e: Ge2eEmbedder
) -> SpeechWindow:
    """The run with the most speech and the best opinion score, in one typical voice, cut at the quietest moment near
    the middle of what is too long. activity: of `recording`, with at least one span."""
    frame_powers = measure_frame_powers(recording)
    heard = resample(recording, RATE_HZ)

    def quiet_moments(span: TimeSpan) -> Sequence[float]:
        first, last = int(span.start_s / FRAME_S), int(span.end_s / FRAME_S)
        margin = (last - first) // 4
        middle = frame_powers[first + margin : last - margin]
        return [(first + margin + int(np.argmin(middle)) + 0.5) * FRAME_S] if len(middle) else []

    def rate_cheaply(window: SpeechWindow) -> float:
        return activity.speech_within(window.kept) / MAX_WINDOW_S

    @cache
    def typical_voice() -> Embedding:
        return unit_length(ge2e.embed_partials(cut_spans(heard, activity.spans).samples).mean(axis=0))

    def rate_fully(window: SpeechWindow) -> float:
        speech = normalize_loudness(cut_spans(heard, window.kept))
        partials = ge2e.embed_partials(speech.samples)
        voice = unit_length(partials.mean(axis=0))
        return (
            _OPINION_WEIGHT * opinion.score(speech).overall
            + _SPEECH_WEIGHT * rate_cheaply(window)
            + _ONE_VOICE_WEIGHT * float((partials @ voice).min())
            + _TYPICAL_WEIGHT * float(voice @ typical_voice())
        )

    return choose_window(activity.spans, quiet_moments, rate_cheaply, rate_fully)
