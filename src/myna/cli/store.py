"""`myna store`: move a whole store to another database and object storage, forget a workspace; no server is needed."""

import asyncio
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from myna.cli.exit_codes import ExitCode
from myna.cli.opened_store import opened_store
from myna.cli.options import AsJson, DataDir, IsSure
from myna.cli.output import confirm, print_outcome, remark
from myna.cli.progress import counted_progress
from myna.cli.setting_values import read_settings
from myna.config import Settings
from myna.domain.errors import InvalidRequest
from myna.observability.audit_log import COMMAND, AuditLog
from myna.runtime.clock import SystemClock

if TYPE_CHECKING:
    from myna.store.copying import CopyReport

_STORE = "A data folder, or a database as MYNA_DATABASE_URL names it."
_BLOBS = "Its recordings and artifacts, as MYNA_BLOB_URL names them."


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
    print_outcome(
        f"{report.num_voices} voices ({report.num_voices_added} of them new) and {report.num_keys} keys",
        {
            "keys": report.num_keys,
            "voices": report.num_voices,
            "added": report.num_voices_added,
            "damaged": [
                {"voiceId": blob.voice_id, "workspace": blob.workspace, "blob": blob.name} for blob in report.damaged
            ],
        },
        as_json=as_json,
    )
    if report.damaged:
        raise typer.Exit(ExitCode.FAILED)


def forget(
    workspace: Annotated[str, typer.Argument(metavar="WORKSPACE", help="Whose voices, drafts and keys are deleted.")],
    *,
    receipt: Annotated[Path, typer.Option(metavar="FILE", help="Where the signed receipt is written.", dir_okay=False)],
    is_sure: IsSure = False,
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
            confirm(f"Delete all voices, recordings and keys of {workspace} for good?", is_sure=is_sure)
            made = asyncio.run(_forget(settings, workspace))
        except BaseException:
            receipt.unlink()
            raise
        stream.write(json.dumps(made, indent=2) + "\n")
    said = made["receipt"]
    print_outcome(f"{len(said['voices'])} voices and {said['numKeys']} keys deleted", said, as_json=as_json)


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
        made = json.loads(receipt.read_text())
        signed = str(made["signed"])
    except (ValueError, KeyError, TypeError) as exc:
        raise InvalidRequest(f"{receipt} is no receipt.") from exc
    said = asyncio.run(_read_receipt(settings, signed))
    # What people read stands beside what is signed: it must say the same.
    if said is None or made.get("receipt", said) not in (said, {name: said[name] for name in said if name != "iss"}):
        raise InvalidRequest(f"{receipt} was not signed here, or was changed.")
    deleted_at = said.get("forgottenAt") or said["deletedAt"]
    print_outcome(
        f"{said['workspace']}: {len(said['voices'])} voices deleted at {deleted_at}", dict(said), as_json=as_json
    )


async def _forget(settings: Settings, workspace: str) -> dict[str, Any]:
    from myna.store.forgetting import forget_workspace  # noqa: PLC0415  (as below)

    async with opened_store(settings, must_exist=True) as stores:
        key = dict(stores.vault.receipt_key)  # first: where nothing can be signed, nothing is deleted
        note_deleted = partial(AuditLog(settings.data_dir).note, "delete", key_id=COMMAND)
        with counted_progress("Deleting voices") as on_progress:
            forgotten = await forget_workspace(stores, workspace, SystemClock(), on_progress, note_deleted)
        return {"receipt": forgotten, "signed": stores.vault.sign_receipt(forgotten), "publicKey": key}


async def _read_receipt(settings: Settings, signed: str) -> Mapping[str, Any] | None:
    async with opened_store(settings) as stores:
        return stores.vault.read_receipt(signed)


async def _copy(settings: Settings, source: tuple[str, str], target: tuple[str, str]) -> "CopyReport":
    from myna.store.copying import copy_store  # noqa: PLC0415  (the database's libraries: a second to import)

    async with opened_store(settings, *source, must_exist=True) as old, opened_store(settings, *target) as new:
        with counted_progress("Copying voices") as on_progress:
            return await copy_store(old, new, on_progress)


COMMANDS = {"copy": copy_everything, "forget": forget, "check-receipt": check_receipt}
