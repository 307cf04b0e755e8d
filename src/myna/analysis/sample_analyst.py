"""Listen to voice samples: from uploaded bytes to cleaned speech, its transcript, and what to say about it."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path

import numpy as np

from myna.analysis import sample_findings as findings_of
from myna.analysis.dnsmos import OpinionScores
from myna.analysis.quality import measure_bandwidth_hz, measure_frame_powers, measure_levels, measure_snr_db
from myna.analysis.sample_models import SampleModels, load_sample_models
from myna.analysis.speech_activity import FRAME_S, SpeechActivity
from myna.audio.channels import MonoMix, mix_to_mono
from myna.audio.decode import DecodeLimits
from myna.audio.isolated_decode import IsolatedDecoder
from myna.audio.loudness import measure_loudness, normalize_loudness
from myna.audio.resample import resample
from myna.audio.silence import TimeSpan, cut_spans
from myna.audio.window import SpeechWindow, choose_window
from myna.domain.finding import Finding, Severity
from myna.domain.language import LangCode
from myna.domain.sample import AnalysedSample, SampleQuality, SampleRequest
from myna.domain.waveform import ReferenceAudio, Waveform

_log = logging.getLogger(__name__)

PROCESSED_RATE_HZ = 24_000
_ANALYSIS_RATE_HZ = 16_000
_SILENT_PEAK_DB = -60.0
_JOIN_PAUSE_S = 0.3

_MIN_SIMILARITY_AFTER = 0.6
_MAX_SIGNAL_LOSS = 0.3


class ModelSampleAnalyst:
    """Implements the port `SampleAnalyst`. Thread-safe. Models load with the first sample, or by `load`."""

    def __init__(self, weights_dir: Path, *, max_sample_bytes: int, max_sample_s: float) -> None:
        self._weights_dir = weights_dir
        self._decoder = IsolatedDecoder(DecodeLimits(max_bytes=max_sample_bytes, max_read_s=max_sample_s))
        self._loading = threading.Lock()
        self._models: SampleModels | None = None

    def load(self) -> None:
        """Open the models now instead of with the first sample. Raises: WeightsMissing, WeightsCorrupt."""
        self._loaded_models()

    def close(self) -> None:
        """Give models and the decoder process back."""
        self._decoder.close()
        self._models = None

    def analyse(self, sample: SampleRequest) -> AnalysedSample:
        """Raises: AudioUndecodable, PayloadTooLarge, WeightsMissing, WeightsCorrupt."""
        decoded = self._decoder.decode(sample.content)
        return _Listening(self._loaded_models(), sample, mix_to_mono(decoded), decoded.is_cut).conclude()

    def join(self, samples: Sequence[AnalysedSample], rate_hz: int, max_s: float) -> ReferenceAudio:
        """Best first; what does not fit is left out. At least one of the samples is usable."""
        usable = sorted((sample for sample in samples if sample.is_usable), key=_rate_sample, reverse=True)
        pieces: list[np.ndarray[tuple[int], np.dtype[np.float32]]] = []
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

    def measure_similarity(self, first: Waveform, second: Waveform) -> float:
        """0 for strangers to 1 for one person."""
        models = self._loaded_models()
        heard = [resample(waveform, _ANALYSIS_RATE_HZ) for waveform in (first, second)]
        a = float(models.ge2e.embed(heard[0]) @ models.ge2e.embed(heard[1]))
        b = float(models.campplus.embed(heard[0]) @ models.campplus.embed(heard[1]))
        return calibrate_similarity(a, b)

    def _loaded_models(self) -> SampleModels:
        models = self._models
        if models is None:
            with self._loading:
                models = self._models
                if models is None:
                    models = self._models = load_sample_models(self._weights_dir)
        return models


_STRANGERS_A, _SAME_PERSON_A = 0.583, 0.914
_STRANGERS_B, _SAME_PERSON_B = 0.361, 0.881


def calibrate_similarity(cosine_a: float, cosine_b: float) -> float:
    """Mean of both encoders' cosines, each placed between what strangers and what one person score."""
    first = (cosine_a - _STRANGERS_A) / (_SAME_PERSON_A - _STRANGERS_A)
    second = (cosine_b - _STRANGERS_B) / (_SAME_PERSON_B - _STRANGERS_B)
    return float(np.clip((first + second) / 2, 0.0, 1.0))


def _rate_sample(sample: AnalysedSample) -> float:
    """Which sample goes first into the reference: the cleanest, longest speech."""
    quality = sample.quality
    if quality is None or sample.processed is None:
        return 0.0
    num_warnings = sum(finding.severity is Severity.WARNING for finding in sample.findings)
    return quality.dnsmos_overall + min(sample.processed.duration_s, 15.0) / 15.0 - 0.2 * num_warnings


