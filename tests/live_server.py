"""A real `myna serve` on a free port of the loopback, for tests that need the whole product."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STOP_S = 30


@dataclass(frozen=True, slots=True)
class LiveServer:
    """A running server and how to reach it."""

    url: str
    key: str
    """Read and write, for the workspace `demo`."""
    pid: int
    data_dir: Path
    log: Path
    process: "subprocess.Popen[str]"

    def create_key(self, workspace: str, access: str) -> str:
        """Another key, made with the command that operators use."""
        command = ["keys", "create", "--workspace", workspace, "--access", access, "--data-dir", str(self.data_dir)]
        made = subprocess.run(
            [sys.executable, "-m", "myna.cli.main", *command], check=True, capture_output=True, text=True
        )
        return made.stdout.strip()


def install_engine(engine_id: str, site: Path) -> dict[str, str]:
    """Make `tests/e2e/{engine_id}_engine.py` look like an installed plug-in. Returns settings of a server."""
    about = site / f"{engine_id}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {engine_id}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[myna.engines]\n{engine_id} = {engine_id}_engine:SPEC\n")
    others = os.environ.get("PYTHONPATH", "")
    return {"PYTHONPATH": f"{site}:{Path(__file__).parent / 'e2e'}:{others}"}


@contextmanager
def run_server(
    data_dir: Path, engine: str, options: Sequence[str] = (), settings: dict[str, str] | None = None
) -> Iterator[LiveServer]:
    """Start the command, wait until it says that it is ready, stop it by its own process id.

    settings: `MYNA_...` variables.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir.parent / f"{data_dir.name}.log"
    command = ["serve", "--dev", "--json", "--port", "0", "--data-dir", str(data_dir), "--engine", engine, *options]
    with log.open("ab") as log_file:
        process = subprocess.Popen(
            [sys.executable, "-m", "myna.cli.main", *command],
            stdout=subprocess.PIPE,
            stderr=log_file,
            text=True,
            env={**os.environ, **(settings or {})},
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the server did not start:\n{log.read_text()[-2000:]}"
        ready = json.loads(line)
        yield LiveServer(ready["url"], ready.get("apiKey", ""), process.pid, data_dir, log, process)
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
