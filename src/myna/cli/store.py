"""`myna store`: move a whole store to another database and object storage, forget a workspace; no server is needed."""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from myna.cli.exit_codes import ExitCode
from myna.cli.options import AsJson, DataDir
from myna.cli.output import print_json, print_result, remark
from myna.cli.progress import counted_progress
from myna.cli.setting_values import read_settings
from myna.config import Settings
from myna.domain.errors import InvalidRequest
from myna.observability.audit_log import COMMAND, AuditLog
from myna.runtime.clock import SystemClock

if TYPE_CHECKING:
    from myna.store.copying import CopyReport
    from myna.store.opening import Stores

_STORE = "A data folder, or a database as MYNA_DATABASE_URL names it."
_BLOBS = "Its recordings and artifacts, as MYNA_BLOB_URL names them."


def build_app() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True)
    app.command("copy")(copy_everything)
    app.command("forget")(forget)
    app.command("check-receipt")(check_receipt)
    return app


def copy_everything(
    *,
    to: Annotated[str, typer.Option(metavar="STORE", help=_STORE)],
    to_blobs: Annotated[str, typer.Option(metavar="URL", help=_BLOBS, show_default="in the data folder")] = "",
    from_: Annotated[
        str, typer.Option("--from", metavar="STORE", help=_STORE, show_default="as the settings say")
    ] = "",
    from_blobs: Annotated[str, typer.Option(metavar="URL", help=_BLOBS, show_default="in the data folder")] = "",
    as_json: AsJson = False,
) -> None:
    """Copy workspaces, keys, voices and recordings, every digest checked. Stop the servers first.

    May be interrupted and repeated: what is there is checked, what is missing is added, nothing is changed or removed.
    """
    settings = read_settings()
    report = asyncio.run(_copy(settings, (from_, from_blobs), (to, to_blobs)))
    for blob in report.damaged:
        remark(f"{blob.voice_id} of {blob.workspace} was not copied: {blob.name} is missing or damaged.", style="red")
    if as_json:
        print_json(
            {
                "keys": report.num_keys,
                "voices": report.num_voices,
                "added": report.num_voices_added,
                "damaged": [
                    {"voiceId": blob.voice_id, "workspace": blob.workspace, "blob": blob.name}
                    for blob in report.damaged
                ],
            }
        )
    else:
        print_result(f"{report.num_voices} voices ({report.num_voices_added} of them new) and {report.num_keys} keys")
    if report.damaged:
        raise typer.Exit(ExitCode.FAILED)


def forget(
    workspace: Annotated[str, typer.Argument(metavar="WORKSPACE", help="Whose voices, drafts and keys are deleted.")],
    *,
    receipt: Annotated[Path, typer.Option(metavar="FILE", help="Where the signed receipt is written.", dir_okay=False)],
    is_sure: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; scripts are not asked either.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Delete everything of a workspace, for good, and write a signed receipt of what it was."""
    settings = read_settings(data_dir=data_dir)
    # Before anything is deleted, which cannot be repeated for a receipt that could not be written.
    try:
        stream = receipt.open("x")
    except OSError as exc:
        raise typer.BadParameter(f"{receipt} cannot be made: {exc.strerror}. Name another file.") from exc
    with stream:
        try:
            if not is_sure and sys.stdin.isatty() and sys.stderr.isatty():
                typer.confirm(f"Delete all voices, recordings and keys of {workspace} for good?", abort=True, err=True)
            made = asyncio.run(_forget(settings, workspace))
        except BaseException:
            receipt.unlink()
            raise
        stream.write(json.dumps(made, indent=2) + "\n")
    if as_json:
        print_json(made["receipt"])
    else:
        print_result(f"{len(made['receipt']['voices'])} voices and {made['receipt']['numKeys']} keys deleted")


def check_receipt(
    receipt: Annotated[
        Path, typer.Argument(metavar="FILE", help="As `myna store forget` or `DELETE` gave it.", exists=True)
    ],
    *,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Look whether a receipt was signed with this store's secret, and print what it says."""
    settings = read_settings(data_dir=data_dir)
    try:
        signed = str(json.loads(receipt.read_text())["signed"])
    except (ValueError, KeyError, TypeError) as exc:
        raise InvalidRequest(f"{receipt} is no receipt.") from exc
    said = _open(settings, "", "", must_exist=False).vault.read_receipt(signed)
    if said is None:
        raise InvalidRequest(f"{receipt} was not signed here, or was changed.")
    if as_json:
        print_json(dict(said))
    else:
        deleted_at = said.get("forgottenAt") or said["deletedAt"]
        print_result(f"{said['workspace']}: {len(said['voices'])} voices deleted at {deleted_at}")


async def _forget(settings: Settings, workspace: str) -> dict[str, Any]:
    from myna.store.forgetting import forget_workspace  # noqa: PLC0415  (as below)

    stores = _open(settings, "", "", must_exist=True)
    try:
        key = dict(stores.vault.receipt_key)  # first: where nothing can be signed, nothing is deleted
        note_deleted = partial(AuditLog(settings.data_dir).note, "delete", key_id=COMMAND)
        with counted_progress("Deleting voices") as on_progress:
            forgotten = await forget_workspace(stores, workspace, SystemClock(), on_progress, note_deleted)
        return {"receipt": forgotten, "signed": stores.vault.sign_receipt(forgotten), "publicKey": key}
    finally:
        await stores.release()


async def _copy(settings: Settings, source: tuple[str, str], target: tuple[str, str]) -> "CopyReport":
    from myna.store.copying import copy_store  # noqa: PLC0415  (the database's libraries: a second to import)

    async with AsyncExitStack() as opened:
        stores = []
        for place, must_exist in ((source, True), (target, False)):
            stores.append(_open(settings, *place, must_exist=must_exist))
            opened.push_async_callback(stores[-1].release)
        with counted_progress("Copying voices") as on_progress:
            return await copy_store(stores[0], stores[1], on_progress)


def _open(settings: Settings, store: str, blobs: str, *, must_exist: bool) -> "Stores":
    """Raises: typer.BadParameter when it is not said where the recordings are; MynaError."""
    from myna.store.opening import open_stores  # noqa: PLC0415

    data_dir, database_url = settings.data_dir, store
    if not store:
        database_url, blobs = settings.database_url, blobs or settings.blob_url
    elif "://" not in store:
        data_dir, database_url = Path(store), ""
    elif not blobs:
        raise typer.BadParameter("A database holds no recordings: name them with --from-blobs or --to-blobs.")
    secret = settings.token_secret.get_secret_value()
    return open_stores(data_dir, SystemClock(), database_url, blobs, secret, must_exist=must_exist)
