"""`myna export`, `myna import`: a workspace's voices in one file, from the store itself; no server is needed."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from myna.cli.exit_codes import ExitCode
from myna.cli.opened_store import opened_store
from myna.cli.options import AsJson, DataDir
from myna.cli.output import print_json, print_result, print_rows, remark
from myna.cli.progress import counted_progress
from myna.cli.setting_values import read_settings
from myna.config import Settings
from myna.observability.audit_log import COMMAND, Act, AuditLog
from myna.runtime.clock import SystemClock

if TYPE_CHECKING:
    from myna.store.archiving import OnProgress
    from myna.store.opening import Stores

T = TypeVar("T")


def export_voices(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="To be made.", dir_okay=False)],
    *,
    workspace: Annotated[str, typer.Option(help="Whose voices.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write a workspace's voices, recordings and consents into one file; servers may go on."""
    from myna.store.archiving import export_workspace  # noqa: PLC0415  (the database's libraries: a second to import)

    settings = read_settings(data_dir=data_dir)
    with _usable(file):
        report = _run(settings, lambda stores, tell: export_workspace(stores, workspace, file, tell), must_exist=True)
    for voice_id in report.voice_ids:
        _noting("export", settings)(voice_id)
    for blob in report.damaged:
        remark(f"{blob.voice_id} is not in the file: {blob.name} is missing or damaged.", style="red")
    if as_json:
        damaged = [{"voiceId": blob.voice_id, "blob": blob.name} for blob in report.damaged]
        print_json({"path": str(file), "voices": len(report.voice_ids), "damaged": damaged})
    else:
        print_result(str(file))
        remark(f"{len(report.voice_ids)} voices with their recordings: keep the file as you keep the store.")
    if report.damaged:
        raise typer.Exit(ExitCode.FAILED)


def import_voices(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="As `myna export` made it.", exists=True, dir_okay=False)
    ],
    *,
    workspace: Annotated[
        str | None, typer.Option(help="Whose the voices become.", show_default="the one in the file")
    ] = None,
    rename: Annotated[bool, typer.Option("--rename", help="Give voices whose id is taken a new id.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Add all voices of a file, or none; servers may go on. Prints their ids: in the file, and here."""
    from myna.store.archiving import import_workspace  # noqa: PLC0415

    with _usable(file):
        settings = read_settings(data_dir=data_dir)
        note = _noting("import", settings)
        add = partial(import_workspace, note=note, rename=rename, require_consent=settings.require_consent)
        report = _run(settings, lambda stores, tell: add(stores, file, workspace, SystemClock(), tell))
    if as_json:
        print_json({"workspace": report.workspace, "voiceIds": report.voice_ids})
    else:
        print_rows(("IN THE FILE", "HERE"), list(report.voice_ids.items()))


def _noting(act: Act, settings: Settings) -> Callable[[str], None]:
    """Puts a voice's id into the audit log."""
    return partial(AuditLog(settings.data_dir).note, act, key_id=COMMAND)


def _run(settings: Settings, work: "Callable[[Stores, OnProgress], Awaitable[T]]", *, must_exist: bool = False) -> T:
    """Do it with the store that the settings name."""

    async def run() -> T:
        async with opened_store(settings, must_exist=must_exist) as stores:
            with counted_progress("Voices") as on_progress:
                return await work(stores, on_progress)

    return asyncio.run(run())


@contextmanager
def _usable(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise typer.BadParameter(f"{file}: {exc.strerror}.") from exc
