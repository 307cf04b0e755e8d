"""The Dockerfile, the compose file and the systemd unit: all that can be known of them without running containers."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import obstore
import pytest
import typer
import yaml
from compose_spec import PyCompose
from obstore.store import S3Store
from tests.live_server import LiveServer
from tests.store_servers import S3, free_port, s3_environment

from myna.cli.main import build_app
from myna.config import ClientSettings, Settings
from myna.store.opening import open_stores
from myna.testing.clock import FixedClock

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"
DEPLOY = ROOT / "examples" / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
UNIT = (DEPLOY / "myna.service").read_text()
PROGRAM = "/opt/myna/bin/myna"
MOST_EXPOSURE = 15
"""Tenths of systemd's own score for what a service could do to the machine: 0 nothing, 100 everything."""


def steps() -> list[tuple[str, str]]:
    """Instruction and words of each step of the Dockerfile."""
    code = "".join(line for line in DOCKERFILE.read_text().splitlines(keepends=True) if not line.startswith("#"))
    lines = re.sub(r"\\\n\s*", "", code).splitlines()
    return [(name, words.strip()) for name, _, words in (line.partition(" ") for line in lines if line)]


def words_of(instruction: str) -> str:
    """Of the last one of its kind: the one that counts."""
    return [words for name, words in steps() if name == instruction][-1]


def check_serve(words: list[str]) -> None:
    """The command line is one that Myna takes. Raises: click.UsageError."""
    name, *options = words
    typer.main.get_command(build_app()).commands[name].make_context(name, options)


def test_hadolint_finds_nothing() -> None:
    """The usual rules for Dockerfiles, none excepted."""
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([hadolint, "--no-color", DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_is_made_of_what_is_here() -> None:
    """What is copied exists and is sent to the builder; what is not named by the Dockerfile is not sent."""
    copied = [words.split()[:-1] for name, words in steps() if name == "COPY" and not words.startswith("--from")]
    sources = {source for each in copied for source in each}
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert sources == sent
    assert all((ROOT / source).exists() for source in sources)
    pins = (ROOT / "requirements-dev.lock").read_text()
    assert re.findall(r"^(psycopg\S*)==", pins, re.MULTILINE) == ["psycopg", "psycopg-binary"]  # as sed takes them out


def test_images_are_pinned_and_name_no_registry() -> None:
    """Each by a version, from whatever registry the reader's engine is set to."""
    images = [words.split()[0] for name, words in steps() if name == "FROM"]
    images += [service["image"] for service in COMPOSE["services"].values() if "build" not in service]
    assert len(images) >= 2
    for image in images:
        assert re.fullmatch(r"(\w+/)?\w+:\d[\w.-]+", image), image


def test_the_image_runs_myna_as_nobody_special() -> None:
    """Another stage than the one that builds, a numbered user, a command that Myna takes."""
    assert [name for name, _ in steps()].count("FROM") == 2
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", words_of("USER"))
    assert json.loads(words_of("ENTRYPOINT")) == ["myna"]
    check_serve(json.loads(words_of("CMD")))


def test_the_health_check_tells_ready_from_not(tone_server: LiveServer) -> None:
    """The very command of the image, with the port of a server here, and of none."""
    program, *words = json.loads(words_of("HEALTHCHECK").partition("CMD ")[2])
    assert program == "python"

    def status(port: int) -> int:
        there = [word.replace("8080", str(port)) for word in words]
        env = {**os.environ, "http_proxy": "http://127.0.0.1:9"}
        return subprocess.run([sys.executable, *there], env=env, stderr=subprocess.DEVNULL, check=False).returncode

    assert status(urlsplit(tone_server.url).port) == 0
    assert status(free_port()) != 0


def test_the_compose_file_follows_the_specification() -> None:
    """Every field is known and every reference leads somewhere; every secret must be given."""
    PyCompose.from_yaml((DEPLOY / "compose.yaml").read_text()).validate()
    services = COMPOSE["services"]
    assert (DEPLOY / services["server"]["build"] / "Dockerfile").resolve() == DOCKERFILE
    for service in services.values():
        assert set(service.get("depends_on", ())) <= services.keys()
    asked = set(re.findall(r"\$\{(\w+)(:\?)?", (DEPLOY / "compose.yaml").read_text()))
    example = (DEPLOY / ".env.example").read_text()
    assert asked == {(name, ":?") for name in re.findall(r"^(\w+)=$", example, re.MULTILINE)}
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert published == ["127.0.0.1:8080:8080"]


async def test_the_settings_of_the_compose_file_open_a_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """PostgreSQL and S3 at the names of the other services."""
    for name, value in COMPOSE["services"]["server"]["environment"].items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert urlsplit(settings.database_url).hostname in COMPOSE["services"]
    assert urlsplit(os.environ["AWS_ENDPOINT_URL"]).hostname in COMPOSE["services"]
    await open_stores(tmp_path, FixedClock(), settings.database_url, settings.blob_url).release()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_bucket_is_made_once(s3: S3) -> None:
    """The command of the service `bucket`, against a real S3 server: it makes the bucket and may be repeated."""
    bucket = COMPOSE["services"]["bucket"]
    command = [*bucket["entrypoint"], *(word.replace("$$", "$") for word in bucket["command"])]
    env = {**os.environ, **bucket["environment"], **s3_environment(s3.endpoint)}
    for _ in range(2):
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    config = {name.lower(): value for name, value in s3_environment(s3.endpoint).items()}
    assert list(obstore.list(S3Store("myna", config=config))) == []
    env["AWS_ENDPOINT_URL"] = f"{s3.endpoint}/no/such"
    assert subprocess.run(command, env=env, capture_output=True, check=False).returncode != 0


def test_the_storage_takes_the_keys_that_myna_has() -> None:
    """SeaweedFS's list of keys is JSON, with the key that the other services use."""
    (identity,) = json.loads(COMPOSE["configs"]["storage-keys"]["content"])["identities"]
    environment = COMPOSE["services"]["server"]["environment"]
    assert identity["credentials"] == [
        {"accessKey": environment["AWS_ACCESS_KEY_ID"], "secretKey": environment["AWS_SECRET_ACCESS_KEY"]}
    ]


def test_every_named_setting_exists() -> None:
    """In all three files."""
    known = {f"MYNA_{name}".upper() for name in (*Settings.model_fields, *ClientSettings.model_fields)}
    for path in (DOCKERFILE, *DEPLOY.iterdir()):
        assert set(re.findall(r"MYNA_[A-Z_]+", path.read_text())) <= known, path.name


def test_the_unit_starts_myna() -> None:
    """With a command that Myna takes."""
    program, *words = shlex.split(re.search(r"^ExecStart=(.*)$", UNIT, re.MULTILINE)[1])
    assert program == PROGRAM
    check_serve(words)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_the_unit_and_finds_it_confined(tmp_path: Path) -> None:
    """Every line is one that systemd knows, and its own score for confinement is low."""
    unit = tmp_path / "myna.service"
    unit.write_text(UNIT.replace(PROGRAM, sys.executable))
    for words in (["verify"], ["security", "--offline=true", f"--threshold={MOST_EXPOSURE}"]):
        done = subprocess.run(["systemd-analyze", *words, unit], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
