"""Every program in `examples/` does what it says, against a real server (the pages are run by test_cli_docs.py)."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.conftest import DATA
from tests.live_server import LiveServer, run_server

from myna.client import Client, Encoding, SpeechOptions

EXAMPLES = Path(__file__).parents[2] / "examples"
LIMIT_S = 300
LEAST_NODE = 20

pytestmark = pytest.mark.usefixtures("weights_dir")


def node_version() -> int:
    """The major version of the installed Node; 0: none."""
    node = shutil.which("node")
    if node is None:
        return 0
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(told.removeprefix("v").partition(".")[0])


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who tries the examples: a folder with a recording called me.wav, and the server's address and key."""

    folder: Path
    server: LiveServer

    def run(self, command: Sequence[str | Path]) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, "MYNA_URL": self.server.url, "MYNA_API_KEY": self.server.key},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run_python(self, name: str) -> str:
        return self.run([sys.executable, EXAMPLES / name])

    def seconds_of(self, name: str) -> float:
        return float(soundfile.info(self.folder / name).duration)

    def pitch_of(self, name: str) -> float:
        """The strongest frequency, Hz: a voice of the tone engine is one."""
        samples, rate_hz = soundfile.read(self.folder / name)
        spectrum = np.abs(np.fft.rfft(samples))
        return float(np.argmax(spectrum)) * rate_hz / len(samples)


@pytest.fixture
def reader(tmp_path: Path, tone_server: LiveServer) -> Reader:
    samples, rate_hz = soundfile.read(DATA / "demo_reference.flac")
    soundfile.write(tmp_path / "me.wav", samples, rate_hz)
    return Reader(tmp_path, tone_server)


@pytest.mark.skipif(node_version() < LEAST_NODE, reason=f"Node {LEAST_NODE} or newer is not installed")
def test_javascript_clones_and_speaks(reader: Reader) -> None:
    """The transcript is told, and the whole and the streamed file have the pitch of the person."""
    told = reader.run(["node", EXAMPLES / "javascript" / "clone_and_speak.mjs"])
    assert "pulled her hair" in told
    assert reader.seconds_of("hello.wav") == pytest.approx(1.9, abs=0.2)
    assert reader.seconds_of("hello.mp3") == pytest.approx(4.1, abs=0.3)
    assert reader.pitch_of("hello.mp3") == pytest.approx(reader.pitch_of("hello.wav"), rel=0.03)


@pytest.mark.skipif(find_spec("openai") is None, reason="the package openai is not installed (dev extra)")
def test_openai_client_speaks(reader: Reader) -> None:
    """One file as a whole and one in pieces, each as long as its sentence."""
    reader.run_python("openai_client.py")
    assert reader.seconds_of("openai_whole.mp3") == pytest.approx(2.2, abs=0.3)
    assert reader.seconds_of("openai_streamed.wav") == pytest.approx(4.3, abs=0.3)
    assert reader.pitch_of("openai_streamed.wav") == pytest.approx(110.0, rel=0.03), "the voice is Dennis"


def test_two_people_talk_over_one_socket(reader: Reader) -> None:
    """Each has their own voice and says all of their text; the one that is interrupted stops at once."""
    reader.run_python("websocket_conversation.py")
    assert reader.seconds_of("Dennis.wav") == pytest.approx(3.2, abs=0.2)
    assert reader.seconds_of("Sarah.wav") == pytest.approx(3.6, abs=0.2)
    assert reader.pitch_of("Dennis.wav") == pytest.approx(110.0, rel=0.03)
    assert reader.pitch_of("Sarah.wav") == pytest.approx(205.0, rel=0.03)
    # How soon it stops is tested in tests/contract, with an engine that waits: this one may be through by then.
    assert reader.seconds_of("interrupted.wav") > 0.0


@pytest.mark.skipif(
    find_spec("livekit") is None
    or find_spec("livekit.plugins") is None
    or find_spec("livekit.plugins.inworld") is None,
    reason="the package livekit-plugins-inworld is not installed (dev extra)",
)
def test_livekit_speaks_with_the_time_of_each_word(reader: Reader) -> None:
    """What is printed is the sentence, and the file is as long as it takes."""
    told = reader.run_python("livekit_tts.py")
    words = [line.partition(" s ")[2] for line in told.splitlines()]
    assert "".join(words).split() == ["Good", "morning.", "Your", "table", "is", "ready", "by", "the", "window."]
    assert reader.seconds_of("agent.wav") == pytest.approx(2.9, abs=0.2)


def test_an_engine_of_another_package_keeps_the_laws_and_serves(tmp_path: Path) -> None:
    """Installed by pip, found by its entry point, `EngineContract` passed, a voice cloned and heard at its pitch."""
    source, site = tmp_path / "engine_plugin", tmp_path / "site"
    shutil.copytree(EXAMPLES / "engine_plugin", source)  # the build leaves files beside the source
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--target", site, source], check=True, timeout=LIMIT_S)
    environment = {**os.environ, "PYTHONPATH": str(site)}
    laws = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        laws, cwd=source, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout

    with (
        run_server(tmp_path / "data", "chime", settings=environment | {"MYNA_PRELOAD_MODELS": "false"}) as server,
        Client(server.url, server.key) as client,
    ):
        options = SpeechOptions(Encoding.WAV, sample_rate_hz=24000)
        client.say_to_file("Dennis", "The bell is struck for each of these words.", tmp_path / "bell.wav", options)
        assert Reader(tmp_path, server).pitch_of("bell.wav") == pytest.approx(110.0, rel=0.1)
