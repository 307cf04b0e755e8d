"""`myna demo`: the main job, end to end, on real speech: serve, clone over HTTP, speak, write a WAV."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import httpx
import typer

from myna.cli.clone import tell_report, wait_until_heard
from myna.cli.exit_codes import ExitCode
from myna.cli.keys import make_key
from myna.cli.options import AsJson, EngineId
from myna.cli.output import print_json, print_result, remark
from myna.cli.progress import client_progress, progress_bars
from myna.cli.setting_values import read_settings
from myna.cli.voice_json import report_as_json
from myna.client import AsyncClient, CloneReport, Encoding, Sample, SpeechOptions
from myna.config import Settings
from myna.domain.errors import DeadlineExceeded
from myna.domain.scope import WRITE
from myna.domain.voice import WorkspaceId

_RECORDING = "demo_reference.flac"
_CREDIT = "LibriSpeech 3331-159605-0000, read by a LibriVox volunteer (CC BY 4.0)"
_SENTENCE = (
    "This voice was copied a moment ago, on this machine, from a single recording of a few seconds. "
    "Nothing of it has left the house."
)
_WORKSPACE = WorkspaceId("demo")
_RATE_HZ = 24000
_WAV_HEADER_BYTES = 44
_STOP_S = 15.0
_LOG_TAIL_LINES = 15


@dataclass(frozen=True, slots=True)
class _Outcome:
    report: CloneReport
    clone_s: float
    """From the request to the reply, as the client sees it."""
    heard_s: float
    """From the request until the voice was listened to and measured, beside the speaking."""
    speak_s: float
    speech_s: float
    """How long the speech lasts."""


def demo(
    *,
    recording: Annotated[
        Path | None,
        typer.Option(help="Recording to clone.", exists=True, dir_okay=False, show_default="one that comes along"),
    ] = None,
    text: Annotated[str, typer.Option(help="What the new voice says.")] = _SENTENCE,
    folder: Annotated[
        Path, typer.Option("--folder", help="Where the speech, the voices and the server's log go.", file_okay=False)
    ] = Path("demo-out"),
    engine: EngineId = None,
    limit_s: Annotated[float, typer.Option("--limit", help="Give up after so many seconds.", min=1.0)] = 600.0,
    as_json: AsJson = False,
) -> None:
    """Start a real server, clone a voice over HTTP from a real recording, speak a sentence, write a WAV."""
    source = recording or _shipped_recording()
    settings = read_settings(data_dir=folder / "data", engine=engine)  # names what is wrong before anything is begun
    folder.mkdir(parents=True, exist_ok=True)
    speech = (folder / "speech.wav").absolute()

    async def run() -> tuple[str, _Outcome]:
        async with asyncio.timeout(limit_s), _server(folder, settings) as ready:
            key = ready.get("apiKey") or (await make_key(settings, _WORKSPACE, WRITE))[0]
            return key, await _clone_and_speak(ready["url"], key, source, text, speech)

    try:
        key, outcome = asyncio.run(run())
    except TimeoutError as exc:
        raise DeadlineExceeded(f"The demonstration took longer than {limit_s:.0f} s; see {folder}/server.log.") from exc
    if as_json:
        print_json(_as_json(outcome, speech))
    else:
        if recording is None:
            remark(f"Recording: {_CREDIT}")
        tell_report(outcome.report, [source])
        _tell_outcome(outcome, speech, folder, key)
    if outcome.report.voice is None:
        raise typer.Exit(ExitCode.REFUSED)


def _shipped_recording() -> Path:
    """The wheel brings it along (pyproject.toml); in a checkout it is among the tests' data."""
    installed = Path(__file__).with_name(_RECORDING)
    return installed if installed.is_file() else Path(__file__).parents[3].joinpath("tests", "data", _RECORDING)


@asynccontextmanager
async def _server(folder: Path, settings: Settings) -> AsyncIterator[dict[str, str]]:
    """A `myna serve` on a free port of the loopback, ended with the block. Gives what it says: `url`, `apiKey`."""
    log = folder / "server.log"
    options = ["--dev", "--json", "--port", "0", "--data-dir", str(settings.data_dir), "--engine", settings.engine]
    with log.open("wb") as log_file:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "myna.cli.main", "serve", *options),
            stdout=asyncio.subprocess.PIPE,
            stderr=log_file,
        )
        try:
            yield await _wait_until_ready(process, log)
        finally:
            await _stop(process)


async def _wait_until_ready(process: asyncio.subprocess.Process, log: Path) -> dict[str, str]:
    """Raises: typer.Exit with the server's own exit code if it ends before it is ready."""
    assert process.stdout is not None
    with progress_bars() as bars:
        bars.add_task("Starting the server and loading the engine", total=None)
        line = await process.stdout.readline()
    if not line:
        code = await process.wait()
        tail = log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:]
        remark("\n".join(["The server did not start. It said:", *tail]), style="red")
        raise typer.Exit(code or ExitCode.FAILED)
    ready: dict[str, str] = json.loads(line)
    return ready


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_S)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _clone_and_speak(url: str, key: str, recording: Path, text: str, speech: Path) -> _Outcome:
    # An explicit transport: the loopback is never asked for through a proxy of the environment.
    async with AsyncClient(url, key, transport=httpx.AsyncHTTPTransport()) as client:
        began_s = time.monotonic()
        with client_progress() as on_progress:
            report = await client.clone([Sample(recording)], "Demo voice", tags=["demo"], on_progress=on_progress)
        clone_s = time.monotonic() - began_s
        if report.voice is None:
            return _Outcome(report, clone_s, clone_s, 0.0, 0.0)
        spoke_s = time.monotonic()
        options = SpeechOptions(Encoding.WAV, sample_rate_hz=_RATE_HZ)
        with client_progress() as on_progress:
            summary = await client.say_to_file(report.voice.voice_id, text, speech, options, on_progress=on_progress)
        speak_s = time.monotonic() - spoke_s
        speech_s = (summary.num_bytes - _WAV_HEADER_BYTES) / (2 * _RATE_HZ)
        report = await wait_until_heard(client, report)
        return _Outcome(report, clone_s, time.monotonic() - began_s, speak_s, speech_s)


def _tell_outcome(outcome: _Outcome, speech: Path, folder: Path, key: str) -> None:
    voice = outcome.report.voice
    if voice is None:
        remark("No voice was made: the recording cannot be used.", style="red")
        return
    remark(
        f"Voice {voice.voice_id} cloned in {outcome.clone_s:.1f} s, listened to in {outcome.heard_s:.1f} s; "
        f"{outcome.speech_s:.1f} s of speech made in {outcome.speak_s:.1f} s."
    )
    command = sys.argv[0] if Path(sys.argv[0]).name == "myna" else "myna"
    remark(
        f"To go on: {command} serve --dev --data-dir {folder / 'data'}\n"
        f"          MYNA_API_KEY={key} {command} say {voice.voice_id} 'Hello.' -o hello.wav\n"
        f"Studio (while it serves): http://127.0.0.1:8080/studio#key={quote(key, safe='')}"
    )
    print_result(str(speech))


def _as_json(outcome: _Outcome, speech: Path) -> dict[str, object]:
    return {
        **report_as_json(outcome.report),
        "path": str(speech) if outcome.report.voice else None,
        **{f"{name}Seconds": round(getattr(outcome, f"{name}_s"), 3) for name in ("clone", "heard", "speak", "speech")},
    }
