"""Improve a voice at leisure: the gradient of both judges through the decoder, 32 steps, then a hearing.

About 90 seconds of one core. Deterministic: sentences in a fixed order, no random numbers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from myna.domain.waveform import ReferenceAudio, Samples
from myna.engines.kokoro.voice_artifact import FloatArray, KokoroVoice, pack_voice, unpack_voice
from myna.engines.kokoro.voice_clarity import CLEAR
from myna.engines.kokoro.voice_encoder import NUM_PRACTICE, Listening, VoiceEncoder
from myna.engines.kokoro.voice_practice import PracticeSentence

NUM_STEPS = 32
FIRST_STEP = 0.8
"""In standard deviations; see `descend`."""
_NUM_CHECKS = 4
"""Sentences on which the refined voice must beat the one that it came from: nine seconds, as much as DNSMOS hears at
once. Over two of them its score wavers by 0.15.
"""
_SHARES = (1.0, 0.8, 0.6, 0.4, 0.2)
"""How much of the way is taken: the most that leaves the sound as good and as clear as it was."""
_GOOD_OPINION = 3.2
"""DNSMOS overall may fall to this, and never from below it. (People's own recordings: 3.15.)"""


@dataclass(frozen=True, slots=True, eq=False)
class _Hearing:
    voice: KokoroVoice
    spoken: list[Samples]
    """As `VoiceEncoder.render` gives it."""
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


def refine_voice(
    artifact: bytes,
    reference: ReferenceAudio,
    encoder: VoiceEncoder,
    on_progress: Callable[[float], None] = lambda _: None,
) -> bytes:
    """Bring a voice nearer to the recording that it was made from. Same artifact and audio, same bytes.

    on_progress: told the share that is done, 0 to 1.
    Raises: VoiceIncompatible, InvalidRequest, WeightsMissing, WeightsCorrupt.
    """
    before = unpack_voice(artifact)
    heard = encoder.listen(reference.waveform)
    sentences = encoder.practise(before, NUM_PRACTICE)
    style = before.timbre_style
    for count, style in enumerate(encoder.pull(before, sentences, heard, NUM_STEPS, FIRST_STEP), start=1):  # noqa: B007 (the last is wanted)
        on_progress(count / (NUM_STEPS + len(_SHARES) + 1))
    encoder.release()
    exam = _Exam(encoder, heard, sentences[:_NUM_CHECKS], encoder.practise_lines(before))
    start = exam.hear(before)
    better = next(
        (hearing for hearing in map(exam.hear, _between(before, style)) if hearing.is_better_than(start)), None
    )
    encoder.release()
    if better is None:
        return pack_voice(replace(before, refined=True))
    return pack_voice(replace(encoder.tune(better.voice, better.spoken, heard), refined=True))


def _between(before: KokoroVoice, goal: FloatArray) -> Iterator[KokoroVoice]:
    for share in _SHARES:
        moved = (1.0 - share) * before.timbre_style + share * goal
        yield replace(before, timbre_style=moved.astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class _Exam:
    """By the decoder that will speak, which is coarser than the one that the gradient went through."""

    encoder: VoiceEncoder
    heard: Listening
    sentences: list[PracticeSentence]
    lines: list[PracticeSentence]

    def hear(self, voice: KokoroVoice) -> _Hearing:
        spoken = [self.encoder.render(voice, sentence) for sentence in self.sentences]
        likeness = [self.encoder.likeness(self.encoder.measure(samples, None), self.heard) for samples in spoken]
        said = [self.encoder.render(voice, line) for line in self.lines]
        return _Hearing(
            voice,
            spoken,
            float(np.mean(likeness)),
            self.encoder.opinion_of(spoken),
            self.encoder.clarity.certainty(said),
        )
