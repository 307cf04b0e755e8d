"""Improve a voice at leisure: the gradient of both judges, 32 steps, then as much of the way as is found better in
finished speech; minutes of one core. Deterministic."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from myna.engines.kokoro.making.style_descent import BOTH, Pull, descend
from myna.engines.kokoro.making.voice_exam import Hearing, VoiceExam, listen_in_parts
from myna.engines.kokoro.making.voice_finish import VoiceFinish
from myna.engines.kokoro.making.voice_practice import cut_stretches
from myna.engines.kokoro.making.voice_tune import tune_voice
from myna.engines.kokoro.making.voice_workshop import Listening, VoiceWorkshop
from myna.engines.kokoro.voice_artifact import KokoroVoice, pack_voice, unpack_norms, unpack_voice

NUM_STEPS = 32
_NUM_PRACTICE = 12
"""Sentences of which the stretches are cut that the gradient goes through."""
FIRST_STEP = 0.8
"""In standard deviations; see `descend`."""
_NUM_TUNED = 4
"""Those by which its equaliser is set."""
_SHARES = (1.0, 0.7, 0.4)
"""How much of the way is taken: the most that leaves the sound as good and as clear as it was."""


def refine_voice(
    before: bytes, heard: Listening, transcript_symbols: str | None, workshop: VoiceWorkshop, finish: VoiceFinish
) -> bytes:
    """Nearer to its recording. Artifacts; same voice and audio, same voice. transcript_symbols: see `VoiceFinish`.
    Raises: WeightsMissing, WeightsCorrupt."""
    *_, goal = pull(unpack_voice(before), heard, workshop)
    workshop.release()

    def finish_tuned(voice: KokoroVoice) -> bytes:
        sentences = workshop.practise(voice, _NUM_TUNED)
        spoken = [workshop.render(voice, sentence) for sentence in sentences]
        return finish(tune_voice(voice, sentences, spoken, heard), heard, transcript_symbols)

    exam = VoiceExam(workshop, finish, listen_in_parts(heard, workshop))
    refined = take_better(before, goal, finish_tuned, exam.hear)
    workshop.release()
    return refined


def take_better(
    before: bytes, goal: KokoroVoice, finish: Callable[[KokoroVoice], bytes], hear: Callable[[bytes], Hearing]
) -> bytes:
    """As much of the way to another voice's timbre as leaves the voice as good and as clear as it was; or as before."""
    start = hear(before)
    voice = replace(unpack_voice(before), is_refined=True)
    ways = (finish(voice.towards(goal, share)) for share in _SHARES)
    better = (artifact for artifact in ways if hear(artifact).is_better_than(start))
    return next(better, None) or pack_voice(voice, unpack_norms(before))


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
