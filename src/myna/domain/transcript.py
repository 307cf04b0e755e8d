"""What was said in a recording, and when."""

from dataclasses import dataclass, replace

from myna.domain.language import UNSPACED_LANGUAGES, LangCode
from myna.domain.waveform import Waveform

MAX_HEARD_S = 24.0
"""Speech that is heard at once: a second less than the recogniser takes, for what is rounded."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    text: str
    """With the signs and the space that belong to it: words joined are the text."""
    start_s: float
    end_s: float
    confidence: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class HeardPassage:
    """Words without a long pause between them."""

    text: str
    words: tuple[HeardWord, ...]
    lang: LangCode
    mean_log_prob: float
    no_speech_prob: float
    compression_ratio: float

    def after(self, start_s: float) -> "HeardPassage":
        """The same, of a recording in which the passage begins at `start_s`."""
        words = [
            replace(word, start_s=round(word.start_s + start_s, 3), end_s=round(word.end_s + start_s, 3))
            for word in self.words
        ]
        return replace(self, words=tuple(words))


@dataclass(frozen=True, slots=True)
class Talk:
    """A stretch in which somebody speaks, seconds."""

    start_s: float
    end_s: float
    confidence: float
    """That it is speech, 0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class SpeechPassage:
    """A stretch of a recording in which somebody speaks."""

    start_s: float
    waveform: Waveform


@dataclass(frozen=True, slots=True, eq=False)
class FoundSpeech:
    duration_s: float
    """Of what was read of the recording, with what was left out before it."""
    passages: tuple[SpeechPassage, ...]
    is_cut: bool = False
    """The recording goes on."""


@dataclass(frozen=True, slots=True)
class Transcript:
    lang: LangCode | None
    """None if nothing was said and no language was given."""
    duration_s: float
    passages: tuple[HeardPassage, ...]

    @property
    def text(self) -> str:
        return ("" if self.lang in UNSPACED_LANGUAGES else " ").join(passage.text for passage in self.passages)

    @property
    def words(self) -> tuple[HeardWord, ...]:
        return tuple(word for passage in self.passages for word in passage.words)
