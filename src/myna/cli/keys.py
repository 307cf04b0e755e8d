"""`myna keys`: make, list, rotate and revoke API keys, in the store itself; no server is needed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, TypeVar

import typer
from pydantic.alias_generators import to_camel

from myna.cli.opened_store import opened_store
from myna.cli.options import AsJson, DataDir
from myna.cli.output import print_json, print_outcome, print_rows
from myna.cli.setting_values import read_settings
from myna.config import Settings
from myna.domain.scope import READ, WRITE, Scope, Scopes
from myna.domain.voice import WorkspaceId
from myna.usecases.ports import KeyRow, KeyStore

T = TypeVar("T")


class KeyAccess(StrEnum):
    READ = "read"
    """Everything but changing voices."""
    WRITE = "write"
    """Also clone, change and delete voices."""


_SCOPES = {KeyAccess.READ: READ, KeyAccess.WRITE: WRITE}


def create_key(
    *,
    workspace: Annotated[str, typer.Option(help="Whose voices the key opens; made if it is new.")],
    access: Annotated[KeyAccess, typer.Option(help="write: clone, change and delete too.")] = KeyAccess.READ,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="In place of --access: what the key may do; may be repeated.")
    ] = None,
    expires_in: Annotated[
        int | None, typer.Option(metavar="DAYS", help="After so many days the key opens nothing.", min=1, max=36_500)
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it. It is kept hashed: this is the only time it can be seen."""
    settings = read_settings(data_dir=data_dir)
    lifetime = timedelta(days=expires_in) if expires_in is not None else None
    scopes = frozenset(scope) if scope else _SCOPES[access]
    _print_key(*asyncio.run(make_key(settings, WorkspaceId(workspace), scopes, lifetime)), as_json=as_json)


def list_keys(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the keys: whose they are and what they may do, never the keys themselves."""
    rows = asyncio.run(with_keys(read_settings(data_dir=data_dir), lambda keys: keys.list()))
    if as_json:
        print_json({"keys": [_as_json(row) for row in rows]})
    else:
        print_rows(
            ("KEY ID", "WORKSPACE", "ACCESS", "BEGINS WITH", "MADE", "REVOKED", "EXPIRES", "LAST USED"),
            [
                (
                    row.key_id,
                    row.workspace,
                    _access(row),
                    row.prefix,
                    row.created_at.isoformat(timespec="seconds"),
                    row.revoked_at.isoformat(timespec="seconds") if row.revoked_at else "",
                    row.expires_at.isoformat(timespec="seconds") if row.expires_at else "",
                    row.last_used_on.isoformat() if row.last_used_on else "",
                )
                for row in rows
            ],
        )


def rotate_key(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="As `myna keys list` prints it.")],
    *,
    overlap: Annotated[
        float, typer.Option(metavar="HOURS", help="The old key works for so long; 0: not at all.", min=0, max=8760)
    ] = 24.0,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a key that opens the same as an old one, print it, and let the old one end."""
    rotating = timedelta(hours=overlap)
    made = asyncio.run(with_keys(read_settings(data_dir=data_dir), lambda keys: keys.rotate(key_id, rotating)))
    _print_key(*made, as_json=as_json)


def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="As `myna keys list` prints it.")],
    *,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a key at once, for running servers too."""
    asyncio.run(with_keys(read_settings(data_dir=data_dir), lambda keys: keys.revoke(key_id)))
    print_outcome(f"{key_id} revoked", {"revoked": key_id}, as_json=as_json)


async def make_key(
    settings: Settings, workspace: WorkspaceId, scopes: Scopes, lifetime: timedelta | None = None
) -> tuple[str, KeyRow]:
    """The key in clear, and how it is listed. Raises: InvalidRequest for a bad workspace name."""
    return await with_keys(settings, lambda keys: keys.create(workspace, scopes, lifetime))


async def with_keys(settings: Settings, work: Callable[[KeyStore], Awaitable[T]]) -> T:
    """Work on the keys alone; nothing else is loaded. Raises: what `work` raises, ServiceUnavailable."""
    async with opened_store(settings) as stores:
        await stores.prepare()
        return await work(stores.keys)


def _print_key(key: str, row: KeyRow, *, as_json: bool) -> None:
    print_outcome(key, {"apiKey": key, **_as_json(row)}, as_json=as_json)


def _access(row: KeyRow) -> str:
    """Short where it can be."""
    short = (access.value for access, scopes in _SCOPES.items() if scopes == row.scopes)
    return next(short, ",".join(sorted(row.scopes)))


def _as_json(row: KeyRow) -> dict[str, object]:
    told = {
        to_camel(name): value.isoformat() if isinstance(value, date) else value for name, value in asdict(row).items()
    }
    return told | {"access": _access(row), "scopes": sorted(row.scopes)}


COMMANDS = {"create": create_key, "list": list_keys, "rotate": rotate_key, "revoke": revoke_key}
