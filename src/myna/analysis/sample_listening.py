"""One pass over one voice sample: find the speech, clean it, measure it, hear the words, say what was noticed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from myna.analysis import sample_findings as findings_of
from myna.analysis.cleaning import Cleaning, clean_speech
from myna.analysis.conversation import measure_voice_groups
from myna.analysis.quality import (
    measure_bandwidth_hz,
    measure_decay_db_per_s,
    measure_frame_powers,
    measure_level_range_db,
    measure_levels,
    measure_snr_db,
)
from myna.analysis.reference_window import choose_reference_window
from myna.analysis.sample_findings import VoiceMeasures
from myna.analysis.sample_models import SampleModels
from myna.analysis.speaker_change import measure_speaker_change
from myna.analysis.speech_activity import FRAME_S, SpeechActivity
from myna.analysis.transcribe import Transcription
from myna.analysis.transcript_match import measure_match
from myna.analysis.voicing import measure_voicing
from myna.audio.channels import MonoMix
from myna.audio.loudness import measure_loudness, normalize_loudness
from myna.audio.mel import SAMPLE_RATE_HZ
from myna.audio.resample import resample
from myna.audio.silence import cut_spans
from myna.audio.window import SpeechWindow
from myna.domain.finding import Finding
from myna.domain.sample import AnalysedSample, SampleQuality, SampleRequest
from myna.domain.waveform import Waveform

PROCESSED_RATE_HZ = 24_000
_SILENT_PEAK_DB = -50.0


@dataclass(frozen=True, slots=True, eq=False)
class SampleListening:
    """What one pass works on."""

    models: SampleModels
    sample: SampleRequest
    mix: MonoMix
    is_cut: bool
    """The recording goes on after what was read of it."""

    def conclude(self) -> AnalysedSample:
        """Raises: WeightsCorrupt."""
        activity = self.models.speech_activity.detect(self.mix.waveform)
        if activity.speech_s < findings_of.MIN_SPEECH_S or not activity.spans:
            return self._refuse(activity)
        window = choose_reference_window(self.mix.waveform, activity, self.models.opinion, self.models.ge2e)
        speech = cut_spans(self.mix.waveform, window.kept)
        levelled = normalize_loudness(speech)
        # The words take as long as all the rest, and the caller waits. Only noise has to be gone before.
        with ThreadPoolExecutor(2) as beside:
            cleaned = beside.submit(self._clean, levelled)
            clear = cleaned.result().waveform if self.sample.remove_background_noise else levelled
            words = beside.submit(self.models.recogniser.transcribe, clear, self.sample.lang)
            measures = self._measure_voice(activity, window, speech)
            cleaning, heard = cleaned.result(), words.result()
        quality = self._measure_quality(activity, window, speech, cleaning, measures)
        findings = (
            *findings_of.check_duration(quality, window, self.is_cut),
            *findings_of.check_channels(self.mix.other is not None, self.mix.used_channel),
            *findings_of.check_sound(quality, self.mix.waveform.sample_rate_hz),
            *findings_of.check_voice(quality, measures),
            *cleaning.findings,
            *self._check_words(heard),
        )
        processed = normalize_loudness(resample(cleaning.waveform, PROCESSED_RATE_HZ))
        text = heard.text if heard.is_reliable else ""
        return AnalysedSample(
            findings, processed, self.sample.transcript or text, self.sample.lang or heard.lang, quality
        )

    def _refuse(self, activity: SpeechActivity) -> AnalysedSample:
        recording = self.mix.waveform
        levels = measure_levels(recording.samples)
        music = self.models.music.measure_music(recording)
        finding = findings_of.too_little_speech(
            activity.speech_s, recording.duration_s, is_silent=levels.peak_db < _SILENT_PEAK_DB, music=music
        )
        quality = SampleQuality(
            duration_s=recording.duration_s,
            speech_s=activity.speech_s,
            loudness_lufs=measure_loudness(recording),
            peak_db=levels.peak_db,
            clipped_ratio=levels.clipped_ratio,
        )
        return AnalysedSample((finding,), None, self.sample.transcript, self.sample.lang, quality)

    def _clean(self, speech: Waveform) -> Cleaning:
        before = self.models.opinion.score(speech)
        if not self.sample.remove_background_noise:
            return Cleaning(speech, before, noise_removed=False)
        return clean_speech(speech, before, self.models.noise, self.models.opinion, self.models.campplus)

    def _measure_voice(self, activity: SpeechActivity, window: SpeechWindow, speech: Waveform) -> VoiceMeasures:
        heard = resample(speech, SAMPLE_RATE_HZ)
        powers = measure_frame_powers(self.mix.waveform)
        inside = slice(int(window.start_s / FRAME_S), int(window.end_s / FRAME_S) + 1)
        powers, probabilities = powers[inside], activity.probabilities[inside]
        other = self.mix.other
        return VoiceMeasures(
            voicing=measure_voicing(heard),
            decay_db_per_s=measure_decay_db_per_s(heard),
            level_range_db=measure_level_range_db(powers, probabilities),
            snr_db=measure_snr_db(powers, probabilities),
            music=self.models.music.measure_music(heard),
            speaker_change=measure_speaker_change(heard, self.models.ge2e, self.models.campplus),
            voice_groups=measure_voice_groups(heard, self.models.ge2e, self.models.campplus),
            heard_voices=self.models.voice_counter.hear_voices(heard),
            other_speech_s=0.0 if other is None else self.models.speech_activity.detect(other).speech_s,
        )

    def _measure_quality(
        self,
        activity: SpeechActivity,
        window: SpeechWindow,
        speech: Waveform,
        cleaning: Cleaning,
        measures: VoiceMeasures,
    ) -> SampleQuality:
        levels = measure_levels(speech.samples)
        return SampleQuality(
            duration_s=self.mix.waveform.duration_s,
            speech_s=activity.speech_s,
            snr_db=measures.snr_db,
            dnsmos_overall=cleaning.scores.overall,
            dnsmos_signal=cleaning.scores.signal,
            dnsmos_background=cleaning.scores.background,
            bandwidth_hz=measure_bandwidth_hz(speech),
            loudness_lufs=measure_loudness(speech),
            peak_db=levels.peak_db,
            clipped_ratio=levels.clipped_ratio,
            num_speakers=2 if measures.has_several_speakers else 1,
            window_start_s=window.start_s,
            window_end_s=window.end_s,
            noise_removed=cleaning.noise_removed,
        )

    def _check_words(self, heard: Transcription) -> Iterator[Finding]:
        guess = heard.language_guess
        yield from findings_of.check_language(self.sample.lang, guess.lang, guess.probability * guess.is_among_known)
        if self.sample.transcript and heard.is_reliable:
            yield from findings_of.check_transcript(heard.lang, measure_match(self.sample.transcript, heard.text))
