"""The chime engine keeps the laws that Myna asks of every engine; run with `pytest` in the plug-in's folder."""

from pathlib import Path

import numpy as np
import pytest
from myna_chime.artifact import read_artifact

from myna.domain.language import LangCode
from myna.domain.waveform import ReferenceAudio, Waveform
from myna.engines.base import EngineSettings, EngineSpec
from myna.engines.registry import load_spec
from myna.testing.engine_contract import EngineContract

RATE_HZ = 16000


def hum(pitch_hz: float) -> ReferenceAudio:
    seconds = np.arange(2 * RATE_HZ) / RATE_HZ
    samples = sum(np.sin(2 * np.pi * pitch_hz * k * seconds) / k for k in range(1, 6)) / 4
    return ReferenceAudio(Waveform(samples.astype(np.float32), RATE_HZ), "", LangCode.EN_US)


class TestChimeEngine(EngineContract):
    @pytest.fixture(scope="class")
    @classmethod
    def spec(cls) -> EngineSpec:
        return load_spec("chime")  # through the entry point: the package must be installed

    @pytest.fixture(scope="class")
    @classmethod
    def settings(cls) -> EngineSettings:
        return EngineSettings(weights_dir=Path("unused"))

    @pytest.fixture(scope="class")
    @classmethod
    def references(cls) -> tuple[ReferenceAudio, ReferenceAudio]:
        return hum(110.0), hum(220.0)

    def test_the_bell_is_tuned_to_the_person(self, artifacts: tuple[bytes, bytes]) -> None:
        """The pitch that was hummed, within two percent."""
        assert read_artifact(artifacts[0]) == pytest.approx(110.0, rel=0.02)
        assert read_artifact(artifacts[1]) == pytest.approx(220.0, rel=0.02)
