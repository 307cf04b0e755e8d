"""Options that several commands share, so that they are called and explained alike."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Folder of the database and the voices.", file_okay=False, show_default="MYNA_DATA_DIR"),
]
LocalDataDir = Annotated[
    Path | None,
    typer.Option(
        help="Work in this process on that folder, without a server.", file_okay=False, show_default="ask the server"
    ),
]
Workspace = Annotated[str, typer.Option(help="Whose voices, with --data-dir. A server knows it from the key.")]
EngineId = Annotated[
    str | None, typer.Option("--engine", help="Engine that speaks; see `myna engines`.", show_default="MYNA_ENGINE")
]
IsSure = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; scripts are not asked either.")]
Url = Annotated[str | None, typer.Option(help="Address of the server.", show_default="MYNA_URL")]

DEFAULT_WORKSPACE = "local"
