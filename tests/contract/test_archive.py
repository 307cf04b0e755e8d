"""`myna export` and `myna import`: a workspace in a file, whole or not at all, and no trust in the file."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from tests.store_contract import OURS, THEIRS, make_dictionary
from tests.store_servers import S3, Postgres
from tests.stored_content import Open, fill, read_everything, read_pending, run_myna
from tests.tcp_proxy import run_proxy

from myna.cli.exit_codes import ExitCode
from myna.store.blobs import BlobPrefix
from myna.store.opening import Stores
from myna.store.tables import VoiceRow
from myna.store.voice_rows import ARTIFACT, sample_name

Members = dict[str, bytes]


async def read_workspace(stores: Stores, workspace: str) -> list[dict[str, object]]:
    """Every column and every blob of its voices, without the names that a store makes up."""
    made_up = {"id", "voice_row_id", "workspace", "artifact_prefix", "samples_prefix"}

    def columns(row: object) -> dict[str, object]:
        return {c.key: getattr(row, c.key) for c in row.__table__.columns if c.key not in made_up}

    query = select(VoiceRow).where(VoiceRow.workspace == workspace, VoiceRow.is_draft.is_(False)).order_by(VoiceRow.id)
    query = query.options(selectinload(VoiceRow.samples))
    rows = await stores.database.read(lambda session: session.scalars(query).all())
    blobs = stores.ledger.blobs
    return [
        columns(row)
        | {
            "samples": [columns(sample) for sample in row.samples],
            "artifact": await blobs.get(BlobPrefix(row.artifact_prefix), ARTIFACT),
            "wavs": [await blobs.get(BlobPrefix(row.samples_prefix), sample_name(s.position)) for s in row.samples],
        }
        for row in rows
    ]


@pytest.fixture
async def origin(opening: Open, tmp_path: Path) -> Stores:
    """A full store, in the folder `origin`."""
    stores = await opening(tmp_path / "origin")
    await fill(stores)
    return stores


async def export(folder: Path, file: Path, workspace: str = OURS) -> tuple[int, dict[str, object]]:
    return await run_myna("export", file, "--workspace", workspace, "--data-dir", folder)


async def test_there_and_back(
    origin: Stores, opening: Open, postgres: Postgres, s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From SQLite and a folder into PostgreSQL and S3, and from there into another folder: what was there is there."""
    expected = await read_workspace(origin, OURS)
    before = await read_everything(origin)
    assert len(expected) == 5
    assert (await export(tmp_path / "origin", tmp_path / "a.zip"))[1]["voices"] == 5
    assert stat.S_IMODE((tmp_path / "a.zip").stat().st_mode) == 0o600
    with pytest.MonkeyPatch.context() as shared:
        place = postgres.create_database(), s3.new_url()
        shared.setenv("MYNA_DATABASE_URL", place[0])
        shared.setenv("MYNA_BLOB_URL", place[1])
        code, report = await run_myna("import", tmp_path / "a.zip")
        assert (code, report["workspace"], len(report["voiceIds"])) == (ExitCode.OK, OURS, 5)
        assert all(old == new for old, new in report["voiceIds"].items())
        target = await opening(tmp_path / "unused", *place)
        assert await read_workspace(target, OURS) == expected
        assert await read_pending(target) == []
        assert await read_workspace(target, THEIRS) == []
        dictionaries = [make_dictionary(1), make_dictionary(2)]
        assert await target.dictionaries.list(OURS, "", 5) == dictionaries
        assert (await read_everything(target))["revocations"] == before["revocations"] != []
        assert (await export(tmp_path / "unused", tmp_path / "b.zip"))[0] == ExitCode.OK
    words = ["import", tmp_path / "b.zip", "--data-dir", tmp_path / "back", "--workspace", "others"]
    assert (await run_myna(*words))[0] == ExitCode.OK
    back = await opening(tmp_path / "back")
    assert await read_workspace(back, "others") == expected
    assert [replace(each, workspace=OURS) for each in await back.dictionaries.list("others", "", 5)] == dictionaries
    for voice in await back.voices.list("others"):
        assert (await back.voices.get_with_artifact("others", voice.voice_id)).voice == voice
    assert await read_everything(origin) == before


