"""Is a voice better than it was? It is heard as its listeners will hear it: streamed, coloured, with its hisses."""

from dataclasses import dataclass

import numpy as np

from myna.engines.kokoro.making.voice_clarity import CLEAR
from myna.engines.kokoro.making.voice_finish import VoiceFinish
from myna.engines.kokoro.making.voice_workshop import Listening, VoiceWorkshop
from myna.engines.kokoro.voice_artifact import FloatArray, unpack_norms, unpack_voice

_NUM_SENTENCES = 4
"""Nine seconds. Over two of them DNSMOS wavers by 0.15."""
_MOST_AWAY = 0.02
"""So much of the way from a stranger to the person may one judge lose: sentences differ by more."""
_GOOD_OPINION = 3.15
"""DNSMOS overall may fall to this, where people's own recordings are, and never from below it."""


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    likeness: FloatArray
    """[2]: see `VoiceWorkshop.likeness`."""
    opinion: float
    """DNSMOS P.835 overall, 1 to 5."""
    certainty: float
    """How clear it is: see `voice_clarity`."""

    def is_better_than(self, other: "Hearing") -> bool:
        """Nearer to the person by both judges together, further away by neither, and not bought with noise or with
        words that nobody understands."""
        gained = self.likeness - other.likeness
        return bool(
            gained.sum() > 0.0
            and gained.min() >= -_MOST_AWAY
            and self.opinion >= min(_GOOD_OPINION, other.opinion)
            and self.certainty >= min(CLEAR, other.certainty)
        )


@dataclass(frozen=True, slots=True)
class VoiceExam:
    workshop: VoiceWorkshop
    finish: VoiceFinish
    heard: Listening

    def hear(self, artifact: bytes) -> Hearing:
        """Some sentences for likeness and sound, some lines for clarity: 18 s of a busy core with AVX2 alone."""
        voice = unpack_voice(artifact)
        norms = unpack_norms(artifact) or self.finish.practise(voice)
        spoken = self.finish.say(voice, norms, self.workshop.practise(voice, _NUM_SENTENCES))
        likeness = [self.workshop.likeness(self.workshop.measure(samples, None), self.heard) for samples in spoken]
        said = self.finish.say(voice, norms, self.workshop.practise_lines(voice))
        return Hearing(
            np.mean(likeness, axis=0), self.workshop.opinion_of(spoken), self.workshop.clarity.certainty(said)
        )
