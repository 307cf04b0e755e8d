"""The command line itself: what it accepts, refuses and prints, without any server."""

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from myna.cli.exit_codes import ExitCode
from myna.cli.main import load_command, main, name_commands


class Terminal:
    """Runs `myna` in this process and keeps what it printed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        self._monkeypatch.setattr(sys, "argv", ["myna", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self._capfd.readouterr()
        return int(ended.value.code or 0), out, err


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Terminal:
    for name in ("MYNA_URL", "MYNA_API_KEY", "MYNA_DATA_DIR", "MYNA_ENGINE"):
        monkeypatch.delenv(name, raising=False)
    return Terminal(monkeypatch, capfd)


COMMANDS = [
    ["serve"],
    ["clone"],
    ["say"],
    ["demo"],
    ["engines"],
    ["doctor"],
    ["export"],
    ["import"],
    *(["keys", name] for name in ("create", "list", "rotate", "revoke")),
    *(["voices", name] for name in ("list", "show", "rename", "revoke", "delete", "remake")),
    ["audit", "verify"],
    *(["models", name] for name in ("pull", "list", "verify")),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_can_print_json(terminal: Terminal, command: list[str]) -> None:
    """`--help` works everywhere, and so does `--json`."""
    code, out, _ = terminal.run(*command, "--help")
    assert code == ExitCode.OK
    assert "--json" in out


HEAVY = {"numpy", "httpx", "onnxruntime", "fastapi", "sqlalchemy", "pydantic", "scipy", "av"}
IMPORTED = """
import sys
from myna.cli.main import main
try:
    main()
except SystemExit as ended:
    assert not ended.code
