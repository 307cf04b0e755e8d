"""The last touch on a voice: the recording's colour, as far as it is the person's, and hisses that are bright."""

from dataclasses import replace

import numpy as np

from myna.domain.waveform import Samples
from myna.engines.kokoro.hiss import GUESSED_BRIGHT_DB, LOWEST_HZ, hiss_levels_db, missing_hiss_db
from myna.engines.kokoro.making.timbre_spectrum import missing_eq_db
from myna.engines.kokoro.making.voice_practice import PracticeSentence
from myna.engines.kokoro.making.voice_workshop import LISTENING_RATE_HZ, Listening
from myna.engines.kokoro.timbre_eq import BAND_HZ
from myna.engines.kokoro.voice_artifact import KokoroVoice


def tune_voice(
    voice: KokoroVoice, sentences: list[PracticeSentence], spoken: list[Samples], heard: Listening
) -> KokoroVoice:
    """The colour half-way to the recording's, not to a telephone's, a room's or noise's; then hisses. spoken: some of
    the sentences in about this voice, by `VoiceWorkshop.render`."""
    curve = heard.clean_share * missing_eq_db(heard.samples, np.concatenate(spoken))
    levels = [
        level_db
        for sentence, samples in zip(sentences, spoken, strict=False)
        for level_db in hiss_levels_db(samples, LISTENING_RATE_HZ, sentence.symbols, sentence.frames)
    ]
    level_db = float(np.mean(levels) + curve[BAND_HZ >= LOWEST_HZ].mean())
    return replace(voice, eq_db=curve.astype(np.float32), hiss_db=missing_hiss_db(level_db, GUESSED_BRIGHT_DB))
