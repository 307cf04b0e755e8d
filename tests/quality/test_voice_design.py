"""A described voice is heard as described: pitch, pace and brightness measured on its speech."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import soxr
from platformdirs import user_cache_path

from myna.domain.attributes import VoiceAttributes
from myna.domain.language import LangCode
from myna.domain.speech import SynthesisOptions
from myna.domain.waveform import Samples
from myna.engines.base import Engine, EngineSettings
from myna.engines.kokoro.pitch_track import measure_pitch
from myna.engines.kokoro.voice_design import design_voice
from myna.engines.registry import load_spec
from myna.engines.tone.engine import measure_pitch_hz
from myna.testing.engine_contract import plain_segment

RATE_HZ = 24000
SENTENCE = "The harbour was quiet when the last boat came home."


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = load_spec("kokoro").load(EngineSettings(user_cache_path("myna") / "weights"))
    yield engine
    engine.close()


def speak(engine: Engine, attributes: VoiceAttributes, lang: LangCode = LangCode.EN_US) -> Samples:
    voice = engine.load_voice(design_voice(attributes, lang, seed=7))
    return np.concatenate(
        [c.samples for c in engine.synthesize(voice, plain_segment(SENTENCE), SynthesisOptions(lang))]
    )


def share_above_2_khz(samples: Samples) -> float:
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float(power[len(power) // 6 :].sum() / power.sum())


@pytest.mark.weights
@pytest.mark.parametrize("gender", ["female", "male"])
def test_attributes_are_heard(engine: Engine, gender: str) -> None:
    """Low is lower than high by over five semitones, slow slower than fast by a third, dark darker than bright."""
    usual = VoiceAttributes(gender=gender)
    low, high = (measure_pitch_hz(speak(engine, replace(usual, pitch=p)), RATE_HZ) for p in (-1.0, 1.0))
    slow, fast = (len(speak(engine, replace(usual, pace=p))) for p in (-1.0, 1.0))
    dark, bright = (share_above_2_khz(speak(engine, replace(usual, brightness=b))) for b in (-1.0, 1.0))
    assert 12 * np.log2(high / low) > 5.0
    assert slow / fast > 1.33
    assert 10 * np.log10(bright / dark) > 3.0


@pytest.mark.weights
def test_energy_is_heard(engine: Engine) -> None:
    """A lively voice moves its pitch half again as far as a calm one (3.8 against 1.8 semitones, 5.3 against 2.6)."""
    for gender in ("female", "male"):
        spread = []
        for energy in (-1.0, 1.0):
            pitch = measure_pitch(soxr.resample(speak(engine, VoiceAttributes(gender, energy=energy)), RATE_HZ, 16000))
            assert pitch is not None
            spread.append(pitch.log_f0_sd)
        assert spread[1] > 1.5 * spread[0], gender


@pytest.mark.weights
def test_sex_age_and_accent_are_heard(engine: Engine) -> None:
    """Women speak higher than men, the old slower than the young, and the accents differ."""
    woman, man = (measure_pitch_hz(speak(engine, VoiceAttributes(gender=g)), RATE_HZ) for g in ("female", "male"))
    old, young = (len(speak(engine, VoiceAttributes("male", age_group=a))) for a in ("elderly", "young"))
    assert 12 * np.log2(woman / man) > 4.0
    assert old / young > 1.08
    wanted = VoiceAttributes("male", "middle_aged")
    british, american = (design_voice(wanted, lang, 7) for lang in (LangCode.EN_GB, LangCode.EN_US))
    assert british != american
