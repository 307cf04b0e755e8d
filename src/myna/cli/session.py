"""Where the client commands work: against a server, or in this process on a data folder, with the same client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar

import typer

from myna.cli.options import DEFAULT_WORKSPACE, EngineId, LocalDataDir, Url, Workspace
from myna.cli.setting_values import read_client_settings, read_settings
from myna.client import AsyncClient

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to work. Its fields are options of every command `with_target`."""

    url: Url = None
    data_dir: LocalDataDir = None
    workspace: Workspace = DEFAULT_WORKSPACE
    engine: EngineId = None

    def __post_init__(self) -> None:
        if self.url is not None and self.data_dir is not None:
            raise typer.BadParameter("--url asks a server, --data-dir works without one: give one of them.")


def with_target(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options of a `Target` where it takes one: Typer has no dependencies."""
    options = signature(Target).parameters

    @wraps(command)
    def run(**given: Any) -> None:  # Any: what Typer has read
        target = Target(**{name: given.pop(name) for name in options})
        command(target=target, **given)

    own = signature(command).parameters
    parameters = [part for name, one in own.items() for part in (options.values() if name == "target" else [one])]
    keywords = [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in parameters]
    run.__signature__ = Signature(keywords)  # type: ignore[attr-defined]
    return run


def call(target: Target, work: Callable[[AsyncClient], Awaitable[T]], *, needs_engine: bool = False) -> T:
    """Run one piece of work with a client. needs_engine: in process, load it first. Raises: ClientError, MynaError."""

    async def run() -> T:
        async with _open_client(target, needs_engine=needs_engine) as client:
            return await work(client)

    return asyncio.run(run())


@asynccontextmanager
async def _open_client(target: Target, *, needs_engine: bool) -> AsyncIterator[AsyncClient]:
    if target.data_dir is None:
        settings = read_client_settings(url=target.url)
        async with AsyncClient(settings.url, settings.api_key.get_secret_value()) as client:
            yield client
        return
    from myna.cli.in_process import open_local_client  # noqa: PLC0415  (the server's libraries: seconds to import)

    # What is in the background ends with the command: a voice is listened to before.
    settings_here = read_settings(
        data_dir=target.data_dir, engine=target.engine, preload_models=False, clone_wait="heard"
    )
    async with open_local_client(settings_here, target.workspace, needs_engine=needs_engine) as client:
        yield client
