"""The wheel holds all of Myna: installed away from the repository it runs, with no file of the repository in reach."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
import soundfile

ROOT = Path(__file__).parents[2]
LIMIT_S = 300
OPEN_EVERYTHING = """
import myna, sys
from importlib.resources import files
from starlette.testclient import TestClient
from myna.domain.language import LangCode
from myna.bootstrap import build_services
from myna.config import Settings
from myna.http.app import create_app
from myna.text.languages.registry import open_language

print(myna.__file__)
for lang in LangCode:
    open_language(lang)
app = create_app(build_services(Settings(engine="tone")))
client = TestClient(app)  # not entered: nothing is loaded
assert client.get("/studio").status_code == 200
for file in files("myna.http").joinpath("studio").iterdir():
    assert client.get(f"/studio/{file.name}").status_code == 200 or file.name == "index.html", file.name
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as a release is, with the build system that is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", folder, ROOT]
    run([sys.executable, "-m", "pip", *build], folder)
    (built,) = folder.glob("myna-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment with the wheel; the packages that Myna needs are those of this environment."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    programs = folder / "bin"
    (packages,) = folder.glob("lib/python*/site-packages")
    # A path in a .pth file is searched, but the .pth files in it are not read: no editable Myna comes along.
    (packages / "of-the-tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    run(
        [sys.executable, "-m", "pip", "--python", programs / "python", "install", "--no-deps", "--no-index", wheel],
        folder,
    )
    return programs


def run(command: list[object], folder: Path) -> str:
    """What it prints; fails with what it says. Without the variables that lead to this repository or its settings."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MYNA_", "PYTHON"))}
    done = subprocess.run(
        [*map(str, command)], cwd=folder, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    """Code, migrations, languages, the studio, what was learnt: byte for byte, and nothing besides."""
    source = ROOT / "src"
    expected = {
        str(path.relative_to(source)): path.read_bytes()
        for path in (source / "myna").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    } | {"myna/cli/demo_reference.flac": (ROOT / "tests/data/demo_reference.flac").read_bytes()}
    with zipfile.ZipFile(wheel) as archive:
        found = {
            name: archive.read(name) for name in archive.namelist() if not name.split("/")[0].endswith(".dist-info")
        }
    assert found.keys() == expected.keys()
    assert found == expected


def test_the_installed_command_works(installed: Path, tmp_path: Path) -> None:
    """Help, engines, a key in a new store (migrations), speech of the engine without weights, the demonstration."""
    myna = installed / "myna"
    assert "serve" in run([myna, "--help"], tmp_path)
    assert {line.split("\t")[0] for line in run([myna, "engines"], tmp_path).splitlines()} == {"kokoro", "tone"}
    assert run([myna, "keys", "create", "--workspace", "local", "--data-dir", "data"], tmp_path).strip()
    run(
        [myna, "say", "Dennis", "On 3 May it cost $5.", "-o", "hello.wav", "--data-dir", "data", "--engine", "tone"],
        tmp_path,
    )
    assert soundfile.info(tmp_path / "hello.wav").duration > 1
    run([myna, "demo", "--engine", "tone"], tmp_path)
    assert soundfile.info(tmp_path / "demo-out" / "speech.wav").duration > 1


def test_what_it_reads_beside_its_code_opens(installed: Path, tmp_path: Path) -> None:
    """Every language and every file of the studio, from the installed package and not from here."""
    where = Path(run([installed / "python", "-c", OPEN_EVERYTHING], tmp_path).strip())
    assert where.is_relative_to(installed.parent)
