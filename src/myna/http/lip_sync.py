"""The mouth along the audio (wire-contract.md#timestamps): one shape after the other, from the times of the phones."""

from collections.abc import Sequence

from myna.domain.speech import TimedSpan
from myna.http.visemes import SILENCE, openxr_visemes_of

JsonObject = dict[str, object]


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
        return {
            "visemeSymbol": viseme,
            "startTimeSeconds": round(start_s, 4),
            "durationSeconds": round(duration_s, 4),
        }
