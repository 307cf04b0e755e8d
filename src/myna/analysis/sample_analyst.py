"""Listen to voice samples: from uploaded bytes to cleaned speech, its transcript, and what to say about it."""

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from myna.analysis.clarity import measure_clarity
from myna.analysis.heap_trim import trim_heap
from myna.analysis.sample_listening import SampleListening
from myna.analysis.sample_models import SampleModels, load_sample_models
from myna.analysis.similarity import measure_similarity
from myna.analysis.speech_activity import RATE_HZ
from myna.analysis.speech_passages import find_passages
from myna.audio.channels import mix_to_mono
from myna.audio.decode import DecodeLimits
from myna.audio.isolated_decode import IsolatedDecoder
from myna.audio.resample import resample
from myna.audio.silence import TimeSpan
from myna.domain.errors import RecordingTooLong
from myna.domain.finding import Severity
from myna.domain.language import LangCode
from myna.domain.sample import AnalysedSample, SampleRequest
from myna.domain.transcript import FoundSpeech, HeardPassage, SpeechPassage, Talk
from myna.domain.waveform import ReferenceAudio, Samples, Waveform

_JOIN_PAUSE_S = 0.3
_WARNING_COST = 0.2
_FULL_SAMPLE_S = 15.0
_CHECKED_S = 1.0
"""Of sound says whether there is any that can be read."""
_LEISURE_DECODING_S = 200.0
"""With what others leave of the processor, a second can take so long."""


class ModelSampleAnalyst:
    """Implements the port `SampleAnalyst`. Thread-safe. Its methods also raise WeightsMissing, WeightsCorrupt."""

    def __init__(
        self,
        weights_dir: Path,
        *,
        max_sample_bytes: int,
        max_sample_s: float,
        is_at_leisure: Callable[[], bool] = lambda: False,
    ) -> None:
        """is_at_leisure: whether nobody waits for what the calling thread is at."""
        self._weights_dir = weights_dir
        self._max_sample_s = max_sample_s
        self._is_at_leisure = is_at_leisure
        limits = DecodeLimits(max_bytes=max_sample_bytes, max_read_s=max_sample_s)
        # A child keeps the priority of the thread that starts it, and has one recording at a time.
        self._live_decoder = IsolatedDecoder(limits)
        self._leisure_decoder = IsolatedDecoder(limits, _LEISURE_DECODING_S)
        self._loading = threading.Lock()
        self._models: SampleModels | None = None

    def load(self) -> SampleModels:
        """Open the models, once, now or with the first sample. Raises: WeightsMissing, WeightsCorrupt."""
        with self._loading:
            if self._models is None:
                self._models = load_sample_models(self._weights_dir)
            return self._models

    def close(self) -> None:
        """Give models and the decoder process back."""
        self._live_decoder.close()
        self._leisure_decoder.close()
        self._models = None

    @property
    def _decoder(self) -> IsolatedDecoder:
        return self._leisure_decoder if self._is_at_leisure() else self._live_decoder

    def analyse(self, sample: SampleRequest) -> AnalysedSample:
        decoded = self._decoder.decode(sample.content)
        heard = SampleListening(self.load(), sample, mix_to_mono(decoded), decoded.is_cut).conclude()
        return replace(heard, rating=rate_sample(heard))

    def join(self, samples: Sequence[AnalysedSample], rate_hz: int, max_s: float) -> ReferenceAudio:
        """Best first, of equals the earlier; what does not fit is left out. At least one of the samples is usable."""
        usable = sorted((s for s in samples if s.is_usable), key=lambda sample: sample.rating, reverse=True)
        pieces: list[Samples] = []
        transcripts: list[str] = []
        room = int(max_s * rate_hz)
        pause = np.zeros(int(_JOIN_PAUSE_S * rate_hz), np.float32)
        for sample in usable:
            assert sample.processed is not None
            samples_here = resample(sample.processed, rate_hz).samples
            if pieces:
                if len(pause) + len(samples_here) > room:
                    continue
                pieces.append(pause)
                room -= len(pause)
            pieces.append(samples_here[:room])
            room -= len(pieces[-1])
            transcripts.append(sample.transcript)
        lang = next((sample.lang for sample in usable if sample.lang is not None), LangCode.EN_US)
        waveform = Waveform(np.concatenate(pieces), rate_hz)
        return ReferenceAudio(waveform, " ".join(text for text in transcripts if text), lang)

    def read(self, content: bytes) -> Waveform:
        decoded = self._decoder.decode(content)
        if decoded.is_cut:
            raise RecordingTooLong(
                f"The recording is too long: at most {self._max_sample_s:g} s are accepted, less of several channels "
                "at high rates. Send it in parts."
            )
        return mix_to_mono(decoded).waveform

    def check(self, content: bytes) -> None:
        self._decoder.decode(content, max_s=_CHECKED_S)

    def find_speech(self, content: bytes, start_s: float = 0.0) -> FoundSpeech:
        decoded = self._decoder.decode(content, start_s)
        if not len(decoded.channels):
            return FoundSpeech(start_s, ())
        recording = resample(mix_to_mono(decoded).waveform, RATE_HZ)
        spans = find_passages(self.load().speech_activity.detect(recording))
        passages = (SpeechPassage(start_s + span.start_s, _between(recording, span)) for span in spans)
        return FoundSpeech(start_s + recording.duration_s, tuple(passages), decoded.is_cut)

    def find_talk(self, recent: Waveform) -> Sequence[Talk]:
        heard = self.load().speech_activity.detect(recent)
        return [Talk(span.start_s, span.end_s, heard.confidence_of(span)) for span in heard.spans]

    def hear(self, speech: Waveform, lang: LangCode | None, prompt: str = "") -> HeardPassage | None:
        return self.load().recogniser.hear_words(speech, lang, prompt)

    def measure_similarity(self, first: Waveform, second: Waveform) -> float:
        models = self.load()
        return measure_similarity(first, second, models.ge2e, models.campplus)

    def measure_clarity(self, spoken: Waveform, text: str, lang: LangCode) -> float | None:
        clarity = measure_clarity(self.load().recogniser, spoken, text, lang)
        if self._is_at_leisure():
            trim_heap()  # the engine that was heard may have been given back before
        return clarity


def _between(recording: Waveform, span: TimeSpan) -> Waveform:
    rate_hz = recording.sample_rate_hz
    return Waveform(recording.samples[round(span.start_s * rate_hz) : round(span.end_s * rate_hz)], rate_hz)


def rate_sample(sample: AnalysedSample) -> float:
    """Which sample goes first into the reference: the cleanest, longest speech. Finite, whatever was measured."""
    if sample.quality is None or sample.processed is None:
        return 0.0
    num_warnings = sum(finding.severity is Severity.WARNING for finding in sample.findings)
    length = min(sample.processed.duration_s, _FULL_SAMPLE_S) / _FULL_SAMPLE_S
    opinion = float(sample.quality.dnsmos_overall)
    return (opinion if math.isfinite(opinion) else 0.0) + length - _WARNING_COST * num_warnings
