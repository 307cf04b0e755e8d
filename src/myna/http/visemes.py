"""Mouth shapes for phones (wire-contract.md#timestamps): the service's alphabet beside phones, and OpenXR's fifteen."""

import tomllib
from collections.abc import Sequence
from importlib.resources import files

from myna.domain.speech import TimedSpan
from myna.http.reply import JsonObject

SILENCE = "sil"

_GROUPS: dict[str, dict[str, str]] = tomllib.loads((files("myna.http") / "visemes.toml").read_text(encoding="utf-8"))
_VISEME_OF, _OPENXR_OF = (
    {phone: viseme for viseme, phones in _GROUPS[alphabet].items() for phone in phones}
    for alphabet in ("documented", "openxr")
)


def viseme_of(phone: str) -> str:
    """The mouth shape of a phone; of its first known symbol if it has several (`tʃ`); `sil` for none."""
    return next((_VISEME_OF[symbol] for symbol in phone if symbol in _VISEME_OF), SILENCE)


def openxr_visemes_of(phone: str) -> tuple[str, ...]:
    """The mouth shapes of a phone, one after the other: two of a diphthong, one of an affricate; none if unknown."""
    shapes = [_OPENXR_OF[symbol] for symbol in phone if symbol in _OPENXR_OF]
    if len(shapes) > 1 and shapes[0] == "DD":
        shapes = shapes[1:]
    return tuple(shape for index, shape in enumerate(shapes) if index == 0 or shape != shapes[index - 1])


class LipLine:
    """Turns spans into shapes as they arrive. Seconds count from the start of the request's audio."""

    def __init__(self) -> None:
        self._end_s = 0.0
        """Where the last shape ended."""

    def advance(self, spans: Sequence[TimedSpan]) -> list[JsonObject]:
        """The shapes of the phones in these spans, in order, and a closed mouth in the gaps before them."""
        shapes: list[JsonObject] = []
        for phone in (phone for span in sorted(spans, key=lambda span: span.start_s) for phone in span.phones):
            visemes = openxr_visemes_of(phone.phone)
            shapes += self._until(phone.start_s)
            part_s = (phone.start_s + phone.duration_s - self._end_s) / max(1, len(visemes))
            for viseme in visemes if part_s > 0 else ():
                shapes.append(self._shape(viseme, self._end_s + part_s))
        return shapes

    def finish(self, audio_s: float) -> list[JsonObject]:
        """A closed mouth until the audio ends; nothing if no phone was known."""
        return self._until(audio_s) if self._end_s else []

    def _until(self, start_s: float) -> list[JsonObject]:
        return [self._shape(SILENCE, start_s)] if round(start_s - self._end_s, 4) > 0 else []

    def _shape(self, viseme: str, end_s: float) -> JsonObject:
        start_s, self._end_s = self._end_s, end_s
        duration_s = round(end_s, 4) - round(start_s, 4)
        return {"visemeSymbol": viseme, "startTimeSeconds": round(start_s, 4), "durationSeconds": round(duration_s, 4)}