@dataclass(frozen=True, slots=True, eq=False)
class _Cleaning:
    """The window's speech, as it was or with its noise removed."""

    waveform: Waveform
    scores: OpinionScores
    noise_removed: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Listening:
    """One pass over one sample."""

    models: SampleModels
    sample: SampleRequest
    mix: MonoMix
    is_cut: bool

    def conclude(self) -> AnalysedSample:
        recording = self.mix.waveform
        activity = self.models.speech_activity.detect(recording)
        if activity.speech_s < findings_of.MIN_SPEECH_S or not activity.spans:
            return self._refuse(activity)
        window = self._choose_window(activity)
        speech = cut_spans(recording, window.kept)
        quality_before = self.models.opinion.score(speech)
        cleaning = self._clean(speech, quality_before)
        quality = self._measure(activity, window, speech, cleaning)
        transcript, lang, language_findings = self._transcribe(cleaning.waveform)
        findings = (
            *findings_of.check_duration(quality, window, self.is_cut),
            *findings_of.check_level(quality),
            *findings_of.check_noise(quality),
            *findings_of.check_bandwidth(quality),
            *findings_of.check_channels(self.mix.has_other_content, self.mix.used_channel),
            *cleaning.findings,
            *language_findings,
        )
        processed = normalize_loudness(resample(cleaning.waveform, PROCESSED_RATE_HZ))
        return AnalysedSample(findings, processed, transcript, lang, quality)

    def _refuse(self, activity: SpeechActivity) -> AnalysedSample:
        recording = self.mix.waveform
        levels = measure_levels(recording.samples)
        is_silent = levels.peak_db < _SILENT_PEAK_DB
        finding = findings_of.too_little_speech(round(activity.speech_s, 2), recording.duration_s, is_silent)
        quality = SampleQuality(
            duration_s=recording.duration_s,
            speech_s=activity.speech_s,
            snr_db=nan,
            dnsmos_overall=nan,
            dnsmos_signal=nan,
            dnsmos_background=nan,
            bandwidth_hz=nan,
            loudness_lufs=measure_loudness(recording),
            peak_db=levels.peak_db,
            clipped_ratio=levels.clipped_ratio,
            num_speakers=0,
            window_start_s=0.0,
            window_end_s=0.0,
        )
        return AnalysedSample((finding,), None, self.sample.transcript, self.sample.lang, quality)

    def _choose_window(self, activity: SpeechActivity) -> SpeechWindow:
        powers = measure_frame_powers(self.mix.waveform)

        def pauses_inside(span: TimeSpan) -> Sequence[float]:
            first, last = int(span.start_s / FRAME_S), int(span.end_s / FRAME_S)
            margin = (last - first) // 4
            inside = powers[first + margin : last - margin]
            return [(first + margin + int(np.argmin(inside))) * FRAME_S] if len(inside) else []

        def rate_cheaply(window: SpeechWindow) -> float:
            return _speech_in(window, activity)

        def rate_fully(window: SpeechWindow) -> float:
            scores = self.models.opinion.score(cut_spans(self.mix.waveform, window.kept))
            return scores.overall + _speech_in(window, activity) / 15.0

        return choose_window(activity.spans, pauses_inside, rate_cheaply, rate_fully)

    def _clean(self, speech: Waveform, before: OpinionScores) -> _Cleaning:
        if not self.sample.remove_background_noise:
            return _Cleaning(speech, before, False, ())
        cleaned = self.models.noise.remove_noise(speech)
        after = self.models.opinion.score(cleaned)
        heard = [resample(waveform, _ANALYSIS_RATE_HZ) for waveform in (speech, cleaned)]
        similarity = float(self.models.campplus.embed(heard[0]) @ self.models.campplus.embed(heard[1]))
        if similarity < _MIN_SIMILARITY_AFTER or after.signal < before.signal - _MAX_SIGNAL_LOSS:
            finding = Finding(
                "NOISE_REMOVAL_SKIPPED",
                Severity.WARNING,
                "Noise removal was left out: it would have taken part of the voice with it.",
                value=round(after.signal - before.signal, 2),
                unit="DNSMOS SIG",
            )
            return _Cleaning(speech, before, False, (finding,))
        return _Cleaning(cleaned, after, True, ())

    def _measure(
        self, activity: SpeechActivity, window: SpeechWindow, speech: Waveform, cleaning: _Cleaning
    ) -> SampleQuality:
        levels = measure_levels(speech.samples)
        frame_powers = measure_frame_powers(self.mix.waveform)
        first, last = int(window.start_s / FRAME_S), int(window.end_s / FRAME_S) + 1
        return SampleQuality(
            duration_s=self.mix.waveform.duration_s,
            speech_s=_speech_in(window, activity) if window.is_whole is False else activity.speech_s,
            snr_db=measure_snr_db(frame_powers[first:last], activity.probabilities[first:last]),
            dnsmos_overall=cleaning.scores.overall,
            dnsmos_signal=cleaning.scores.signal,
            dnsmos_background=cleaning.scores.background,
            bandwidth_hz=measure_bandwidth_hz(speech),
            loudness_lufs=measure_loudness(speech),
            peak_db=levels.peak_db,
            clipped_ratio=levels.clipped_ratio,
            num_speakers=1,
            window_start_s=window.start_s,
            window_end_s=window.end_s,
            noise_removed=cleaning.noise_removed,
        )

    def _transcribe(self, speech: Waveform) -> tuple[str, LangCode | None, tuple[Finding, ...]]:
        heard = self.models.recogniser.transcribe(speech, self.sample.lang)
        guess = heard.language_guess
        findings = tuple(findings_of.check_language(self.sample.lang, guess.lang, guess.probability))
        text = heard.text if heard.is_reliable else ""
        return self.sample.transcript or text, self.sample.lang or guess.lang, findings


def _speech_in(window: SpeechWindow, activity: SpeechActivity) -> float:
    """Seconds of speech frames inside the window."""
    probabilities = activity.probabilities
    return sum(
        float(np.count_nonzero(probabilities[int(span.start_s / FRAME_S) : int(span.end_s / FRAME_S)] >= 0.4)) * FRAME_S
        for span in window.kept
    )
