"""Voices made up from a description: a blend of stock voices that fit it, with pitch, pace and colour set as asked."""

import json
import math
from collections.abc import Callable, Sequence

import numpy as np

from myna.domain.attributes import VoiceAttributes
from myna.domain.language import LangCode
from myna.engines.base import StockVoice
from myna.engines.kokoro.shipped_file import read_shipped
from myna.engines.kokoro.timbre_eq import BAND_HZ
from myna.engines.kokoro.voice_artifact import FloatArray, KokoroVoice, pack_voice, unpack_voice
from myna.engines.kokoro.voice_stock import stock_voices

_MAX_BLENDED = 3
_USUAL_HZ = {"female": 204.0, "male": 118.0}
"""Middle of each sex. Source: Traunmueller and Eriksson 1995, means over many studies (207 and 119 Hz)."""
_PITCH_SEMITONES = 4.0
"""At the ends of the scale: a third, what listeners call clearly lower or higher, and still within one sex's range."""
_AGE_SEMITONES = {"young": 0.7, "middle_aged": 0.0, "elderly": -1.0}
"""Speaking pitch falls with age in women and, until about 60, in men (Stathopoulos et al. 2011, JSLHR 54)."""
_AGE_PACE = {"young": 0.1, "middle_aged": 0.0, "elderly": -0.35}
"""Older speakers read slower (Ramig 1983, J. Communication Disorders 16); how much is our choice."""
_AGE_BRIGHTNESS = {"young": 0.15, "middle_aged": 0.0, "elderly": -0.25}
_PACE_OCTAVES = 0.4
"""At the ends of the scale durations change by a factor of 1.32."""
_TILT_DB = 8.0
"""At the ends of the scale: level difference between the lowest and the highest band."""
_ENERGY_SPREAD = 0.5
_ENERGY_PACE = 0.15
_VARIATION_SEMITONES = 0.5


def design_voice(attributes: VoiceAttributes, lang: LangCode, seed: int) -> bytes:
    """Pure: same arguments, same bytes. lang: what it will speak; an accent picks from the stock voices of its own."""
    chance = np.random.default_rng(seed)
    candidates = _candidates(attributes, lang)
    count = min(len(candidates), _MAX_BLENDED)
    chosen = [candidates[i] for i in chance.choice(len(candidates), size=count, replace=False)]
    shares = chance.dirichlet(np.full(count, 1.5)).astype(np.float32)
    voices = [unpack_voice(stock.artifact) for stock in chosen]
    usual_log_f0 = sum(share * math.log(_USUAL_HZ[stock.gender]) for share, stock in zip(shares, chosen, strict=True))
    semitones = _PITCH_SEMITONES * attributes.pitch + _AGE_SEMITONES.get(attributes.age_group, 0.0)
    semitones += _VARIATION_SEMITONES * float(chance.uniform(-1.0, 1.0))
    pace = attributes.pace + _AGE_PACE.get(attributes.age_group, 0.0) + _ENERGY_PACE * attributes.energy
    brightness = attributes.brightness + _AGE_BRIGHTNESS.get(attributes.age_group, 0.0)
    return pack_voice(
        KokoroVoice(
            timbre_style=_blend(voices, shares, lambda voice: voice.timbre_style),
            articulation_style=_blend(voices, shares, lambda voice: voice.articulation_style),
            prosody_style=_blend(voices, shares, lambda voice: voice.prosody_style),
            predicted_log_f0=_predicted_log_f0(chosen, shares),
            target_log_f0=float(usual_log_f0) + semitones * math.log(2.0) / 12.0,
            pitch_spread=1.0 + _ENERGY_SPREAD * attributes.energy,
            duration_scale=2.0 ** (-_PACE_OCTAVES * pace),
            eq_db=_tilt_db(brightness),
        )
    )


def _candidates(attributes: VoiceAttributes, lang: LangCode) -> list[StockVoice]:
    """The stock voices that fit best: sex first, then accent or language, then age."""
    spoken = attributes.accent or lang

    def misfit(stock: StockVoice) -> int:
        wrong_sex = bool(attributes.gender in {"male", "female"} and stock.gender != attributes.gender)
        wrong_age = bool(attributes.age_group and stock.age_group != attributes.age_group)
        return 4 * wrong_sex + 2 * (stock.lang is not spoken) + wrong_age

    stocks = stock_voices()
    least = min(misfit(stock) for stock in stocks)
    fitting = [stock for stock in stocks if misfit(stock) == least]
    if len(fitting) == 1:
        # one voice alone would make every seed the same: let its nearest relative in
        fitting += sorted((s for s in stocks if s not in fitting), key=misfit)[:1]
    return fitting


def _predicted_log_f0(chosen: Sequence[StockVoice], shares: FloatArray) -> float:
    """Taken as the blend of what the predictor gives the parts: an estimate, not measured for each blend."""
    measured: dict[str, float] = json.loads(read_shipped("stock_pitch.json"))
    return float(sum(share * measured[stock.name] for share, stock in zip(shares, chosen, strict=True)))


def _blend(voices: Sequence[KokoroVoice], shares: FloatArray, part: Callable[[KokoroVoice], FloatArray]) -> FloatArray:
    blended: FloatArray = np.sum(
        [share * part(voice) for share, voice in zip(shares, voices, strict=True)], axis=0, dtype=np.float32
    )
    return blended


def _tilt_db(brightness: float) -> FloatArray:
    """A straight line over log frequency, nothing at 1 kHz."""
    octaves = np.log2(BAND_HZ / 1000.0)
    slope = _TILT_DB * max(-1.0, min(1.0, brightness)) / (octaves[-1] - octaves[0])
    return np.asarray(slope * octaves, dtype=np.float32)
