"""Is a voice better than it was? It is heard as its listeners will hear it: streamed, coloured, with its hisses; beside
the recording and each part of it. The whole led the search: a voice can come nearer to it and leave the person."""

from dataclasses import dataclass

import numpy as np

from myna.engines.kokoro.making.style_map import VoiceSound
from myna.engines.kokoro.making.voice_clarity import CLEAR
from myna.engines.kokoro.making.voice_finish import VoiceFinish
from myna.engines.kokoro.making.voice_workshop import LISTENING_RATE_HZ, Listening, VoiceWorkshop
from myna.engines.kokoro.voice_artifact import FloatArray, unpack_norms, unpack_voice

_NUM_SENTENCES = 6
"""Over two of them DNSMOS wavers by 0.15."""
_SURE_ERRORS = 2.0
"""So many standard errors must a gain be. Smaller ones were gains beside the recording that led the search, and losses
beside another one of the person."""
_GOOD_OPINION = 3.15
"""DNSMOS overall may fall to this, where people's own recordings are, and never from below it."""
_NUM_PARTS = 3
_LEAST_PART_S = 2.5
"""A judge knows nobody by less."""
_LEAST_PART_LEVEL = 0.1
"""Of the whole recording's: below it is a pause."""


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    likeness: FloatArray
    """[num_sentences, 1 + num_parts, 2]: to the whole recording, and to each part; see `VoiceWorkshop.likeness`."""
    opinion: float
    """DNSMOS P.835 overall, 1 to 5."""
    certainty: float
    """How clear it is: see `voice_clarity`."""

    def is_better_than(self, other: "Hearing") -> bool:
        """Nearer by each judge, to the recording more surely than by the luck of sentences, and to each part of it;
        not bought with noise or with words that nobody understands. Both said the same sentences."""
        gained = self.likeness - other.likeness
        whole = gained[:, 0]
        errors = whole.std(axis=0, ddof=1) / np.sqrt(len(whole))
        return bool(
            (whole.mean(axis=0) > _SURE_ERRORS * errors).all()
            and gained.mean(axis=0).min() > 0.0
            and self.opinion >= min(_GOOD_OPINION, other.opinion)
            and self.certainty >= min(CLEAR, other.certainty)
        )


@dataclass(frozen=True, slots=True)
class VoiceExam:
    workshop: VoiceWorkshop
    finish: VoiceFinish
    recording: tuple[VoiceSound, ...]
    """See `listen_in_parts`."""

    def hear(self, artifact: bytes) -> Hearing:
        """Some sentences for likeness and sound, some lines for clarity."""
        voice = unpack_voice(artifact)
        norms = unpack_norms(artifact) or self.finish.practise(voice)
        spoken = self.finish.say(voice, norms, self.workshop.practise(voice, _NUM_SENTENCES))
        sounds = [self.workshop.measure(samples, None) for samples in spoken]
        likeness = [[self.workshop.likeness(sound, wanted) for wanted in self.recording] for sound in sounds]
        said = self.finish.say(voice, norms, self.workshop.practise_lines(voice))
        return Hearing(np.array(likeness), self.workshop.opinion_of(spoken), self.workshop.clarity.certainty(said))


def listen_in_parts(heard: Listening, workshop: VoiceWorkshop) -> tuple[VoiceSound, ...]:
    """A recording as a whole, then each third that is no pause; fewer parts, or none, if thirds are too short."""
    num_parts = min(_NUM_PARTS, int(len(heard.samples) / (_LEAST_PART_S * LISTENING_RATE_HZ)))
    parts = np.array_split(heard.samples, num_parts) if num_parts > 1 else []
    spoken = [part for part in parts if part.std() > _LEAST_PART_LEVEL * heard.samples.std()]
    return heard.sound, *(workshop.hear_clean(part) for part in spoken)
