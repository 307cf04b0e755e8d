"""Timestamps (wire-contract.md#timestamps): every piece of the caller's text, in order, without gaps in time. The
rest of the text (white space, punctuation, what was skipped) gets the time between the words that the engine tells."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from myna.domain.speech import PhoneTiming, TimedSpan, TimestampKind
from myna.http.reply import JsonObject
from myna.http.visemes import viseme_of

_PIECE = re.compile(r"\s+|\S+")
_LEADING_SIGNS = re.compile(r"[^\w]+")
_TRAILING_SIGNS = re.compile(r"[^\w]+\Z")
_ATTACHED_SIGNS = re.compile(r"[^\w\s]+")


@dataclass(slots=True)
class Alignment:
    """Pieces of text with their times, ready for the wire. Seconds from the start of the request's audio."""

    kind: TimestampKind
    pieces: list[str] = field(default_factory=list)
    starts_s: list[float] = field(default_factory=list)
    ends_s: list[float] = field(default_factory=list)
    phones: list[tuple[int, tuple[PhoneTiming, ...]]] = field(default_factory=list)
    """Index of the piece, and its phones."""

    def add(self, piece: str, start_s: float, end_s: float, phones: tuple[PhoneTiming, ...] = ()) -> None:
        if phones:
            self.phones.append((len(self.pieces), phones))
        self.pieces.append(piece)
        self.starts_s.append(start_s)
        self.ends_s.append(end_s)

    def extend(self, later: "Alignment") -> None:
        """Put what follows behind."""
        self.phones += [(index + len(self.pieces), phones) for index, phones in later.phones]
        self.pieces += later.pieces
        self.starts_s += later.starts_s
        self.ends_s += later.ends_s

    def to_wire(self, max_s: float | None = None) -> JsonObject:
        """`timestampInfo`. max_s: nothing ends later than this."""

        def seconds(times: Sequence[float]) -> list[float]:
            return [round(time if max_s is None else min(time, max_s), 4) for time in times]

        if self.kind is TimestampKind.CHARACTER:
            return {
                "characterAlignment": {
                    "characters": self.pieces,
                    "characterStartTimeSeconds": seconds(self.starts_s),
                    "characterEndTimeSeconds": seconds(self.ends_s),
                }
            }
        return {
            "wordAlignment": {
                "words": self.pieces,
                "wordStartTimeSeconds": seconds(self.starts_s),
                "wordEndTimeSeconds": seconds(self.ends_s),
                "phoneticDetails": [_phonetic_detail(index, phones) for index, phones in self.phones],
            }
        }


def _phonetic_detail(index: int, phones: tuple[PhoneTiming, ...]) -> JsonObject:
    """All keys always: the stock SDK reads them without asking (wire-contract.md#timestamps)."""
    return {
        "wordIndex": index,
        "phones": [
            {
                "phoneSymbol": phone.phone,
                "startTimeSeconds": round(phone.start_s, 4),
                "durationSeconds": round(phone.duration_s, 4),
                "visemeSymbol": viseme_of(phone.phone),
            }
            for phone in phones
        ],
        "isPartial": False,
    }


class TextAligner:
    """Walks through the text as the spans arrive; each piece of text is given out once."""

    def __init__(self, text: str, kind: TimestampKind) -> None:
        self._text = text
        self._kind = kind
        self._position = 0
        """Offset of the first character that was not given out."""
        self._clock_s = 0.0
        """Where the last piece ended."""

    def advance(self, spans: Sequence[TimedSpan]) -> Alignment:
        """The pieces up to the last of these spans, and the rest of the text if nothing in it can be heard."""
        alignment = Alignment(self._kind)
        for span in sorted(spans, key=lambda span: span.source_start):
            self._take(span, alignment)
        if alignment.pieces:
            # A comma leaves with its word: clients that join the two lose signs at the start of a message (Pipecat).
            if (signs := _ATTACHED_SIGNS.match(self._text, self._position)) is not None:
                self._give_out(signs.end(), alignment)
            if not any(char.isalnum() for char in self._text[self._position :]):
                self._give_out(len(self._text), alignment)
        return alignment

    def finish(self) -> Alignment:
        """What no span spoke of, at the end: skipped markup, signs. Empty if there was no span at all."""
        alignment = Alignment(self._kind)
        if self._position:
            self._give_out(len(self._text), alignment)
        return alignment

    def _take(self, span: TimedSpan, alignment: Alignment) -> None:
        first, last = max(span.source_start, self._position), min(span.source_end, len(self._text))
        if first >= last:
            return
        first, last = self._without_signs(first, last)
        start_s = max(span.start_s, self._clock_s)
        end_s = max(span.end_s, start_s)
        between = list(self._iter_pieces(self._position, first))
        if between:
            self._spread(between, start_s, alignment)
        elif alignment.ends_s:
            alignment.ends_s[-1] = start_s
        else:
            start_s = self._clock_s
        self._clock_s = start_s
        if self._kind is TimestampKind.CHARACTER:
            self._spread(list(self._text[first:last]), end_s, alignment)
        else:
            alignment.add(self._text[first:last], start_s, end_s, span.phones)
        self._clock_s = end_s
        self._position = last

    def _without_signs(self, first: int, last: int) -> tuple[int, int]:
        """The word alone: quotes before it, commas after it are pieces of their own (wire-contract.md#timestamps)."""
        leading = _LEADING_SIGNS.match(self._text, first, last)
        core_first = leading.end() if leading is not None else first
        if core_first == last:
            return first, last
        trailing = _TRAILING_SIGNS.search(self._text[core_first:last])
        return core_first, core_first + trailing.start() if trailing is not None else last

    def _give_out(self, last: int, alignment: Alignment) -> None:
        """Up to there, in no time."""
        for piece in self._iter_pieces(self._position, last):
            alignment.add(piece, self._clock_s, self._clock_s)
        self._position = last

    def _iter_pieces(self, first: int, last: int) -> Iterator[str]:
        if self._kind is TimestampKind.CHARACTER:
            return iter(self._text[first:last])
        return (match.group() for match in _PIECE.finditer(self._text, first, last))

    def _spread(self, pieces: Sequence[str], until_s: float, alignment: Alignment) -> None:
        """Give these pieces equal shares of the time up to `until_s`."""
        start_s = self._clock_s
        step_s = (until_s - start_s) / len(pieces)
        for index, piece in enumerate(pieces):
            alignment.add(piece, start_s + index * step_s, start_s + (index + 1) * step_s)
        self._clock_s = until_s
