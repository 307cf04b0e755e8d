"""A whole store can be moved: everything, checked, and to be repeated until it is done."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.store_contract import ARTIFACT, OURS, make_voice
from tests.store_servers import S3, Postgres
from tests.stored_content import Open, fill, read_everything, run_myna
from tests.tcp_proxy import run_proxy
from typer.testing import CliRunner

from myna.cli.exit_codes import ExitCode
from myna.cli.main import build_app
from myna.testing.clock import FixedClock


async def copy(*words: object) -> tuple[int, dict[str, object]]:
    """Runs the command; its exit code and what it printed."""
    return await run_myna("store", "copy", *words)


async def test_there_and_back(opening: Open, postgres: Postgres, s3: S3, tmp_path: Path) -> None:
    """From SQLite and a folder to PostgreSQL and S3 and back: byte for byte what it was; a second run adds nothing."""
    url, blobs = postgres.create_database(), s3.new_url()
    origin = await opening(tmp_path / "origin")
    await fill(origin)
    expected = await read_everything(origin)
    assert len(expected["voices"]) == 7
    assert await copy("--from", tmp_path / "origin", "--to", url, "--to-blobs", blobs) == (
        ExitCode.OK,
        {"keys": 2, "voices": 7, "added": 7, "damaged": []},
    )
    assert await read_everything(await opening(tmp_path / "unused", url, blobs)) == expected
    assert (await copy("--from", url, "--from-blobs", blobs, "--to", tmp_path / "back"))[0] == ExitCode.OK
    assert await read_everything(await opening(tmp_path / "back")) == expected
    assert (await copy("--from", tmp_path / "back", "--to", url, "--to-blobs", blobs))[1]["added"] == 0
    assert await read_everything(await opening(tmp_path / "unused", url, blobs)) == expected


async def test_blobs_alone_can_move(opening: Open, s3: S3, tmp_path: Path) -> None:
    """The same database with another object storage: what is missing there is brought there."""
    origin, blobs = await opening(tmp_path), s3.new_url()
    await fill(origin)
    assert (await copy("--from", tmp_path, "--to", tmp_path, "--to-blobs", blobs))[0] == ExitCode.OK
    assert await read_everything(await opening(tmp_path, "", blobs)) == await read_everything(origin)


@pytest.mark.parametrize("num_blobs", [1, 4])
async def test_a_killed_copy_is_completed(
    opening: Open, postgres: Postgres, s3: S3, tmp_path: Path, num_blobs: int
) -> None:
    """Killed in the middle of a voice, the target holds whole voices only; run again, it holds everything."""
    url, blobs = postgres.create_database(), s3.new_url()
    origin = await opening(tmp_path / "origin")
    await fill(origin)
    words = ["--from", tmp_path / "origin", "--to", url, "--to-blobs", blobs]
    with run_proxy(s3.port) as proxy:
        proxy.hold_at(b"PUT ", num_blobs)
        endpoint = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}"}
        process = subprocess.Popen(
            [sys.executable, "-m", "myna.cli.main", "store", "copy", *map(str, words)], env={**os.environ, **endpoint}
        )
        assert proxy.is_holding.wait(300)
        process.send_signal(signal.SIGKILL)
        process.wait()
    target = await opening(tmp_path / "unused", url, blobs)
    half = await read_everything(target)
    assert half["pending_blobs"]
    for voice in await target.voices.list(OURS):
        await target.voices.get_with_artifact(OURS, voice.voice_id)
        await target.voices.get_samples(OURS, voice.voice_id)
    code, report = await copy(*words)
    assert (code, report["voices"]) == (ExitCode.OK, 7)
    assert report["added"] == 7 - len(half["voices"])
    assert await read_everything(target) == await read_everything(origin)


@pytest.mark.parametrize("name", ["artifact", "sample-1.wav"])
async def test_a_damaged_blob_is_named_and_not_copied(opening: Open, tmp_path: Path, name: str) -> None:
    """The others are copied; when it is mended the next run brings it."""
    origin = await opening(tmp_path / "origin")
    await fill(origin)
    path = next((tmp_path / "origin" / "blobs").rglob(name))
    content = path.read_bytes()
    expected = await read_everything(origin)
    as_an_older_process_leaves_it = text("UPDATE voices SET sort_name = ''")
    await origin.database.write(lambda session: session.execute(as_an_older_process_leaves_it))
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    words = ["--from", tmp_path / "origin", "--to", tmp_path / "target"]
    code, report = await copy(*words)
    assert (code, report["voices"], [d["blob"] for d in report["damaged"]]) == (
        ExitCode.FAILED,
        6,
        [f"{path.parent.name}/{name}"],
    )
    target = await opening(tmp_path / "target")
    assert path.parent.name not in await target.ledger.blobs.prefixes()
    assert (await read_everything(target))["pending_blobs"] == []
    path.write_bytes(content)
    assert (await copy(*words))[1]["added"] == 1
    copied = await read_everything(target)
    assert (copied["blobs"], len(copied["voices"])) == (expected["blobs"], len(expected["voices"]))
    names = [{row["voice_id"]: row["sort_name"] for row in everything["voices"]} for everything in (copied, expected)]
    assert names[0] == names[1]


async def test_a_target_with_other_content_is_refused(opening: Open, tmp_path: Path) -> None:
    """Another store is never mixed with, nor one whose voice has changed since, nor one that a server uses."""
    origin, other = await opening(tmp_path / "origin"), await opening(tmp_path / "other")
    await fill(origin)
    await other.voices.add(OURS, make_voice(FixedClock(), "stranger"), ARTIFACT, ())
    await other.voices.close()
    before = await read_everything(other)
    words = ["--from", tmp_path / "origin", "--to", tmp_path / "other"]
    code, report = await copy(*words)
    assert (code, report["error"]["code"]) == (ExitCode.REFUSED, "INVALID_REQUEST")
    assert await read_everything(other) == before
    await origin.voices.recover()
    code, report = await copy(*words[:3], tmp_path / "third")
    assert code == ExitCode.REFUSED
    assert "Stop it" in report["error"]["message"]


async def test_what_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A mistyped source is an error; a database without a place for recordings is a wrong command line."""
    assert (await copy("--from", tmp_path / "typo", "--to", tmp_path / "target"))[0] == ExitCode.NOT_FOUND
    assert list(tmp_path.iterdir()) == []
    words = ["store", "copy", "--from", "postgresql://127.0.0.1/x", "--to", str(tmp_path / "target")]
    result = await asyncio.to_thread(CliRunner().invoke, build_app(), words)
    assert (result.exit_code, "--from-blobs" in result.output) == (ExitCode.USAGE, True)
