"""Improve a voice at leisure: the gradient of both judges, 32 steps, then a hearing; 90 s of one core.
Deterministic."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from myna.domain.waveform import Samples
from myna.engines.kokoro.making.style_descent import BOTH, Pull, descend
from myna.engines.kokoro.making.voice_clarity import CLEAR
from myna.engines.kokoro.making.voice_practice import PracticeSentence, cut_stretches
from myna.engines.kokoro.making.voice_tune import tune_voice
from myna.engines.kokoro.making.voice_workshop import Listening, VoiceWorkshop
from myna.engines.kokoro.voice_artifact import KokoroVoice

NUM_STEPS = 32
_NUM_PRACTICE = 12
"""Sentences of which the stretches are cut that the gradient goes through."""
FIRST_STEP = 0.8
"""In standard deviations; see `descend`."""
_NUM_CHECKS = 4
"""Sentences on which it must beat the one before: nine seconds. Over two of them DNSMOS wavers by 0.15."""
_SHARES = (1.0, 0.8, 0.6, 0.4, 0.2)
"""How much of the way is taken: the most that leaves the sound as good and as clear as it was."""
_GOOD_OPINION = 3.2
"""DNSMOS overall may fall to this, and never from below it. (People's own recordings: 3.15.)"""


@dataclass(frozen=True, slots=True, eq=False)
class _Hearing:
    voice: KokoroVoice
    spoken: list[Samples]
    """As `VoiceWorkshop.render` gives it."""
    likeness: float
    opinion: float
    """DNSMOS P.835 overall, 1 to 5."""
    certainty: float
    """How clear it is: see `voice_clarity`."""

    def is_better_than(self, other: "_Hearing") -> bool:
        """Nearer to the person, and not bought with noise or with words that nobody understands."""
        return (
            self.likeness > other.likeness
            and self.opinion >= min(_GOOD_OPINION, other.opinion)
            and self.certainty >= min(CLEAR, other.certainty)
        )


def refine_voice(before: KokoroVoice, heard: Listening, workshop: VoiceWorkshop) -> KokoroVoice:
    """Nearer to its recording. Same voice and audio, same voice. Raises: WeightsMissing, WeightsCorrupt."""
    *_, goal = pull(before, heard, workshop)
    workshop.release()
    refined = take_better(before, goal, heard, workshop)
    workshop.release()
    return replace(refined, is_refined=True)


def take_better(
    before: KokoroVoice,
    goal: KokoroVoice,
    heard: Listening,
    workshop: VoiceWorkshop,
) -> KokoroVoice:
    """As much of the way to another voice's timbre as leaves the voice as good and as clear as it was; or `before`."""
    sentences = workshop.practise(before, _NUM_CHECKS)
    exam = _Exam(workshop, heard, sentences, workshop.practise_lines(before))
    start = exam.hear(before)
    ways = (exam.hear(before.towards(goal, share)) for share in _SHARES)
    better = next((hearing for hearing in ways if hearing.is_better_than(start)), None)
    return before if better is None else tune_voice(better.voice, sentences, better.spoken, heard)


def pull(
    voice: KokoroVoice,
    heard: Listening,
    workshop: VoiceWorkshop,
    *,
    judges: Pull = BOTH,
    num_steps: int = NUM_STEPS,
    first_step: float = FIRST_STEP,
) -> Iterator[KokoroVoice]:
    """Yield the voice, whose timbre changes, after each of some steps towards the person."""
    return descend(
        voice,
        cut_stretches(voice, workshop.practise(voice, _NUM_PRACTICE)),
        (heard.sound.embedding_a, heard.sound.embedding_b),
        workshop.pull_style,
        workshop.style_map,
        space=workshop.timbre_space,
        pull=judges,
        num_steps=num_steps,
        first_step=first_step,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Exam:
    """By the decoder that will speak, which is coarser than the one that the gradient went through."""

    workshop: VoiceWorkshop
    heard: Listening
    sentences: list[PracticeSentence]
    lines: list[PracticeSentence]

    def hear(self, voice: KokoroVoice) -> _Hearing:
        spoken = [self.workshop.render(voice, sentence) for sentence in self.sentences]
        likeness = [self.workshop.likeness(self.workshop.measure(samples, None), self.heard) for samples in spoken]
        said = [self.workshop.render(voice, line) for line in self.lines]
        return _Hearing(
            voice,
            spoken,
            float(np.mean(likeness)),
            self.workshop.opinion_of(spoken),
            self.workshop.clarity.certainty(said),
        )
