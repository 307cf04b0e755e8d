"""Three minutes at twice the capacity, beside the other tests: begun when the tests are known, judged by the last.

The engine sleeps most of the time, so that neither the others nor this one suffer. A plug-in of pytest: what shares the
tests among processes (xdist) runs it once, in the process that shares them out.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.live_server import install_engine

ENVIRONMENT = "MYNA_TEST_SOAK"
"""Names the folder to the processes that run the tests."""
TEST = "tests/e2e/test_overload.py"
_SCRIPT = Path(__file__).parent.parent / "bench" / "soak.py"
_MINUTES = 3.0


class BackgroundSoak:
    """In the folder are, at the end, `report` (a line of JSON, see `bench/soak.py`) and `log`."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def pytest_configure(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="myna-soak-"))
        os.environ[ENVIRONMENT] = str(self._folder)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if not session.config.option.collectonly:
            self._begin([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._begin(ids)

    def _begin(self, ids: list[str]) -> None:
        if self._process is not None or self._folder is None or not any(name.startswith(TEST) for name in ids):
            return
        settings = install_engine("paced", self._folder / "site") | {"MYNA_ENGINE_QUEUE_LENGTH": "4"}
        command = [sys.executable, _SCRIPT, "--minutes", str(_MINUTES), "--engine", "paced", "--json"]
        with (self._folder / "report").open("wb") as report, (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=report, stderr=log, env={**os.environ, **settings})

    def pytest_sessionfinish(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # so that it stops its server
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(60)
            self._process.kill()

    def pytest_unconfigure(self) -> None:
        os.environ.pop(ENVIRONMENT, None)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
