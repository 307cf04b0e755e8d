"""`myna voices remake`: on a data folder, as a command; killed in the middle it leaves whole voices."""

import asyncio
import json
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.store_contract import make_voice

from myna.audio.encode import encode_wav
from myna.cli.exit_codes import ExitCode
from myna.domain.language import LangCode
from myna.domain.voice import VoiceArtifact, VoiceDesign, VoiceId, WorkspaceId
from myna.domain.waveform import Waveform
from myna.engines.tone.artifact import read_artifact, write_artifact
from myna.runtime.clock import SystemClock
from myna.store.opening import open_stores
from myna.testing.clock import FixedClock
from myna.usecases.ports import StoredSample

MYNA = [sys.executable, "-m", "myna.cli.main", "voices", "remake"]
LIMIT_S = 300
LOCAL, ACME = WorkspaceId("local"), WorkspaceId("acme")
OLD = VoiceArtifact(write_artifact(60.0), "tone", "0")
PITCH_HZ = 150.0
RATE_HZ = 24000

_KILLER = '''"""A plug-in for tests: the tone engine, whose process dies while it makes the second voice."""

import os
import signal
from dataclasses import replace

from myna.engines.tone.engine import ToneEngine
from myna.engines.tone.spec import SPEC as TONE


class KillerEngine(ToneEngine):
    num_made = 0

    def encode_voice(self, reference):
        self.num_made += 1
        if self.num_made == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode_voice(reference)


SPEC = replace(TONE, id="killer", load=lambda settings: KillerEngine())
'''


def environment(site: Path | None = None) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MYNA_")}
    if site is not None:
        clean["PYTHONPATH"] = os.pathsep.join(filter(None, (str(site), clean.get("PYTHONPATH"))))
    return clean


def remake(data_dir: Path, *arguments: str, engine: str = "tone", site: Path | None = None) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    command = [*MYNA, *arguments, "--engine", engine, "--data-dir", str(data_dir)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, env=environment(site), check=False)
    return ended.returncode, ended.stdout, ended.stderr


def hum(pitch_hz: float = PITCH_HZ) -> StoredSample:
    phase = 2 * np.pi * pitch_hz * np.arange(3 * RATE_HZ) / RATE_HZ
    samples = (0.3 * np.sin(phase) + 0.1 * np.sin(2 * phase)).astype(np.float32)
    return StoredSample(encode_wav(Waveform(samples, RATE_HZ)), "", LangCode.EN_US, 1.0)


def store(data_dir: Path, names: Sequence[str], workspace: WorkspaceId = LOCAL, pitch_hz: float = PITCH_HZ) -> None:
    """Clones of an older version."""

    async def work() -> None:
        stores = open_stores(data_dir, SystemClock())
        await stores.prepare()
        for name in names:
            clone = replace(make_voice(FixedClock(), name, workspace), design=None)
            await stores.voices.add(workspace, clone, OLD, [hum(pitch_hz)])
        await stores.release()

    asyncio.run(work())


def read(data_dir: Path, name: str, workspace: WorkspaceId = LOCAL) -> VoiceArtifact:
    """The artifact; the voice's recordings are whole too."""

    async def work() -> VoiceArtifact:
        stores = open_stores(data_dir, SystemClock())
        await stores.prepare()
        voice_id = VoiceId(f"{workspace}__{name}")
        assert len(await stores.voices.get_samples(workspace, voice_id)) == 1
        artifact = (await stores.voices.get_with_artifact(workspace, voice_id)).artifact
        await stores.release()
        return artifact

    return asyncio.run(work())


def assert_is_new(artifact: VoiceArtifact, engine_id: str = "tone") -> None:
    assert artifact.is_made_by(engine_id, "1")
    assert read_artifact(artifact.content) == pytest.approx(PITCH_HZ, abs=2)


def test_all_of_every_workspace_once(tmp_path: Path) -> None:
    """The ids on stdout; the second time there is nothing to do and no engine is loaded."""
    store(tmp_path, ["ann", "bea"])
    store(tmp_path, ["cyd"], ACME)
    code, out, err = remake(tmp_path, "--all")
    assert (code, sorted(out.split())) == (ExitCode.OK, ["acme__cyd", "local__ann", "local__bea"]), err
    for name, workspace in (("ann", LOCAL), ("bea", LOCAL), ("cyd", ACME)):
        assert_is_new(read(tmp_path, name, workspace))
    code, out, err = remake(tmp_path, "--all")
    assert (code, out) == (ExitCode.OK, "")
    assert "nothing to make again" in err


