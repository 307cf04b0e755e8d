"""A transcript in pieces to be read while it is heard: segments, SubRip, WebVTT (wire-contract.md#transcriptions)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from myna.domain.transcript import HeardPassage, HeardWord, Transcript
from myna.text.sentence_end import ends_sentence

_MAX_CHARS = 84
"""Two lines of subtitles. Source: BBC and Netflix guidelines, 37 to 42 a line."""
_MAX_CAPTION_S = 7.0


@dataclass(frozen=True, slots=True)
class Caption:
    words: tuple[HeardWord, ...]
    passage: HeardPassage

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words).strip()

    @property
    def start_s(self) -> float:
        return self.words[0].start_s

    @property
    def end_s(self) -> float:
        return self.words[-1].end_s


def captions_of(transcript: Transcript) -> list[Caption]:
    """In order; each a sentence, or of a long one as much as can be read at once."""
    return [Caption(words, passage) for passage in transcript.passages for words in _cut(passage.words)]


def _cut(words: Sequence[HeardWord]) -> Iterator[tuple[HeardWord, ...]]:
    piece: list[HeardWord] = []
    for word in words:
        num_chars = sum(len(other.text) for other in piece) + len(word.text)
        if piece and (num_chars > _MAX_CHARS or word.end_s - piece[0].start_s > _MAX_CAPTION_S):
            yield tuple(piece)
            piece = []
        piece.append(word)
        if ends_sentence(word.text):
            yield tuple(piece)
            piece = []
    if piece:
        yield tuple(piece)


def write_srt(captions: Sequence[Caption]) -> str:
    """SubRip: numbered, with a comma before the milliseconds."""
    return "".join(
        f"{number}\n{_clock(caption.start_s, ',')} --> {_clock(caption.end_s, ',')}\n{caption.text}\n\n"
        for number, caption in enumerate(captions, 1)
    )


def write_vtt(captions: Sequence[Caption]) -> str:
    """WebVTT, https://www.w3.org/TR/webvtt1."""
    return "WEBVTT\n\n" + "".join(
        f"{_clock(caption.start_s, '.')} --> {_clock(caption.end_s, '.')}\n{escape(caption.text, quote=False)}\n\n"
        for caption in captions
    )


def _clock(time_s: float, mark: str) -> str:
    minutes, milliseconds = divmod(round(time_s * 1000), 60_000)
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{mark}{milliseconds:03}"
