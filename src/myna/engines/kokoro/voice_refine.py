"""Improve a voice at leisure: the gradient of both judges through the decoder, a few dozen steps.

About 100 seconds of one core; 0.8 GB while it runs, 2 GB while the graph is built. Deterministic: sentences in a fixed
order, no random numbers.
"""

from collections.abc import Callable
from dataclasses import replace

from myna.domain.waveform import ReferenceAudio
from myna.engines.kokoro.voice_artifact import KokoroVoice, pack_voice, unpack_voice
from myna.engines.kokoro.voice_encoder import Listening, VoiceEncoder
from myna.engines.kokoro.voice_practice import PracticeSentence

NUM_STEPS = 40
FIRST_STEP = 1.0
"""In standard deviations; shorter than at once, since the start is better."""
NUM_PRACTICE = 12
_NUM_CHECKS = 2
"""Sentences on which the refined voice must beat the one that it came from."""


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
    after = before
    for count, style in enumerate(encoder.pull(before, sentences, heard, NUM_STEPS, FIRST_STEP), start=1):
        after = replace(before, decoder_style=style)
        on_progress(count / (NUM_STEPS + 2))
    checks = sentences[:_NUM_CHECKS]
    if _sum_likeness(after, checks, heard, encoder) <= _sum_likeness(before, checks, heard, encoder):
        return pack_voice(replace(before, refined=True))
    return pack_voice(replace(encoder.tune(after, checks, heard), refined=True))


def _sum_likeness(
    voice: KokoroVoice, sentences: list[PracticeSentence], heard: Listening, encoder: VoiceEncoder
) -> float:
    """By the decoder that will speak, which is coarser than the one that the gradient went through."""
    sounds = [encoder.measure(encoder.render(voice, sentence), None) for sentence in sentences]
    return sum(encoder.likeness(sound, heard) for sound in sounds)
