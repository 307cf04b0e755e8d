"""Where the client commands work: against a server, or in this process on a data folder, with the same client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import typer

from myna.cli.options import DEFAULT_WORKSPACE
from myna.cli.setting_values import read_client_settings, read_settings
from myna.client import AsyncClient

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Target:
    """What the shared options say about where to work."""

    url: str | None
    data_dir: Path | None
    workspace: str = DEFAULT_WORKSPACE
    engine: str | None = None

    def __post_init__(self) -> None:
        if self.url is not None and self.data_dir is not None:
            raise typer.BadParameter("--url asks a server, --data-dir works without one: give one of them.")


def call(target: Target, work: Callable[[AsyncClient], Awaitable[T]], *, needs_engine: bool) -> T:
    """Run one piece of work with a client.

    needs_engine: in process, load the engine first; not needed to look at voices.
    Raises: ClientError; in process also MynaError for what keeps the service from starting.
    """

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
