"""What all tests share: recordings and servers."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from myna.config import Settings
from myna.weights.store import WeightStore
from tests.background_soak import TEST, BackgroundSoak
from tests.live_server import LiveServer, run_server
from tests.store_servers import S3, Postgres, run_postgres, run_s3, s3_environment

hypothesis.settings.register_profile("untimed", deadline=None)  # a test that the clock can fail is none
hypothesis.settings.load_profile("untimed")

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Recording:
    """A clip of a known speaker."""

    speaker: str
    sex: str
    role: str
    path: Path
    transcript: str


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(BackgroundSoak())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes `weights_dir`, itself or by another fixture: nobody has to remember the marker. What is done
    beside the others is judged last."""
    for item in items:
        if "weights_dir" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.weights)
    items.sort(key=lambda item: item.nodeid.startswith(TEST))


@pytest.fixture(scope="session")
def weights_dir() -> Path:
    """Where the pulled weights are."""
    return Settings().weights_dir


@pytest.fixture(scope="session")
def weights(weights_dir: Path) -> WeightStore:
    """The pulled weights; each file is verified once."""
    return WeightStore(weights_dir)


@pytest.fixture(scope="session")
def speaker_recordings() -> list[Recording]:
    """Ten speakers, five women and five men: a `reference` to clone from and a `target` to compare with."""
    with (DATA / "speakers" / "manifest.csv").open() as rows:
        return [
            Recording(r["speaker"], r["sex"], r["role"], DATA / "speakers" / r["file"], r["transcript"])
            for r in csv.DictReader(rows)
        ]


@pytest.fixture(scope="session")
def tone_server(weights_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The whole product with the weightless engine; the models that listen are real, and so need weights.

    Its log must never hold what was said. What new voices sound like is not measured in the background.
    """
    settings = {"MYNA_LOG_FORMAT": "json", "MYNA_MEASURE_SIMILARITY": "false"}
    with run_server(tmp_path_factory.mktemp("tone") / "data", "tone", settings=settings) as server:
        yield server


@pytest.fixture(scope="session")
def kokoro_server(weights_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The whole product with the embedded engine. Nothing goes on in the background, where it would compete with the
    tests for the CPU and change voices between two requests."""
    settings = {"MYNA_REFINE_VOICES": "false", "MYNA_CLONE_WAIT": "heard", "MYNA_ENGINE_THREADS": "1"}
    with run_server(tmp_path_factory.mktemp("kokoro") / "data", "kokoro", settings=settings) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A database server of the test run's own."""
    with run_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    """An object storage server of the test run's own; this process finds it in its environment."""
    with run_s3() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in s3_environment(server.endpoint).items():
            patch.setenv(name, value)
        yield server
