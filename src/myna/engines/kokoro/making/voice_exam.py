"""Is a voice better than it was? It is heard as its listeners will hear it: streamed, coloured, with its hisses."""

from dataclasses import dataclass

import numpy as np

from myna.engines.kokoro.making.voice_clarity import CLEAR
from myna.engines.kokoro.making.voice_finish import VoiceFinish
from myna.engines.kokoro.making.voice_workshop import Listening, VoiceWorkshop
from myna.engines.kokoro.voice_artifact import FloatArray, unpack_norms, unpack_voice

_NUM_SENTENCES = 6
"""Over two of them DNSMOS wavers by 0.15."""
_SURE_ERRORS = 2.0
"""So many standard errors must a gain be. Smaller ones were gains beside the recording that led the search, and losses
beside another one of the person."""
_GOOD_OPINION = 3.15
"""DNSMOS overall may fall to this, where people's own recordings are, and never from below it."""


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    likeness: FloatArray
    """[num_sentences, 2]: see `VoiceWorkshop.likeness`."""
    opinion: float
    """DNSMOS P.835 overall, 1 to 5."""
    certainty: float
    """How clear it is: see `voice_clarity`."""

    def is_better_than(self, other: "Hearing") -> bool:
        """Nearer to the person by each judge, more surely than by the luck of some sentences, and not bought with noise
        or with words that nobody understands. Both said the same sentences."""
        gained = self.likeness - other.likeness
        errors = gained.std(axis=0, ddof=1) / np.sqrt(len(gained))
        return bool(
            (gained.mean(axis=0) > _SURE_ERRORS * errors).all()
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
        return Hearing(np.array(likeness), self.workshop.opinion_of(spoken), self.workshop.clarity.certainty(said))
