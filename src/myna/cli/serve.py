"""`myna serve`: the server."""

import asyncio
from typing import Annotated

import typer

from myna.cli.options import AsJson, DataDir, EngineId
from myna.cli.setting_values import read_settings
from myna.runtime.small_heap import keep_heap_small


def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at; 0 for any free one.", min=0, max=65535)] = 8080,
    data_dir: DataDir = None,
    engine: EngineId = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that serve on the port.", min=1, max=64, show_default="MYNA_WORKERS")
    ] = None,
    dev: Annotated[
        bool, typer.Option("--dev", help="At the first start make a workspace `demo` with a key, and show the key.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Serve the API. Prints the address once the engine is loaded and requests are answered; stops on Ctrl-C."""
    keep_heap_small()
    settings = read_settings(data_dir=data_dir, engine=engine, workers=workers)
    from myna.cli.server import run_server  # noqa: PLC0415  (the server's libraries: seconds to import)

    asyncio.run(run_server(settings, host, port, is_dev=dev, as_json=as_json))
