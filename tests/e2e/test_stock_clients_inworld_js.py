"""The stock JavaScript SDK works with only the base URL changed (wire-contract.md#stock-clients), against a real
server.

Runs where the package is beside the virtual environment: `npm install --prefix .venv --no-save @inworld/tts@1.1.1`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from tests.conftest import DATA
from tests.live_server import LiveServer

MODULES = Path(sys.prefix) / "node_modules"
SCENES = Path(__file__).with_name("stock_inworld_js.mjs")
LIMIT_S = 300

needs_sdk = pytest.mark.skipif(
    shutil.which("node") is None or not (MODULES / "@inworld" / "tts").exists(),
    reason="no Node, or no @inworld/tts: npm install --prefix .venv --no-save @inworld/tts@1.1.1",
)
pytestmark = needs_sdk


def test_the_javascript_sdk_does_everything(tone_server: LiveServer, tmp_path: Path) -> None:
    """Lists, clones, speaks, streams, gives timestamps, designs, and understands refusals."""
    samples, rate_hz = soundfile.read(DATA / "demo_reference.flac")
    soundfile.write(tmp_path / "me.wav", samples, rate_hz)
    (tmp_path / "node_modules").symlink_to(MODULES)
    shutil.copy(SCENES, tmp_path)  # packages are looked for from the script's folder upwards
    done = subprocess.run(
        ["node", tmp_path / SCENES.name],
        env={
            **os.environ,
            "INWORLD_BASE_URL": tone_server.url,
            "INWORLD_API_KEY": tone_server.key,
            "RECORDING": str(tmp_path / "me.wav"),
        },
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
