"""What a voice's decoded sound goes through, and in which order: colours of its kinds of sound, hisses, equaliser."""

from dataclasses import dataclass
from typing import Self

from myna.domain.waveform import Samples
from myna.engines.kokoro.graphs import FloatArray, IntArray
from myna.engines.kokoro.hiss import lift_hisses
from myna.engines.kokoro.phone_colour import colour_phones, colour_taps
from myna.engines.kokoro.timbre_eq import equalize, equalizer_taps
from myna.engines.kokoro.voice_artifact import KokoroVoice


@dataclass(frozen=True, slots=True, eq=False)
class VoiceFilters:
    colour_taps: FloatArray | None
    """[17, 255] of `phone_colour`; None changes nothing."""
    hiss_db: float
    eq_taps: FloatArray | None
    """[511]; None for a flat curve."""

    @classmethod
    def of(cls, voice: KokoroVoice) -> Self:
        return cls(
            colour_taps(voice.phone_colour_db) if voice.phone_colour_db.any() else None,
            voice.hiss_db,
            equalizer_taps(voice.eq_db) if voice.eq_db.any() else None,
        )

    def apply(self, samples: Samples, symbols: str, frames: IntArray, first_sample: int = 0) -> Samples:
        """samples: [num_samples] at 24 kHz, from the first given of what was said; returns as many. symbols: [T - 2]
        without pads; frames: [T] with them."""
        if self.colour_taps is not None:
            samples = colour_phones(samples, symbols, frames, self.colour_taps, first_sample)
        samples = lift_hisses(samples, symbols, frames, self.hiss_db, first_sample)
        return samples if self.eq_taps is None else equalize(samples, self.eq_taps)
