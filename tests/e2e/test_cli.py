"""The command as it is installed: real processes, a real server on the loopback, the engine without weights."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import soundfile

from myna.cli.exit_codes import ExitCode

RECORDING = Path(__file__).parents[1] / "data" / "demo_reference.flac"
TRANSCRIPT = RECORDING.with_suffix(".txt").read_text().splitlines()[0]
MYNA = [sys.executable, "-m", "myna.cli.main"]
LIMIT_S = 300

pytestmark = pytest.mark.usefixtures("weights_dir")  # the recordings are listened to by the real models


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without Myna's variables, so that a developer's own do not leak in."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MYNA_")}
    return clean | variables


def run(*arguments: str, stdin: str = "", **variables: str) -> Done:
    ended = subprocess.run(
        [*MYNA, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env=environment(**variables),
        check=False,
    )
    return Done(ended.returncode, ended.stdout, ended.stderr)


class Server:
    """A `myna serve` with the tone engine; stopped by a signal, which must end it well."""

    def __init__(self, data_dir: Path, **variables: str) -> None:
        self.data_dir = data_dir
        self.log = data_dir.parent / "server.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*MYNA, "serve", "--dev", "--engine", "tone", "--port", "0", "--data-dir", str(data_dir), "--json"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment(**variables),
            )
        assert self.process.stdout is not None
        self.ready = json.loads(self.process.stdout.readline())
        self.url: str = self.ready["url"]

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(LIMIT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("served") / "data", MYNA_MEASURE_SIMILARITY="false")
    yield started
    assert started.stop() == 0


@pytest.fixture(scope="module")
def caller(server: Server) -> dict[str, str]:
    """What a client command needs to know of the server."""
    return {"MYNA_URL": server.url, "MYNA_API_KEY": server.ready["apiKey"]}


@pytest.fixture(scope="module")
def cloned(caller: dict[str, str]) -> Done:
    return run("clone", str(RECORDING), "--name", "Ann Lee", "--transcript", TRANSCRIPT, "--tag", "test", **caller)


def test_clone_prints_the_id_and_tells_what_was_heard(cloned: Done) -> None:
    """stdout holds the id and nothing else, so that a script can keep it; the report is on stderr."""
    assert cloned.code == ExitCode.OK, cloned.err
    assert cloned.out.startswith("demo__ann_lee_")
    assert cloned.out.count("\n") == 1
    assert "EN_US" in cloned.err


def test_voices_are_listed_shown_renamed_and_deleted(cloned: Done, caller: dict[str, str]) -> None:
    """The life of a voice from the command line; what is gone is not found."""
    voice_id = cloned.out.strip()
    listed = run("voices", "list", "--filter", 'source = "IVC"', **caller)
    assert [line.split("\t")[0] for line in listed.out.splitlines()] == [voice_id]
    assert "Dennis" in run("voices", "list", **caller).out
    renamed = run("voices", "rename", voice_id, "Bea", "--json", **caller)
    assert json.loads(renamed.out)["displayName"] == "Bea"
    shown = json.loads(run("voices", "show", voice_id, "--json", **caller).out)
    assert (shown["displayName"], shown["tags"], shown["source"]) == ("Bea", ["test"], "IVC")
    second = run("clone", str(RECORDING), "--name", "Short life", "--transcript", TRANSCRIPT, **caller).out.strip()
    assert run("voices", "delete", second, **caller).code == ExitCode.OK
    gone = run("voices", "show", second, **caller)
    assert (gone.code, gone.out) == (ExitCode.NOT_FOUND, "")
    assert gone.err.startswith("myna: ")


@pytest.mark.parametrize(
    ("name", "container"), [("a.wav", "WAV"), ("a.mp3", "MP3"), ("a.opus", "OGG"), ("a.flac", "FLAC")]
)
def test_say_writes_the_format_of_the_file_name(
    cloned: Done, caller: dict[str, str], tmp_path: Path, name: str, container: str
) -> None:
    """The suffix decides, the path is printed, and the file is real audio."""
    path = tmp_path / name
    done = run("say", cloned.out.strip(), "Hello from the command line.", "-o", str(path), **caller)
    assert (done.code, done.out.strip()) == (ExitCode.OK, str(path))
    info = soundfile.info(path)
    assert info.format == container
    assert 0.5 < info.duration < 10


def test_long_text_from_stdin_is_spoken_with_progress(cloned: Done, caller: dict[str, str], tmp_path: Path) -> None:
    """Three thousand characters go through in several requests; the bar is on the terminal, the result on stdout."""
    text = "A sentence that goes on for a while, and then ends. " * 60
    path = tmp_path / "long.wav"
    terminal, stderr = pty.openpty()
    process = subprocess.Popen(
        [*MYNA, "say", cloned.out.strip(), "-f", "-", "-o", str(path), "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=environment(**caller, TERM="xterm"),
    )
    os.close(stderr)
    with ThreadPoolExecutor(1) as reader:
        # While it speaks: a terminal that nobody reads is full after four kilobytes, and the command would wait for it.
        reading = reader.submit(read_terminal, terminal)
        out, _ = process.communicate(text.encode(), LIMIT_S)
        shown = reading.result()
    assert process.returncode == 0
    assert "Speaking" in shown
    spoken = json.loads(out)
    assert spoken["numRequests"] == 4
    assert soundfile.info(path).duration > 60


def read_terminal(descriptor: int) -> str:
    """Everything that was written to a terminal whose other end is closed."""
    shown = b""
    try:
        while piece := os.read(descriptor, 65536):
            shown += piece
    except OSError:  # Linux says EIO where others say end of file
        pass
    os.close(descriptor)
    return shown.decode(errors="replace")


def test_keys_open_what_they_say_and_nothing_once_revoked(server: Server) -> None:
    """`keys create` prints the key and only the key; a read key may not clone; a revoked key opens nothing."""
    folder = ("--data-dir", str(server.data_dir))
    made = run("keys", "create", "--workspace", "lab", "--access", "read", *folder)
    assert made.code == ExitCode.OK, made.err
    key = made.out.strip()
    assert made.out == f"{key}\n"
    access = {"MYNA_URL": server.url, "MYNA_API_KEY": key}
    assert run("voices", "list", **access).code == ExitCode.OK
    assert run("clone", str(RECORDING), "--name", "x", **access).code == ExitCode.CREDENTIALS
    listed = run("keys", "list", "--json", *folder)
    assert listed.code == ExitCode.OK, listed.err
    [row] = [row for row in json.loads(listed.out)["keys"] if row["workspace"] == "lab"]
    assert key not in json.dumps(row)
    assert run("keys", "revoke", row["keyId"], *folder).code == ExitCode.OK
    assert run("voices", "list", **access).code == ExitCode.CREDENTIALS
    assert run("keys", "revoke", "unknown", *folder).code == ExitCode.NOT_FOUND


def test_the_development_key_is_made_and_shown_once(tmp_path: Path) -> None:
    """A second start of the same folder shows no key; the log of neither holds it."""
    first = Server(tmp_path / "data", MYNA_PRELOAD_MODELS="false")
    assert first.stop() == 0
    second = Server(tmp_path / "data", MYNA_PRELOAD_MODELS="false")
    assert second.stop() == 0
    assert first.ready["workspace"] == "demo"
    assert "apiKey" not in second.ready
    assert first.ready["apiKey"] not in first.log.read_text()


def test_clone_and_say_work_in_process(tmp_path: Path) -> None:
    """Without a server, on a folder: the same commands, the same results, and the voice stays."""
    here = ("--data-dir", str(tmp_path / "data"), "--engine", "tone")
    report = run("clone", str(RECORDING), "--name", "Ann", "--transcript", TRANSCRIPT, "--json", *here)
    assert report.code == ExitCode.OK, report.err
    body = json.loads(report.out)
    voice_id = body["voice"]["voiceId"]
    assert voice_id.startswith("local__ann_")
    assert body["audioSamplesValidated"][0]["transcription"] == TRANSCRIPT
    assert body["voice"]["clarity"] < 0.1, "this engine hums: no word is understood"
    assert [warning["code"] for warning in body["voice"]["warnings"]] == ["UNCLEAR_VOICE"]
    path = tmp_path / "a.wav"
    assert run("say", voice_id, "Hello.", "-o", str(path), *here).code == ExitCode.OK
    assert soundfile.info(path).samplerate == 48000
    assert run("voices", "show", "nobody", *here).code == ExitCode.NOT_FOUND


def test_a_recording_that_cannot_be_used_ends_in_3(tmp_path: Path, caller: dict[str, str]) -> None:
    """Silence is told to be silence; bytes that are no audio are refused; neither makes a voice."""
    silence = tmp_path / "silence.wav"
    soundfile.write(silence, [0.0] * 48000, 16000)
    done = run("clone", str(silence), "--name", "Nobody", **caller)
    assert (done.code, done.out) == (ExitCode.REFUSED, "")
    assert "cannot be used" in done.err
    done = run("clone", __file__, "--name", "Nobody", **caller)
    assert (done.code, done.out) == (ExitCode.REFUSED, "")


def test_a_server_without_weights_says_so_and_ends_in_7(tmp_path: Path) -> None:
    """Nothing is announced; the message names the command that helps."""
    done = run("serve", "--port", "0", "--data-dir", str(tmp_path / "data"), MYNA_WEIGHTS_DIR=str(tmp_path / "none"))
    assert (done.code, done.out) == (ExitCode.WEIGHTS, "")
    assert "myna models pull" in done.err


def test_the_demonstration_leaves_a_wav_and_no_process(tmp_path: Path) -> None:
    """Server, clone over HTTP, speech, path; afterwards the server is gone."""
    folder = tmp_path / "demo-out"
    done = run("demo", "--engine", "tone", "--folder", str(folder), "--json")
    assert done.code == ExitCode.OK, done.err
    outcome = json.loads(done.out)
    assert outcome["path"] == str(folder / "speech.wav")
    assert soundfile.info(outcome["path"]).duration == pytest.approx(outcome["speechSeconds"], abs=0.01)
    assert outcome["audioSamplesValidated"][0]["transcription"]
    assert "stopped" in (folder / "server.log").read_text()
