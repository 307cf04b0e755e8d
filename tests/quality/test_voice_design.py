"""A described voice is heard as described: pitch in Hz, pace, brightness, energy and accent measured on its speech."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soxr

from myna.domain.attributes import VoiceAttributes
from myna.domain.language import LangCode
from myna.domain.speech import SynthesisOptions
from myna.domain.waveform import Samples
from myna.engines.base import Engine, EngineSettings
from myna.engines.kokoro.making.pitch_track import SAMPLE_RATE_HZ as PITCH_RATE_HZ
from myna.engines.kokoro.making.pitch_track import measure_pitch
from myna.engines.kokoro.voice_artifact import pack_voice, unpack_norms, unpack_voice
from myna.engines.kokoro.voice_design import design_voice
from myna.engines.kokoro.voice_stock import stock_voices
from myna.engines.registry import load_spec
from myna.testing.engine_contract import plain_segment
from myna.text.description import read_description

Speak = Callable[[VoiceAttributes], Samples]

RATE_HZ = 24000
SENTENCE = "The harbour was quiet when the last boat came home."
EXPECTED_HZ = {
    "young woman, high voice, fast": (230, 265),
    "British woman, calm": (190, 215),
    "a woman": (190, 220),
    "middle-aged woman, low": (160, 185),
    "young man, high": (135, 160),
    "a man": (108, 128),
    "middle-aged man, very deep, slow": (85, 105),
}
"""What a person expects. Women read at 165 to 255 Hz, about 200 in the mean; men at 85 to 155, about 115."""


@pytest.fixture(scope="module")
def engine(weights_dir: Path) -> Iterator[Engine]:
    engine = load_spec("kokoro").load(EngineSettings(weights_dir, num_threads=1))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def speak(engine: Engine) -> Speak:
    """Each voice is heard once, however many tests ask. None practises first, which takes longer than to speak: what
    is measured here does not hang on it, so a stock voice of the same sex has done it for all."""
    practised = {stock.gender: unpack_norms(stock.artifact) for stock in stock_voices()}

    @cache
    def speak(attributes: VoiceAttributes) -> Samples:
        lang = attributes.spoken(LangCode.EN_US)
        designed = unpack_voice(design_voice(attributes, lang, seed=7))
        voice = engine.load_voice(pack_voice(designed, practised[attributes.gender]))
        spoken = engine.synthesize(voice, plain_segment(SENTENCE), SynthesisOptions(lang))
        return np.concatenate([chunk.samples for chunk in spoken])

    return speak


def pitch_hz(samples: Samples) -> float:
    pitch = measure_pitch(soxr.resample(samples, RATE_HZ, PITCH_RATE_HZ))
    assert pitch is not None
    return float(np.exp(pitch.log_f0_mean))


def share_above_2_khz(samples: Samples) -> float:
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float(power[len(power) // 6 :].sum() / power.sum())


@pytest.mark.parametrize("description", EXPECTED_HZ)
def test_women_and_men_speak_as_high_as_they_do(speak: Speak, description: str) -> None:
    """The pitch in Hz of what is heard, high and low, is what the description lets a person expect."""
    lowest, highest = EXPECTED_HZ[description]
    assert lowest <= pitch_hz(speak(read_description(description))) <= highest


@pytest.mark.parametrize("lang", [LangCode.EN_US, LangCode.EN_GB, LangCode.JA_JP, LangCode.PT_BR])
@pytest.mark.parametrize("description", EXPECTED_HZ)
def test_every_seed_and_language_aims_at_that_pitch(description: str, lang: LangCode) -> None:
    """Which stock voices are blended, and they differ by nine semitones, does not move the pitch that is aimed at."""
    lowest, highest = EXPECTED_HZ[description]
    for seed in range(12):
        aim_hz = np.exp(unpack_voice(design_voice(read_description(description), lang, seed)).target_log_f0)
        assert lowest <= aim_hz <= highest, seed


@pytest.mark.parametrize("gender", ["female", "male"])
def test_attributes_are_heard(speak: Speak, gender: str) -> None:
    """Low is lower than high by over five semitones, slow slower than fast by a third, dark darker than bright.

    Four voices for all three: where one is low, or high, either other is as often low as high.
    """
    usual = VoiceAttributes(gender=gender)
    ends = ((-1.0, -1.0, -1.0), (-1.0, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, -1.0))
    heard = [speak(replace(usual, pitch=p, pace=q, brightness=b)) for p, q, b in ends]
    measures = (
        [12 * np.log2(pitch_hz(samples)) for samples in heard],
        [-np.log(len(samples)) for samples in heard],
        [10 * np.log10(share_above_2_khz(samples)) for samples in heard],
    )
    signs = np.array(ends).T
    semitones, log_pace, brightness_db = (2 * np.mean(sign * of) for sign, of in zip(signs, measures, strict=True))
    assert semitones > 5.0
    assert np.exp(log_pace) > 1.33
    assert brightness_db > 3.0


def test_energy_is_heard(speak: Speak) -> None:
    """A lively voice moves its pitch half again as far as a calm one (3.8 against 1.8 semitones, 5.3 against 2.6)."""
    for gender in ("female", "male"):
        spread = []
        for energy in (-1.0, 1.0):
            samples = speak(VoiceAttributes(gender, energy=energy))
            pitch = measure_pitch(soxr.resample(samples, RATE_HZ, PITCH_RATE_HZ))
            assert pitch is not None
            spread.append(pitch.log_f0_sd)
        assert spread[1] > 1.5 * spread[0], gender


def test_sex_age_and_accent_are_heard(speak: Speak) -> None:
    """Women speak higher than men, the old slower than the young, and the accents differ."""
    woman, man = (pitch_hz(speak(VoiceAttributes(gender=g))) for g in ("female", "male"))
    old, young = (len(speak(VoiceAttributes("male", age_group=a))) for a in ("elderly", "young"))
    assert 12 * np.log2(woman / man) > 8.0
    assert old / young > 1.08
    wanted = VoiceAttributes("male", "middle_aged")
    british, american = (design_voice(wanted, lang, 7) for lang in (LangCode.EN_GB, LangCode.EN_US))
    assert british != american
