"""Walk down the gradient of both judges in the space of timbres, and along the map on the way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from myna.engines.kokoro.graphs import FloatArray
from myna.engines.kokoro.making.style_gradient import StylePull
from myna.engines.kokoro.making.style_map import Array, StyleMap
from myna.engines.kokoro.making.voice_practice import Stretch
from myna.engines.kokoro.timbre_space import TimbreSpace
from myna.engines.kokoro.voice_artifact import STYLE_DIM, KokoroVoice

GAIN_A, GAIN_B = 1 / 0.33, 1 / 0.52
"""One over the distance between a stranger and the same person, for either judge."""
_MOMENTUM = 0.7
_MAP_STEP = 0.12
"""How much is taken of the step that the map finds for what the judges miss: the gradient leads to styles that nobody
speaks in, the map is right on the average of voices. With both judge B came .06 nearer than with the gradient alone."""
_LAST_STEP_SHARE = 0.3
"""Both steps fall to this share, as half a cosine."""
_AVERAGED_SHARE = 0.3
"""The voice is the mean of the last steps: single steps carry the noise of their sentence."""
_PRIOR_COST = 0.1
"""On the squared distance from public styles and mean offset, over 128, in the unit of the summed likeness."""


@dataclass(frozen=True, slots=True)
class Pull:
    """Which judges pull, and how hard. One left out stays a fair witness only if the style map is deaf to it too."""

    gain_a: float = 1.5 * GAIN_A
    """More than its due: B follows more readily."""
    gain_b: float = GAIN_B


BOTH = Pull()


def descend(
    voice: KokoroVoice,
    stretches: list[Stretch],
    targets: tuple[FloatArray, FloatArray],
    gradient: Callable[..., StylePull],
    style_map: StyleMap,
    *,
    space: TimbreSpace,
    pull: Pull = BOTH,
    num_steps: int,
    first_step: float,
) -> Iterator[KokoroVoice]:
    """The voice after each step: its timbre is the running average of the last (Polyak and Juditsky 1992). first_step:
    along the gradient, in standard deviations of public styles and people's offsets, shared as the gradient does.
    targets: the reference by either judge, [256] and [192]. Steps follow a momentum and have a set length. (Adam
    wandered off with the noise of single sentences when the start was good.)"""
    factor = style_map.prior_cholesky

    def voice_at(place: Array) -> KokoroVoice:
        style = style_map.prior_mean + factor @ place[:STYLE_DIM]
        offset = space.offset_mean + space.offset_sd * place[STYLE_DIM:]
        return replace(voice, timbre_style=style.astype(np.float32), timbre_offset=offset.astype(np.float32))

    start = np.linalg.solve(factor, voice.timbre_style - style_map.prior_mean)
    position = np.concatenate([start, (voice.timbre_offset - space.offset_mean) / space.offset_sd])
    momentum = np.zeros_like(position)
    recent: list[Array] = []
    target_a = (pull.gain_a * targets[0]).astype(np.float32)
    target_b = (pull.gain_b * targets[1]).astype(np.float32)
    for step in range(num_steps):
        stretch = stretches[step % len(stretches)]
        found = gradient(stretch, space.styles(voice_at(position)), target_a=target_a, target_b=target_b)
        slope = 2 * _PRIOR_COST * position / STYLE_DIM
        slope[:STYLE_DIM] += factor.T @ found.gradient.astype(np.float64)
        slope[STYLE_DIM:] += space.offset_sd * (space.basis @ found.shift_gradient)
        momentum = _MOMENTUM * momentum + slope
        towards = style_map.embedding_step(targets[0] - found.embedding_a, targets[1] - found.embedding_b)
        move = -first_step * momentum / float(np.linalg.norm(momentum) + 1e-9)
        move[:STYLE_DIM] += _MAP_STEP * np.linalg.solve(factor, towards)
        position = position + _fade(step / num_steps) * move
        recent = [*recent, position][-max(1, round(_AVERAGED_SHARE * num_steps)) :]
        yield voice_at(np.mean(recent, axis=0))


def _fade(progress: float) -> float:
    """progress: 0 to 1."""
    return float(_LAST_STEP_SHARE + (1 - _LAST_STEP_SHARE) * 0.5 * (1 + np.cos(np.pi * progress)))
