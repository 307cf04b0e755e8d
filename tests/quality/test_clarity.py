"""A voice that is understood counts as clear, a garbled one does not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench.speaking import speak_text

from myna.analysis.sample_analyst import ModelSampleAnalyst
from myna.domain.language import LangCode
from myna.domain.voice import TrialMeasures
from myna.domain.waveform import Waveform
from myna.engines.base import Engine, EngineSettings
from myna.engines.kokoro.spec import SPEC
from myna.engines.kokoro.voice_artifact import pack_voice, unpack_voice
from myna.text.languages.registry import open_language

LANG = LangCode.EN_US
OTHER_TEXT = "Come inside! What did you say? In the morning the children carried seven baskets of apples to the market."


@pytest.fixture(scope="module")
def engine(weights_dir: Path) -> Iterator[Engine]:
    engine = SPEC.load(EngineSettings(weights_dir, num_threads=1))
    yield engine
    engine.close()


def speak_trial(engine: Engine, artifact: bytes) -> Waveform:
    spoken = speak_text(engine, engine.load_voice(artifact), open_language(LANG).trial, LANG)
    return Waveform(spoken, SPEC.capabilities.sample_rate_hz)


def test_a_stock_voice_is_clear_and_a_garbled_one_is_told(analyst: ModelSampleAnalyst, engine: Engine) -> None:
    """Words are sure against their own text, not against another; with its articulation turned round it is garbled."""
    stock = {entry.name: entry.artifact for entry in SPEC.stock_voices()}
    spoken = speak_trial(engine, stock["Dennis"])
    clarity = analyst.measure_clarity(spoken, open_language(LANG).trial, LANG)
    of_other_words = analyst.measure_clarity(spoken, OTHER_TEXT, LANG)
    assert clarity is not None
    assert of_other_words is not None
    assert 0.85 < clarity <= 1.0
    assert of_other_words < 0.1
    assert not TrialMeasures(clarity=clarity).findings

    voice = unpack_voice(stock["Dennis"])
    garbled = speak_trial(engine, pack_voice(replace(voice, articulation_style=-voice.articulation_style)))
    clarity = analyst.measure_clarity(garbled, open_language(LANG).trial, LANG)
    assert clarity is not None
    (finding,) = TrialMeasures(clarity=clarity).findings
    assert finding.code == "UNCLEAR_VOICE"


def test_a_language_that_is_not_judged_has_no_clarity(analyst: ModelSampleAnalyst) -> None:
    """Italian and Hindi, where the figure might blame good voices; a British voice is judged as any English one."""
    silence = Waveform(np.zeros(24_000, np.float32), 24_000)
    for lang in (LangCode.HI_IN, LangCode.IT_IT):
        assert analyst.measure_clarity(silence, open_language(lang).trial, lang) is None
    assert analyst.measure_clarity(silence, open_language(LangCode.EN_GB).trial, LangCode.EN_GB) is not None
