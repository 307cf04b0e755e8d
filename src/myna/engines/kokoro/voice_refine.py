"""Improve a voice at leisure: the gradient of both judges through the decoder, a few dozen steps.

About 110 seconds of one core and 3.5 GB while it runs. Deterministic: sentences in a fixed order, no random numbers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from myna.domain.waveform import ReferenceAudio
from myna.engines.kokoro.graphs import FloatArray
from myna.engines.kokoro.pitch_track import measure_pitch
from myna.engines.kokoro.style_gradient import NUM_FRAMES, StyleGradient
from myna.engines.kokoro.style_map import Array, StyleMap
from myna.engines.kokoro.voice_artifact import KokoroVoice, pack_voice, unpack_voice
from myna.engines.kokoro.voice_encoder import (
    GAIN_A,
    GAIN_B,
    Listening,
    PracticeSentence,
    VoiceEncoder,
    asked_log_f0,
    tune,
)
from myna.weights.store import WeightStore

NUM_STEPS = 34
_NUM_PRACTICE = 12
_NUM_CHECKS = 2
"""Sentences on which the refined voice must beat the one that it came from."""
_LEARNING_RATE = 0.1
"""In standard deviations of the public styles, per step of Adam."""
_DECAY_FROM = 0.6
"""Share of the steps after which the rate falls, linearly, to a fifth."""
_AVERAGED_SHARE = 0.3
"""The voice is the mean of the last steps: single steps carry the noise of their sentence."""
_PRIOR_COST = 0.03
"""On the mean squared distance from the public styles, in the unit of the summed likeness."""
_SILENT_EDGE = 2
"""Frames kept of the pads at either end of a sentence."""


@dataclass(frozen=True, slots=True)
class Pull:
    """Which judges pull, and how hard. A judge that is left out of the making stays a fair witness."""

    gain_a: float = GAIN_A
    gain_b: float = GAIN_B


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Two seconds of practice speech, as the gradient graph takes it."""

    features: FloatArray
    """[512, 80]"""
    f0_hz: FloatArray
    """[160]"""
    energy: FloatArray
    """[160]"""


def refine_voice(
    artifact: bytes,
    reference: ReferenceAudio,
    encoder: VoiceEncoder,
    weights: WeightStore,
    on_progress: Callable[[float], None] = lambda _: None,
) -> bytes:
    """Bring a voice nearer to the recording that it was made from. Same artifact and audio, same bytes.

    on_progress: told the share that is done, 0 to 1.
    Raises: VoiceIncompatible, InvalidRequest, WeightsMissing, WeightsCorrupt.
    """
    before = unpack_voice(artifact)
    heard = encoder.listen(reference.waveform)
    sentences = encoder.practise(before, _NUM_PRACTICE)
    gradient = StyleGradient(
        weights.path("kokoro/decoder.onnx"), weights.path("speakers/ge2e.onnx"), weights.path("speakers/campplus.onnx")
    )
    targets = (heard.sound.embedding_a, heard.sound.embedding_b)
    after = before
    steps = refine_style(before, cut_stretches(before, sentences), targets, gradient, encoder.style_map)
    for count, style in enumerate(steps, start=1):
        after = replace(before, decoder_style=style)
        on_progress(count / (NUM_STEPS + 2))
    del gradient, steps  # gigabytes, and the check needs none of it
    return pack_voice(_check(before, after, sentences[:_NUM_CHECKS], heard, encoder))


def _check(
    before: KokoroVoice,
    after: KokoroVoice,
    sentences: list[PracticeSentence],
    heard: Listening,
    encoder: VoiceEncoder,
) -> KokoroVoice:
    """Keep the refined voice only if the decoder that will speak makes it sound nearer; then set pitch and colour."""
    gain = 0.0
    pitch_errors: list[float] = []
    rendition = heard.samples
    for sentence in sentences:
        old, rendition = encoder.render(before, sentence), encoder.render(after, sentence)
        pitch = measure_pitch(rendition)
        if pitch is not None:
            pitch_errors.append(pitch.log_f0_mean - asked_log_f0(after, sentence))
        gain += encoder.likeness(encoder.measure(rendition, pitch), heard)
        gain -= encoder.likeness(encoder.measure(old, None), heard)
    if gain <= 0.0:
        return replace(before, refined=True)
    return replace(tune(after, heard, pitch_errors, rendition), refined=True)


def refine_style(
    voice: KokoroVoice,
    stretches: list[Stretch],
    targets: tuple[FloatArray, FloatArray],
    gradient: StyleGradient,
    style_map: StyleMap,
    *,
    pull: Pull = Pull(),
    num_steps: int = NUM_STEPS,
) -> Iterator[FloatArray]:
    """Yield the decoder style, [128], after each step: the running average of the last steps.

    targets: embeddings of the reference by either judge, [256] and [192].
    Source of the method: Kingma and Ba 2015 (Adam); Polyak and Juditsky 1992 (averaging).
    """
    factor = style_map.prior_cholesky
    position = np.linalg.solve(factor, voice.decoder_style - style_map.prior_mean)
    first, second = np.zeros_like(position), np.zeros_like(position)
    recent: list[Array] = []
    target_a = (pull.gain_a * targets[0]).astype(np.float32)
    target_b = (pull.gain_b * targets[1]).astype(np.float32)
    for step in range(num_steps):
        stretch = stretches[step % len(stretches)]
        style = style_map.prior_mean + factor @ position
        found = gradient(
            stretch.features,
            stretch.f0_hz,
            stretch.energy,
            style.astype(np.float32),
            target_a=target_a,
            target_b=target_b,
        )
        slope = factor.T @ found.gradient.astype(np.float64) + 2 * _PRIOR_COST * position / len(position)
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        mean, variance = first / (1 - 0.9 ** (step + 1)), second / (1 - 0.999 ** (step + 1))
        position = position - _rate(step / num_steps) * mean / (np.sqrt(variance) + 1e-8)
        recent = [*recent, position][-max(1, round(_AVERAGED_SHARE * num_steps)) :]
        yield (style_map.prior_mean + factor @ np.mean(recent, axis=0)).astype(np.float32)


def _rate(progress: float) -> float:
    """progress: 0 to 1."""
    fading = max(0.0, progress - _DECAY_FROM) / (1 - _DECAY_FROM)
    return _LEARNING_RATE * (1 - 0.8 * fading)


def cut_stretches(voice: KokoroVoice, sentences: list[PracticeSentence]) -> list[Stretch]:
    """Join sentences, silence at their ends taken out, and cut the whole into stretches of 80 frames."""
    features, f0_hz, energy = [], [], []
    for sentence in sentences:
        aligned = np.repeat(sentence.text.features[0], sentence.frames, axis=1)
        start = max(0, int(sentence.frames[0]) - _SILENT_EDGE)
        stop = aligned.shape[1] - max(0, int(sentence.frames[-1]) - _SILENT_EDGE)
        features.append(aligned[:, start:stop])
        f0_hz.append(voice.move_pitch(sentence.curves.f0_hz)[2 * start : 2 * stop])
        energy.append(sentence.curves.energy[2 * start : 2 * stop])
    joined, joined_f0, joined_energy = np.concatenate(features, axis=1), np.concatenate(f0_hz), np.concatenate(energy)
    return [
        Stretch(
            np.ascontiguousarray(joined[:, start : start + NUM_FRAMES]),
            joined_f0[2 * start : 2 * (start + NUM_FRAMES)],
            joined_energy[2 * start : 2 * (start + NUM_FRAMES)],
        )
        for start in range(0, joined.shape[1] - NUM_FRAMES + 1, NUM_FRAMES)
    ]