async def test_taken_ids_are_refused_or_new_ones_are_given(origin: Stores, tmp_path: Path) -> None:
    """Nothing is replaced; with --rename every voice comes in beside the one of its name."""
    await export(tmp_path / "origin", tmp_path / "a.zip")
    before, expected = await read_everything(origin), await read_workspace(origin, OURS)
    words = ["import", tmp_path / "a.zip", "--data-dir", tmp_path / "origin"]
    code, report = await run_myna(*words)
    assert (code, report["error"]["code"]) == (ExitCode.REFUSED, "VOICE_ALREADY_EXISTS")
    assert await read_everything(origin) == before
    code, report = await run_myna(*words, "--rename")
    new = report["voiceIds"]
    assert code == ExitCode.OK
    assert len({*new.values(), *new.keys()}) == 10
    both = await read_workspace(origin, OURS)
    assert both == expected + [{**voice, "voice_id": new[voice["voice_id"]]} for voice in expected]


async def test_an_import_can_demand_consent(origin: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where consent is required, a file with a voice that nobody is known to have agreed to is refused."""
    await export(tmp_path / "origin", tmp_path / "a.zip")
    monkeypatch.setenv("MYNA_REQUIRE_CONSENT", "true")
    code, report = await run_myna("import", tmp_path / "a.zip", "--data-dir", tmp_path / "back")
    assert (code, report["error"]["code"]) == (ExitCode.REFUSED, "CONSENT_REQUIRED")


async def test_a_file_is_never_written_over(origin: Stores, tmp_path: Path) -> None:
    """Nor is one begun for a workspace without voices."""
    (tmp_path / "a.zip").write_bytes(b"dear")
    assert (await export(tmp_path / "origin", tmp_path / "a.zip"))[0] == ExitCode.REFUSED
    assert (tmp_path / "a.zip").read_bytes() == b"dear"
    assert (await export(tmp_path / "origin", tmp_path / "b.zip", "nobody"))[0] == ExitCode.REFUSED
    assert (await export(tmp_path / "origin", tmp_path / "no" / "b.zip"))[0] != ExitCode.OK
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip", "origin"}


async def test_a_damaged_blob_is_named_and_its_voice_left_out(origin: Stores, tmp_path: Path) -> None:
    """The others are in the file."""
    path = next((tmp_path / "origin" / "blobs").rglob("sample-1.wav"))
    path.write_bytes(path.read_bytes()[:-1])
    query = select(VoiceRow.workspace).where(VoiceRow.samples_prefix == path.parent.name)
    workspace = await origin.database.read(lambda session: session.scalar(query))
    num_voices = len(await read_workspace(origin, workspace))
    code, report = await export(tmp_path / "origin", tmp_path / "a.zip", workspace)
    assert (code, report["voices"]) == (ExitCode.FAILED, num_voices - 1)
    assert [damaged["blob"] for damaged in report["damaged"]] == [f"{path.parent.name}/sample-1.wav"]


@pytest.mark.parametrize("num_blobs", [1, 6])
async def test_a_killed_import_leaves_nothing(
    origin: Stores, opening: Open, postgres: Postgres, s3: S3, tmp_path: Path, num_blobs: int
) -> None:
    """Killed at a blob, no voice is there and every blob is known as nobody's; done again, all are there."""
    place = postgres.create_database(), s3.new_url()
    await export(tmp_path / "origin", tmp_path / "a.zip")
    settings = {"MYNA_DATABASE_URL": place[0], "MYNA_BLOB_URL": place[1]}
    with run_proxy(s3.port) as proxy:
        proxy.hold_at(b"PUT ", num_blobs)
        environment = {**os.environ, **settings, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}"}
        process = subprocess.Popen(
            [sys.executable, "-m", "myna.cli.main", "import", tmp_path / "a.zip"], env=environment
        )
        assert proxy.is_holding.wait(300)
        process.send_signal(signal.SIGKILL)
        process.wait()
    target = await opening(tmp_path / "unused", *place)
    assert await read_workspace(target, OURS) == []
    assert await target.ledger.blobs.prefixes() <= {*await read_pending(target)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        assert (await run_myna("import", tmp_path / "a.zip"))[0] == ExitCode.OK
    assert await read_workspace(target, OURS) == await read_workspace(origin, OURS)


def with_manifest(members: Members, change: Callable[[dict[str, object]], None]) -> Members:
    """change: of the first voice that has samples, as the manifest tells it."""
    manifest = json.loads(members["manifest.json"])
    change(next(voice for voice in manifest["voices"] if voice["samples"]))
    return members | {"manifest.json": json.dumps(manifest).encode()}


def set_voice(**fields: object) -> Callable[[Members], Members]:
    return lambda members: with_manifest(members, lambda voice: voice["voice"].update(fields))


TAMPERINGS: dict[tuple[str, str], Callable[[Members], Members]] = {
    # what is done, and what the refusal says of it
    ("a path out of the folder", "differ at ../../evil"): lambda members: members | {"../../evil": b"x"},
    ("an absolute path", "differ at /tmp/evil"): lambda members: members | {"/tmp/evil": b"x"},
    ("an artifact that was changed", "does not match its digest"): lambda members: (
        members | {"voices/0/artifact": b"MYNAevil"}
    ),
    ("a recording that is not there", "differ at voices/1/sample-1.wav"): lambda members: {
        k: v for k, v in members.items() if "sample-1" not in k
    },
    ("no manifest", "no manifest"): lambda members: {k: v for k, v in members.items() if k != "manifest.json"},
    ("a manifest that is no JSON", "cannot be read"): lambda members: members | {"manifest.json": b"{"},
    ("a manifest of the future", "cannot be read at format"): lambda members: (
        members | {"manifest.json": members["manifest.json"].replace(b"myna workspace 1", b"myna workspace 2")}
    ),
    ("a workspace that is a path", "workspace name"): lambda members: (
        members | {"manifest.json": members["manifest.json"].replace(b'"workspace": "ours"', b'"workspace": "../x"')}
    ),
    ("one id twice", "have one id"): lambda members: (
        members | {"manifest.json": members["manifest.json"].replace(b"ours__v2", b"ours__v1")}
    ),
    ("an id that is too long", "'voice_id'"): set_voice(voice_id="x" * 256),
    ("an id with a control character", "'voice_id'"): set_voice(voice_id="x\n"),
    ("a NUL in a text", "'description'"): set_voice(description="a\0b"),
    ("half of a character", "cannot be read"): lambda members: (
        members | {"manifest.json": members["manifest.json"].replace(b'"gender": "', b'"gender": "\\ud800')}
    ),
    ("a stock voice", "'source'"): set_voice(source="SYSTEM"),
    ("a moment before all time", "'created_at'"): set_voice(created_at="0001-01-01T00:00:00+14:00"),
    ("a consent to other recordings", "'consent'"): lambda members: with_manifest(
        members, lambda voice: voice["voice"]["consent"].update(recordings=["0" * 64])
    ),
    ("a seed that no database takes", "'design.seed'"): set_voice(design={"prompt": "", "seed": 2**70}),
}


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda tampering: tampering[0])
async def test_a_tampered_file_is_refused(
    origin: Stores, opening: Open, tmp_path: Path, tampering: tuple[str, str]
) -> None:
    """With a word of why; nothing of it is in the store, and nothing is anywhere else."""
    await export(tmp_path / "origin", tmp_path / "a.zip")
    with ZipFile(tmp_path / "a.zip") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    tampered = TAMPERINGS[tampering](members)
    assert tampered != members
    with ZipFile(tmp_path / "b.zip", "w") as archive:
        for name, content in tampered.items():
            archive.writestr(name, content)
    await refused(tmp_path, opening, reason=tampering[1])


async def refused(tmp_path: Path, opening: Open, reason: str) -> None:
    """`b.zip` is, for that reason, and what it would have brought is not there."""
    code, report = await run_myna("import", tmp_path / "b.zip", "--data-dir", tmp_path / "target")
    assert (code, report["error"]["code"]) == (ExitCode.REFUSED, "INVALID_REQUEST")
    assert reason in report["error"]["message"]
    assert {path.name for path in tmp_path.iterdir()} == {"origin", "a.zip", "b.zip", "target"}
    target = await opening(tmp_path / "target")
    content = await read_everything(target)
    assert not any(content.values()), content


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("cut", "damaged"),
        ("no zip", "damaged"),
        ("compressed", "compressed"),
        ("oversized", "voices/0/artifact is too large"),
        ("promising", "twice"),
        ("twice", "twice"),
    ],
)
async def test_a_damaged_zip_is_refused(origin: Stores, opening: Open, tmp_path: Path, way: str, reason: str) -> None:
    """A download that broke off, and containers that would blow up."""
    await export(tmp_path / "origin", tmp_path / "a.zip")
    whole = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "b.zip").write_bytes({"cut": whole[: len(whole) // 2], "no zip": b"Hello."}.get(way, b""))
    if way not in {"cut", "no zip"}:
        how = ZIP_DEFLATED if way == "compressed" else ZIP_STORED
        with ZipFile(tmp_path / "a.zip") as source, ZipFile(tmp_path / "b.zip", "w", how) as archive:
            for name in source.namelist():
                archive.writestr(name, source.read(name))
            info = archive.getinfo("voices/0/artifact")
            if way == "twice":
                archive.filelist.append(info)
            info.file_size += {"oversized": 2**40, "promising": 2**27}.get(way, 0)
    await refused(tmp_path, opening, reason)
