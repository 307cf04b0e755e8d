"""Corrections by ear: a voice speaks, is listened to, and takes a step towards the person, sixteen times.

Cloning worked like this, half a second of one core a step, until a map learnt where the steps lead
(`corrected_voices.py`, `fit_reach_map.py`). Likeness rises and clarity falls from round to round.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from myna.engines.kokoro.making.pitch_track import measure_pitch
from myna.engines.kokoro.making.voice_clone import least_opinion
from myna.engines.kokoro.making.voice_practice import PracticeSentence
from myna.engines.kokoro.making.voice_workshop import Listening, VoiceWorkshop
from myna.engines.kokoro.voice_artifact import FloatArray, KokoroVoice

_NUM_ROUNDS, SENTENCES_A_ROUND = 4, 4
"""Every round says the same sentences, so that what is thought of one can be compared with the next."""
_DAMPING = 0.35
"""How much of what the map asks for is taken after each sentence."""


def walk(
    voice: KokoroVoice, sentences: list[PracticeSentence], heard: Listening, workshop: VoiceWorkshop
) -> Iterator[FloatArray]:
    """Yield the mean timbre style, [128], of each of four rounds, or of as many as sound good.

    The map that found the voice also turns what is still missing into a step; other sentences lead nearly the same
    way (cosine .95, six training people).
    """
    style_map = workshop.style_map
    wanted = style_map.features(heard.sound)
    style = voice.timbre_style
    limit = 0.0
    for _ in range(_NUM_ROUNDS):
        styles, spoken = [], []
        for sentence in sentences:
            styles.append(style)
            spoken.append(workshop.render(replace(voice, timbre_style=style), sentence))
            sound = workshop.measure(spoken[-1], measure_pitch(spoken[-1]))
            step = ((wanted - style_map.features(sound)) @ style_map.matrix)[: len(style)]
            style = (style + _DAMPING * step).astype(np.float32)
        opinion = workshop.opinion_of(spoken)
        if not limit:
            limit = least_opinion(opinion)
        elif not opinion >= limit:
            break
        yield np.mean(styles, axis=0).astype(np.float32)
