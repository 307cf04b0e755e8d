"""From an engine's chunks to what leaves: marked, cut, encoded."""

from collections.abc import Sequence
from dataclasses import dataclass

from myna.audio.encode import FormatEncoder
from myna.audio.watermark import SpeechMarker
from myna.domain.errors import TextUnspeakable
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

    def write(self, chunks: Sequence[SpokenChunk]) -> Sequence[EncodedChunk]:
        """What is ready after them, in parts; also parts of which nothing is ready."""
        parts: list[EncodedChunk] = []
        for chunk in chunks:
            samples, spans = self.line.place(chunk)
            if self.marker is not None:
                samples = self.marker.push(samples)
            parts += self._encode(self.line.take(samples, spans))
        return parts

    def finish(self, chunks: Sequence[SpokenChunk]) -> tuple[Sequence[EncodedChunk], bytes]:
        """The last ones, with what the mark kept back; and what the encoder did. Raises: TextUnspeakable."""
        parts = [*self.write(chunks)]
        if self.marker is not None:
            parts += self._encode(self.line.take(self.marker.finish()))
        if not self.line.num_samples:
            raise TextUnspeakable("text holds nothing that the voice's language has sounds for. Send words.")
        return parts, self.encoder.finish()

    def _encode(self, placed: PlacedSpeech) -> Sequence[EncodedChunk]:
        parts: list[EncodedChunk] = []
        for samples, begun in cut(placed, self.line.sample_rate_hz, self.longest_s):
            waveform = Waveform(samples, self.line.sample_rate_hz)
            content = self.encoder.encode(waveform)
            parts.append(EncodedChunk(content, waveform.duration_s / self.tempo, begun))
        return parts
