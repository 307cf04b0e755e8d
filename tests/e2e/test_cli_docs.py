"""The code blocks of README and examples that say "run" are run, against a real server."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from tests.live_server import LiveServer

ROOT = Path(__file__).parents[2]
RECORDING = ROOT / "tests" / "data" / "demo_reference.flac"
BLOCK = re.compile(r"<!-- run -->\n```(sh|python)\n(.*?)```", re.DOTALL)
LIMIT_S = 300


@pytest.fixture
def service(tone_server: LiveServer) -> dict[str, str]:
    """What a reader of the pages has in the environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "MYNA_URL": tone_server.url, "MYNA_API_KEY": tone_server.key}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A reader's folder with a recording called me.wav."""
    samples, rate_hz = soundfile.read(RECORDING)
    soundfile.write(tmp_path / "me.wav", samples, rate_hz)
    return tmp_path


def blocks(page: str, language: str) -> list[str]:
    found = [code for kind, code in BLOCK.findall((ROOT / page).read_text()) if kind == language]
    assert found
    return found


@pytest.mark.parametrize("page", ["README.md", "examples/curl.md"])
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_shell_blocks_run(page: str, service: dict[str, str], folder: Path) -> None:
    """All blocks of a page in one shell that stops at the first failure."""
    script = "set -eu\n" + "\n".join(blocks(page, "sh"))
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=service, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    assert soundfile.info(folder / "hello.mp3").duration > 0.5


@pytest.mark.parametrize("page", ["README.md", "docs/client.md", "examples/python.md"])
def test_python_blocks_run(page: str, service: dict[str, str], folder: Path) -> None:
    """All blocks of a page in one interpreter."""
    script = "\n".join(blocks(page, "python"))
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=service,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