print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        (["--help"], set()),
        (["keys", "list", "--data-dir", "{}"], {"numpy", "sqlalchemy", "pydantic"}),
        (["engines"], {"numpy", "pydantic"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_imports_what_it_needs(command: list[str], needed: set[str], tmp_path: Path) -> None:
    """Not the libraries of the others: they take most of a second, and those of the engine more."""
    words = [word.format(tmp_path) for word in command]
    done = subprocess.run([sys.executable, "-c", IMPORTED, *words], check=True, capture_output=True, text=True)
    assert HEAVY & set(done.stderr.split()) <= needed


def test_the_list_of_commands_says_what_they_say_of_themselves() -> None:
    """The list is made without their modules; each line is what `--help` of the command begins with."""
    for name, text in name_commands().items():
        assert load_command(name).help == text, name


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["unknown"], "No such command"),
        (["clone", "missing.wav", "--name", "Ann"], "does not exist"),
        (["clone", __file__], "Missing option '--name'"),
        (["clone", __file__, "--name", "Ann", "--transcript", "a", "--transcript", "b"], "2 transcripts for 1"),
        (["say", "voice"], "--text-file"),
        (["say", "voice", "text", "--text-file", "-"], "--text-file"),
        (["say", "voice", "  "], "no text to say"),
        (["say", "voice", "text", "-o", "speech.doc"], "speech.doc tells no format"),
        (["say", "voice", "text", "-o", "-", "--json"], "stdout cannot carry both"),
        (["say", "voice", "text", "--url", "http://x", "--data-dir", "y"], "--data-dir works without one"),
        (["voices", "list", "--url", "http://x", "--data-dir", "y"], "--data-dir works without one"),
        (["keys", "create", "--workspace", "w", "--access", "admin"], "'--access'"),
        (["serve", "--port", "70000"], "'--port'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line_is_told_and_ends_in_2(terminal: Terminal, arguments: list[str], told: str) -> None:
    """What is wrong is named; nothing is sent anywhere, nothing is on stdout."""
    code, out, err = terminal.run(*arguments)
    assert (code, out) == (ExitCode.USAGE, "")
    assert told in err


def test_a_wrong_setting_is_named(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad variable of the environment is named, its value is not repeated."""
    monkeypatch.setenv("MYNA_ENGINE_SLOTS", "many-secrets")
    code, _, err = terminal.run("doctor")
    assert code == ExitCode.USAGE
    assert "MYNA_ENGINE_SLOTS" in err
    assert "many-secrets" not in err


def test_no_server_is_told_in_one_line(terminal: Terminal) -> None:
    """An address where nobody listens ends in 6, with advice; JSON is asked for, so JSON tells it."""
    address = "http://127.0.0.1:9"
    code, out, err = terminal.run("voices", "list", "--url", address)
    assert (code, out) == (ExitCode.UNREACHABLE, "")
    assert err.startswith("myna: No server answers at http://127.0.0.1:9.")
    assert err.count("\n") == 1
    code, _, err = terminal.run("voices", "list", "--url", address, "--json")
    assert code == ExitCode.UNREACHABLE
    assert json.loads(err)["error"]["exitCode"] == ExitCode.UNREACHABLE


def test_missing_weights_are_told_and_end_in_7(terminal: Terminal, tmp_path: Path) -> None:
    """`verify` on an empty folder lists what is missing and says what to do; `list` only tells."""
    code, out, err = terminal.run("models", "verify", "--weights-dir", str(tmp_path), "--json")
    assert code == ExitCode.WEIGHTS
    files = json.loads(out)["files"]
    assert files
    assert {file["state"] for file in files} == {"missing"}
    assert "myna models pull" in err
    code, out, _ = terminal.run("models", "list", "--weights-dir", str(tmp_path))
    assert code == ExitCode.OK
    assert len(out.splitlines()) == len(files)


def test_engines_are_listed_with_their_languages(terminal: Terminal) -> None:
    """Both shipped engines are there, without loading either."""
    code, out, _ = terminal.run("engines", "--json")
    assert code == ExitCode.OK
    engines = {engine["id"]: engine for engine in json.loads(out)["engines"]}
    assert {"kokoro", "tone"} <= set(engines)
    assert "en-US" in engines["kokoro"]["languages"]


def test_the_doctor_tells_where_settings_come_from_and_hides_passwords(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Option, environment or default; a password inside an address never shows."""
    monkeypatch.setenv("MYNA_DATABASE_URL", "postgresql+psycopg://ann:hunter2@db.example/myna")
    monkeypatch.setenv("MYNA_WEIGHTS_DIR", str(tmp_path / "none"))
    code, out, _ = terminal.run("doctor", "--data-dir", str(tmp_path / "data"), "--json")
    assert code == ExitCode.WEIGHTS
    assert "hunter2" not in out
    report = json.loads(out)
    assert report["settings"]["data_dir"] == {"value": str(tmp_path / "data"), "from": "option"}
    assert report["settings"]["database_url"] == {
        "value": "postgresql+psycopg://ann:***@db.example/myna",
        "from": "environment",
    }
    assert report["settings"]["engine"]["from"] == "default"
    assert {check["name"]: check["ok"] for check in report["checks"]}["weights"] is False
    assert not (tmp_path / "data").exists()


def test_an_engine_that_cannot_use_the_device_is_refused(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither the server starts nor does the doctor find it well; both say on what the engine computes."""
    monkeypatch.setenv("MYNA_DEVICE", "cuda")
    options = ("--engine", "tone", "--data-dir", str(tmp_path), "--json")
    code, out, err = terminal.run("serve", "--port", "0", *options)
    assert (code, out) == (ExitCode.USAGE, "")
    message = "MYNA_DEVICE=cuda: the engine 'tone' computes on cpu alone."
    assert json.loads(err.splitlines()[-1])["error"]["message"] == message
    _, out, _ = terminal.run("doctor", *options)
    assert {"name": "device", "ok": False, "detail": message} in json.loads(out)["checks"]
    monkeypatch.setenv("MYNA_DEVICE", "gpu")
    code, _, err = terminal.run("doctor", *options)
    assert code == ExitCode.USAGE
    assert "MYNA_DEVICE" in err


def test_a_key_has_scopes_and_is_replaced_by_another(terminal: Terminal, tmp_path: Path) -> None:
    """`--scope` in place of `--access`; `rotate` prints a key that opens the same, and the old one ends. No key
    without a whole secret."""
    folder = ("--data-dir", str(tmp_path), "--json")
    scopes = ("--scope", "speak", "--scope", "voices:read")
    assert terminal.run("keys", "create", "--workspace", "w", "--scope", "all", *folder)[0] == ExitCode.USAGE
    old = json.loads(terminal.run("keys", "create", "--workspace", "w", *scopes, *folder)[1])
    assert (old["access"], old["scopes"]) == ("speak,voices:read", ["speak", "voices:read"])
    new = json.loads(terminal.run("keys", "rotate", old["keyId"], "--overlap", "2", *folder)[1])
    assert (new["workspace"], new["scopes"], new["expiresAt"]) == ("w", old["scopes"], None)
    assert len({old["apiKey"], new["apiKey"], old["keyId"], new["keyId"]}) == 4
    listed = json.loads(terminal.run("keys", "list", *folder)[1])["keys"]
    ends_at = datetime.fromisoformat(next(row["expiresAt"] for row in listed if row["keyId"] == old["keyId"]))
    assert abs(ends_at - datetime.fromisoformat(new["createdAt"]) - timedelta(hours=2)) < timedelta(seconds=1)
    secret = tmp_path / "token.secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    secret.write_bytes(secret.read_bytes()[:31])
    assert terminal.run("keys", "create", "--workspace", "w", *folder)[0] == ExitCode.BUSY


def test_nothing_is_forgotten_without_a_place_for_the_receipt(terminal: Terminal, tmp_path: Path) -> None:
    """A folder that is not there, a file that is: it stays as it was."""
    folder = ("--data-dir", str(tmp_path), "--json")
    assert terminal.run("keys", "create", "--workspace", "w", *folder)[0] == ExitCode.OK
    taken = tmp_path / "taken"
    taken.write_text("mine")
    for receipt in (tmp_path / "none" / "receipt", taken):
        assert terminal.run("store", "forget", "w", "--receipt", str(receipt), *folder)[0] == ExitCode.USAGE
    assert taken.read_text() == "mine"
    assert len(json.loads(terminal.run("keys", "list", *folder)[1])["keys"]) == 1


def test_a_key_may_be_given_an_end(terminal: Terminal, tmp_path: Path) -> None:
    """In days; the list shows it, as text and as JSON, beside the day of the last use."""
    folder = ("--data-dir", str(tmp_path))
    assert terminal.run("keys", "create", "--workspace", "w", "--expires-in", "0", *folder)[0] == ExitCode.USAGE
    made = json.loads(terminal.run("keys", "create", "--workspace", "w", "--expires-in", "30", "--json", *folder)[1])
    lasting = datetime.fromisoformat(made["expiresAt"]) - datetime.fromisoformat(made["createdAt"])
    assert (lasting, made["lastUsedOn"]) == (timedelta(days=30), None)
    [row] = json.loads(terminal.run("keys", "list", "--json", *folder)[1])["keys"]
    assert row == {name: value for name, value in made.items() if name != "apiKey"}
    cells = terminal.run("keys", "list", *folder)[1].rstrip("\n").split("\t")
    assert cells[-2:] == [made["expiresAt"][:19] + "+00:00", ""]