def test_one_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    """It is told, stays as it was, and the exit code is its own."""
    store(tmp_path, ["silent"], pitch_hz=0.0)
    store(tmp_path, ["ann"])
    code, out, err = remake(tmp_path, "--all", "--json")
    reply = json.loads(out)
    assert code == ExitCode.REFUSED
    assert reply["remade"] == [{"voiceId": "local__ann", "workspace": "local"}]
    assert [(row["voiceId"], row["code"]) for row in reply["failed"]] == [("local__silent", "VOICE_INCOMPATIBLE")]
    assert "No voiced speech" in err
    assert read(tmp_path, "silent") == OLD
    assert_is_new(read(tmp_path, "ann"))


def test_named_voices(tmp_path: Path) -> None:
    """Only these, of the workspace that is said; unknown and stock voices are refused."""
    store(tmp_path, ["ann", "bea"], ACME)
    code, out, _ = remake(tmp_path, "acme__ann", "--workspace", "acme")
    assert (code, out) == (ExitCode.OK, "acme__ann\n")
    assert_is_new(read(tmp_path, "ann", ACME))
    assert read(tmp_path, "bea", ACME) == OLD
    assert remake(tmp_path, "acme__bea")[0] == ExitCode.NOT_FOUND
    code, _, err = remake(tmp_path, "Dennis")
    assert (code, "comes with the engine" in err) == (ExitCode.REFUSED, True)


def test_designed_voices_are_designed_again(tmp_path: Path) -> None:
    """From what is kept; without it the command says so."""

    async def prepare() -> None:
        stores = open_stores(tmp_path, SystemClock())
        await stores.prepare()
        for name, design in (("kept", VoiceDesign("A calm old man.", 7)), ("lost", None)):
            await stores.voices.add(LOCAL, replace(make_voice(FixedClock(), name, LOCAL), design=design), OLD, ())
        await stores.release()

    asyncio.run(prepare())
    code, out, err = remake(tmp_path, "--all")
    assert (code, out) == (ExitCode.REFUSED, "local__kept\n")
    assert "neither a recording nor a description" in err


@pytest.mark.parametrize("arguments", [(), ("local__ann", "--all")])
def test_what_to_make_must_be_said(tmp_path: Path, arguments: Sequence[str]) -> None:
    """Names or --all, one of them."""
    assert remake(tmp_path, *arguments)[0] == ExitCode.USAGE


def test_a_kill_in_the_middle_leaves_whole_voices(tmp_path: Path) -> None:
    """Of two voices one is new and the other old; the same command again finishes."""
    site, data_dir = tmp_path / "site", tmp_path / "data"
    about = site / "killer-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "killer_engine.py").write_text(_KILLER)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: killer\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[myna.engines]\nkiller = killer_engine:SPEC\n")
    store(data_dir, ["ann", "bea"])
    assert remake(data_dir, "--all", engine="killer", site=site)[0] == -9
    assert_is_new(read(data_dir, "ann"), "killer")
    assert read(data_dir, "bea") == OLD
    assert remake(data_dir, "--all", engine="killer", site=site)[0] == ExitCode.OK
    assert_is_new(read(data_dir, "bea"), "killer")
    assert len(list((data_dir / "blobs").iterdir())) == 4


def test_progress_is_shown_on_a_terminal(tmp_path: Path) -> None:
    """A bar with the voice that is made and how many are done; the ids alone on stdout."""
    store(tmp_path, ["ann", "bea"])
    terminal, stderr = pty.openpty()
    process = subprocess.Popen(
        [*MYNA, "--all", "--engine", "tone", "--data-dir", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=environment() | {"TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(stderr)
    out, _ = process.communicate(timeout=LIMIT_S)
    shown = b""
    try:
        while part := os.read(terminal, 65536):
            shown += part
    except OSError:  # the other side is closed
        pass
    os.close(terminal)
    assert (process.returncode, sorted(out.split())) == (0, [b"local__ann", b"local__bea"])
    assert b"Making local__bea again" in shown
    assert b"2/2" in shown
