"""The tone engine: a voice is a pitch, speech is that pitch for as long as the text would take."""

from collections.abc import Iterator

import numpy as np

from myna.domain.attributes import VoiceAttributes
from myna.domain.errors import InvalidRequest
from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions, TokenTiming
from myna.domain.waveform import ReferenceAudio, Samples
from myna.engines.tone.artifact import read_artifact, write_artifact

_RATE_HZ = 24000
_SECONDS_PER_CHAR = 0.06
"""English is read at about 15 characters a second."""
_MAX_CHUNK_S = 0.2
_AMPLITUDE = 0.3
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 400.0
_FRAME_S = 0.04
_MALE_HZ, _FEMALE_HZ = 110.0, 210.0
_SEED_STEP = 0.6180339887
"""Fractional part of the golden ratio: consecutive seeds spread evenly (Weyl sequence)."""


class ToneEngine:
    """Implements `Engine` in a few lines; two voices can be told apart by ear and by a Fourier transform."""

    def encode_voice(self, reference: ReferenceAudio) -> bytes:
        return write_artifact(measure_pitch_hz(reference.waveform.samples, reference.waveform.sample_rate_hz))

    def hear_voice(self, reference: ReferenceAudio) -> bytes:
        return self.encode_voice(reference)

    def refine_voice(self, artifact: bytes, reference: ReferenceAudio) -> bytes:
        del reference
        return artifact

    def design_voice(self, attributes: VoiceAttributes, lang: LangCode, seed: int) -> bytes:
        del lang
        base_hz = _FEMALE_HZ if attributes.gender == "female" else _MALE_HZ
        variation = (seed * _SEED_STEP) % 1.0 - 0.5
        octaves = 0.5 * attributes.pitch + 0.2 * variation
        return write_artifact(base_hz * 2.0**octaves)

    def load_voice(self, artifact: bytes) -> float:
        return read_artifact(artifact)

    def synthesize(self, voice: float, segment: SpeechSegment, options: SynthesisOptions) -> Iterator[SpokenChunk]:
        seconds_per_char = _SECONDS_PER_CHAR / options.speaking_rate
        return self._iter_chunks(voice, segment, seconds_per_char)

    def close(self) -> None:
        """Nothing is held."""

    def _iter_chunks(self, pitch_hz: float, segment: SpeechSegment, seconds_per_char: float) -> Iterator[SpokenChunk]:
        timings = []
        end_s = 0.0
        for index, token in enumerate(segment.tokens):
            start_s, end_s = end_s, end_s + seconds_per_char * len((token.ipa or token.spoken) + token.whitespace)
            timings.append(TokenTiming(index, start_s, end_s))
        num_samples = round(end_s * _RATE_HZ)
        step = round(_MAX_CHUNK_S * _RATE_HZ)
        for first in range(0, num_samples, step):
            last = min(first + step, num_samples)
            phase = 2 * np.pi * pitch_hz * np.arange(first, last) / _RATE_HZ
            samples = (_AMPLITUDE * (np.sin(phase) + 0.5 * np.sin(2 * phase))).astype(np.float32)
            begun = tuple(t for t in timings if first <= round(t.start_s * _RATE_HZ) < last)
            yield SpokenChunk(samples, begun)


def measure_pitch_hz(samples: Samples, sample_rate_hz: int) -> float:
    """Median of the autocorrelation's best lag, voiced frames. [num_samples] -> Hz. Raises: InvalidRequest."""
    frame = round(_FRAME_S * sample_rate_hz)
    shortest, longest = int(sample_rate_hz / _HIGHEST_HZ), int(sample_rate_hz / _LOWEST_HZ)
    loudest = float(np.abs(samples).max(initial=0.0))
    pitches = []
    for first in range(0, len(samples) - frame, frame):
        window = samples[first : first + frame].astype(np.float64)
        window = window - window.mean()
        energy = float(window @ window)
        if energy < frame * (0.05 * loudest) ** 2 or energy == 0.0:
            continue
        similarity = np.correlate(window, window, "full")[frame - 1 :] / energy
        lag = shortest + int(np.argmax(similarity[shortest : min(longest, frame - 1)]))
        if similarity[lag] > 0.5:
            pitches.append(sample_rate_hz / lag)
    if not pitches:
        raise InvalidRequest("No voiced speech was found in the samples. Send a recording of someone speaking.")
    return float(np.median(pitches))
