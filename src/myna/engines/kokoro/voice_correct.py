"""Corrections by ear: speak, listen, and step towards the person, as far as the voice stays good and clear."""

import math
from dataclasses import dataclass, replace

import numpy as np

from myna.domain.waveform import Samples
from myna.engines.kokoro.pitch_track import measure_pitch
from myna.engines.kokoro.voice_artifact import KokoroVoice
from myna.engines.kokoro.voice_clarity import CLEAR
from myna.engines.kokoro.voice_practice import PracticeSentence
from myna.engines.kokoro.voice_workshop import Listening, VoiceWorkshop

_NUM_ROUNDS, SENTENCES_A_ROUND = 4, 4
"""Every round says the same sentences, so that what is thought of one can be compared with the next."""
_DAMPING = 0.35
"""How much of what the map asks for is taken after each sentence."""
_LEAST_OPINION, _OPINION_TOLERANCE, _WORST_OPINION = 3.1, 0.15, 2.6
"""DNSMOS overall may fall to the first, or by the second, never below the third. (People's own recordings: 3.15.)
Without this, a few voices are led to where nobody speaks: one came out at 1.8. At 2.9 noise still filled the closures
of stops.
"""


@dataclass(frozen=True, slots=True, eq=False)
class CorrectedVoice:
    voice: KokoroVoice
    spoken: list[Samples]
    """Some sentences in about that voice, as `VoiceWorkshop.render` gives them."""
    certainty: float
    """How clear it is: see `voice_clarity`. Minus infinity for the voice as it was looked up, which nobody heard."""


def correct_voice(
    voice: KokoroVoice, sentences: list[PracticeSentence], heard: Listening, workshop: VoiceWorkshop
) -> CorrectedVoice:
    """Half a second of one core a sentence, sixteen sentences in four rounds; four seconds for each hearing afterwards.

    The map that found the voice also turns what is still missing into a step; other sentences lead nearly the same
    way (cosine .95, six training people). Every round leaves the mean of its styles. Likeness rises and clarity falls
    from round to round, so they are heard from the last backwards, and the first that sounds good and is understood is
    taken: the most alike of those that are clear. If none is, the clearest.
    """
    rounds, limit = walk(voice, sentences[:SENTENCES_A_ROUND], heard, workshop)
    return take_clear(voice, rounds, limit, workshop)


def take_clear(
    voice: KokoroVoice, rounds: list[tuple[KokoroVoice, list[Samples]]], limit: float, workshop: VoiceWorkshop
) -> CorrectedVoice:
    """The last round that DNSMOS gives at least `limit` and that is clear, else the clearest; at worst `voice`."""
    lines = workshop.practise_lines(voice)
    tried: list[CorrectedVoice] = []
    for candidate, spoken in reversed(rounds):
        said = [workshop.render(candidate, line) for line in lines]
        if not workshop.opinion_of(said) >= limit:
            continue
        tried.append(CorrectedVoice(candidate, spoken, workshop.clarity.certainty(said)))
        if tried[-1].certainty >= CLEAR:
            break
    unheard = CorrectedVoice(voice, rounds[0][1], -math.inf)
    return max(tried, key=lambda corrected: corrected.certainty, default=unheard)


def walk(
    voice: KokoroVoice, practised: list[PracticeSentence], heard: Listening, workshop: VoiceWorkshop
) -> tuple[list[tuple[KokoroVoice, list[Samples]]], float]:
    """Each round's mean voice with what was said on the way, and the least that DNSMOS may say of a voice."""
    style_map = workshop.style_map
    wanted = style_map.features(heard.sound)
    style = voice.timbre_style
    rounds: list[tuple[KokoroVoice, list[Samples]]] = []
    limit = 0.0
    for _ in range(_NUM_ROUNDS):
        styles, spoken = [], []
        for sentence in practised:
            styles.append(style)
            spoken.append(workshop.render(replace(voice, timbre_style=style), sentence))
            sound = workshop.measure(spoken[-1], measure_pitch(spoken[-1]))
            step = style_map.step(wanted, style_map.features(sound))
            style = (style + _DAMPING * step).astype(np.float32)
        opinion = workshop.opinion_of(spoken)
        if not rounds:
            limit = max(_WORST_OPINION, min(_LEAST_OPINION, opinion - _OPINION_TOLERANCE))
        elif not opinion >= limit:
            break
        rounds.append((replace(voice, timbre_style=np.mean(styles, axis=0).astype(np.float32)), spoken))
    return rounds, limit
