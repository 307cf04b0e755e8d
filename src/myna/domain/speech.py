"""Speech: what is asked of an engine and what it gives back, and the formats it can leave in."""

from dataclasses import dataclass, field
from enum import StrEnum

from myna.domain.language import LangCode
from myna.domain.waveform import Samples


@dataclass(frozen=True, slots=True)
class SpeechToken:
    """A stretch of the caller's text and what is to be spoken for it."""

    spoken: str
    """After normalisation: "twelve" for "12"; may be empty (markup, emoji)."""
    source_start: int
    """Offset of the first character in the caller's text."""
    source_end: int
    """Offset after the last character in the caller's text."""
    whitespace: str = ""
    """What separates it from the next spoken token: "" or " "."""
    ipa: str | None = None
    """Phonemes that the caller wrote between slashes; the engine speaks these in place of `spoken`."""


@dataclass(frozen=True, slots=True)
class SpeechSegment:
    """A stretch of text spoken in one go: a sentence, a clause, or only a pause."""

    tokens: tuple[SpeechToken, ...]
    pause_after_s: float = 0.0
    """Silence that follows, on top of what the engine leaves at a sentence's end."""
    before: tuple[SpeechToken, ...] = ()
    after: tuple[SpeechToken, ...] = ()
    """The rest of its sentence, spoken by the segments around it. An engine may take its tune from the whole."""

    @property
    def text(self) -> str:
        """What is spoken, as one string."""
        return "".join(token.spoken + token.whitespace for token in self.tokens).strip()


MIN_SPEAKING_RATE, MAX_SPEAKING_RATE = 0.5, 1.5
"""Documented range of `speakingRate` (wire-contract.md#speech)."""


@dataclass(frozen=True, slots=True)
class SynthesisOptions:
    """How to speak. Everything that may change the samples is here."""

    lang: LangCode
    speaking_rate: float = 1.0
    """Factor on the voice's own rate, between the two above; keeps pitch."""
    seed: int = 0
    temperature: float = 1.0
    """(0, 2]; engines without sampling ignore it."""


@dataclass(frozen=True, slots=True)
class PhoneTiming:
    phone: str
    """One IPA symbol."""
    start_s: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class TokenTiming:
    """When a token of the segment is heard. Seconds from the start of the segment's audio."""

    token_index: int
    start_s: float
    end_s: float
    phones: tuple[PhoneTiming, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SpokenChunk:
    """A piece of a segment's audio, with the timings of the tokens that begin in it (if the engine knows them)."""

    samples: Samples
    """[num_samples] float32 in [-1, 1] at the engine's rate."""
    timings: tuple[TokenTiming, ...] = ()
    segment_index: int = 0
    """Which of the request's segments it belongs to; filled in by whoever runs the engine."""
    ends_segment: bool = False
    """No other of its segment follows. An engine that knows says so, and the end need not wait for its next turn."""


@dataclass(frozen=True, slots=True)
class TimedSpan:
    """When a stretch of the caller's text is heard. Seconds from the start of the request's audio."""

    source_start: int
    source_end: int
    start_s: float
    end_s: float
    phones: tuple[PhoneTiming, ...] = ()


class AudioEncoding(StrEnum):
    """The wire's encodings (wire-contract.md#encodings)."""

    MP3 = "MP3"
    OGG_OPUS = "OGG_OPUS"
    FLAC = "FLAC"
    LINEAR16 = "LINEAR16"
    WAV = "WAV"
    PCM = "PCM"
    ALAW = "ALAW"
    MULAW = "MULAW"


SAMPLE_RATES_HZ = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Documented output rates (wire-contract.md#speech)."""


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How speech leaves the service."""

    encoding: AudioEncoding = AudioEncoding.MP3
    sample_rate_hz: int = 48000
    bit_rate_bps: int = 128000
    """MP3 and OGG_OPUS only."""


class TimestampKind(StrEnum):
    WORD = "WORD"
    CHARACTER = "CHARACTER"


@dataclass(frozen=True, slots=True)
class EncodedChunk:
    """A piece of encoded speech, ready to leave."""

    content: bytes
    duration_s: float
    """Of the speech that entered the encoder for this piece."""
    spans: tuple[TimedSpan, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class FoundMark:
    """What a recording says of where it comes from."""

    is_marked: bool
    score: float
    """0 for no trace of the mark to 1; at 0.62 and above it is there."""
    has_speech: bool
    """False for silence, hums, tones, noise: what does not change as speech does is not judged, and its score is 0."""
