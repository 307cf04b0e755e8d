"""The chime engine: a voice is a pitch, and each word is one stroke of a bell of that pitch."""

from collections.abc import Iterator

import numpy as np

from myna.domain.attributes import VoiceAttributes
from myna.domain.errors import InvalidRequest
from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions, TokenTiming
from myna.domain.waveform import ReferenceAudio, Samples
from myna_chime.artifact import read_artifact, write_artifact

_RATE_HZ = 24000
_SECONDS_PER_CHAR = 0.07
_DECAY_S = 0.15
_AMPLITUDE = 0.4
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 400.0
_MALE_HZ, _FEMALE_HZ = 110.0, 210.0


class ChimeEngine:
    """Implements `myna.engines.base.Engine`. Holds nothing: the voice is an argument of every call."""

    def encode_voice(self, reference: ReferenceAudio) -> bytes:
        return write_artifact(measure_pitch_hz(reference.waveform.samples, reference.waveform.sample_rate_hz))

    def hear_voice(self, reference: ReferenceAudio) -> bytes:
        return self.encode_voice(reference)  # there is nothing to check by ear: `capabilities.hears` is False

    def refine_voice(self, artifact: bytes, reference: ReferenceAudio) -> bytes:
        del reference  # there is nothing to improve: `capabilities.refines` is False
        return artifact

    def design_voice(self, attributes: VoiceAttributes, lang: LangCode, seed: int) -> bytes:
        del lang
        base_hz = _FEMALE_HZ if attributes.gender == "female" else _MALE_HZ
        variation = np.random.default_rng(seed).uniform(-0.1, 0.1)
        return write_artifact(base_hz * 2.0 ** (0.5 * attributes.pitch + variation))

    def load_voice(self, artifact: bytes) -> float:
        return read_artifact(artifact)

    def synthesize(self, voice: float, segment: SpeechSegment, options: SynthesisOptions) -> Iterator[SpokenChunk]:
        # Not a generator itself: what must be refused is refused by the call, before anything is sent.
        return self._iter_words(voice, segment, _SECONDS_PER_CHAR / options.speaking_rate)

    def close(self) -> None:
        """There are no weights and no threads to give back."""

    def _iter_words(self, pitch_hz: float, segment: SpeechSegment, seconds_per_char: float) -> Iterator[SpokenChunk]:
        """One chunk a word, so that the first is heard before the last is made and closing ends the work at once."""
        start_s = 0.0
        for index, token in enumerate(segment.tokens):
            duration_s = round(seconds_per_char * len(token.spoken + token.whitespace) * _RATE_HZ) / _RATE_HZ
            timing = TokenTiming(index, start_s, start_s + duration_s)
            yield SpokenChunk(_strike(pitch_hz, duration_s), (timing,))
            start_s += duration_s


def _strike(pitch_hz: float, duration_s: float) -> Samples:
    """A decaying tone with an overtone, from 0 so that strokes join without a click."""
    seconds = np.arange(round(duration_s * _RATE_HZ)) / _RATE_HZ
    phase = 2 * np.pi * pitch_hz * seconds
    tone = (np.sin(phase) + 0.4 * np.sin(2 * phase)) * np.exp(-seconds / _DECAY_S)
    fade_out = np.minimum(1.0, (duration_s - seconds) / 0.005)
    return (_AMPLITUDE * tone * fade_out).astype(np.float32)


def measure_pitch_hz(samples: Samples, sample_rate_hz: int) -> float:
    """The period at which the whole recording is most like itself. [num_samples] float32 -> Hz.

    The autocorrelation is the inverse transform of the power spectrum (Wiener and Khinchin).
    Raises: InvalidRequest for audio without a pitch.
    """
    power = np.abs(np.fft.rfft(samples, 2 * len(samples))) ** 2
    likeness = np.fft.irfft(power)
    shortest, longest = int(sample_rate_hz / _HIGHEST_HZ), int(sample_rate_hz / _LOWEST_HZ)
    lag = shortest + int(np.argmax(likeness[shortest:longest]))
    if likeness[lag] < 0.1 * likeness[0] or likeness[0] == 0.0:
        raise InvalidRequest("No voiced speech was found in the samples. Send a recording of someone speaking.")
    return sample_rate_hz / lag
