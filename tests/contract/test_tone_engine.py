"""The tone engine keeps the engine's laws, and hums at the person's pitch."""

from pathlib import Path

import numpy as np
import pytest

from myna.domain.language import LangCode
from myna.domain.waveform import ReferenceAudio, Waveform
from myna.engines.base import EngineSettings, EngineSpec
from myna.engines.registry import load_spec
from myna.engines.tone.artifact import read_artifact
from myna.testing.engine_contract import EngineContract

RATE_HZ = 16000


def hum(pitch_hz: float) -> ReferenceAudio:
    seconds = np.arange(2 * RATE_HZ) / RATE_HZ
    samples = sum(np.sin(2 * np.pi * pitch_hz * k * seconds) / k for k in range(1, 6)) / 4
    return ReferenceAudio(Waveform(samples.astype(np.float32), RATE_HZ), "", LangCode.EN_US)


class TestToneEngine(EngineContract):
    @pytest.fixture(scope="class")
    @classmethod
    def spec(cls) -> EngineSpec:
        return load_spec("tone")

    @pytest.fixture(scope="class")
    @classmethod
    def settings(cls) -> EngineSettings:
        return EngineSettings(weights_dir=Path("unused"))

    @pytest.fixture(scope="class")
    @classmethod
    def references(cls) -> tuple[ReferenceAudio, ReferenceAudio]:
        return hum(110.0), hum(220.0)

    def test_the_pitch_follows_the_person(self, artifacts: tuple[bytes, bytes]) -> None:
        """The artifact holds the pitch that was hummed, within a percent."""
        assert read_artifact(artifacts[0]) == pytest.approx(110.0, rel=0.01)
        assert read_artifact(artifacts[1]) == pytest.approx(220.0, rel=0.01)
