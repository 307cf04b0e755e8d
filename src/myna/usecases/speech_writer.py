"""From an engine's chunks to what leaves: marked, cut, encoded."""

from collections.abc import Sequence
from dataclasses import dataclass

from myna.audio.encode import FormatEncoder
from myna.audio.watermark import SpeechMarker
from myna.domain.speech import EncodedChunk, SpokenChunk
from myna.domain.waveform import Waveform
from myna.usecases.spoken_audio import PlacedSpeech, SpokenLine, cut


@dataclass(frozen=True, slots=True)
class SpeechWriter:
    """Of one reply. Blocking: milliseconds a chunk. The one place at which speech is marked."""

    line: SpokenLine
    marker: SpeechMarker | None
    """None: as the engine gives it."""
    encoder: FormatEncoder
    longest_s: float
    """Of a part."""
    tempo: float
    """Of the encoder."""

    def write(self, chunk: SpokenChunk) -> Sequence[EncodedChunk]:
        """What is ready after it; also parts of which nothing is ready."""
        samples, spans = self.line.place(chunk)
        if self.marker is not None:
            samples = self.marker.push(samples)
        return self._encode(self.line.take(samples, spans))

    def finish(self) -> tuple[Sequence[EncodedChunk], bytes]:
        """What the mark kept back, and what the encoder did."""
        parts = self._encode(self.line.take(self.marker.finish())) if self.marker is not None else ()
        return parts, self.encoder.finish()

    def _encode(self, placed: PlacedSpeech) -> Sequence[EncodedChunk]:
        parts = []
        for samples, begun in cut(placed, self.line.sample_rate_hz, self.longest_s):
            waveform = Waveform(samples, self.line.sample_rate_hz)
            content = self.encoder.encode(waveform)
            parts.append(EncodedChunk(content, waveform.duration_s / self.tempo, begun))
        return parts
