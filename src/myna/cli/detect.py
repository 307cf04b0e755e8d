"""`myna detect`: look for the watermark in recordings, in this process."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from myna.cli.options import AsJson
from myna.cli.output import print_json, print_rows
from myna.cli.setting_values import read_settings
from myna.domain.speech import FoundMark

_VERDICTS = {(True, True): "marked", (False, True): "not marked", (False, False): "no speech"}


def detect(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Recordings, of any length.", exists=True, dir_okay=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Say whether recordings hold speech that Myna has marked. Needs no server; the weights of `watermark` it needs."""
    found = asyncio.run(_find(files))
    if as_json:
        rows = [
            {"file": str(path), "isMarked": mark.is_marked, "score": round(mark.score, 4), "hasSpeech": mark.has_speech}
            for path, mark in zip(files, found, strict=True)
        ]
        print_json({"recordings": rows})
    else:
        print_rows(
            ("FILE", "WATERMARK", "SCORE"),
            [
                (str(path), _VERDICTS[mark.is_marked, mark.has_speech], f"{mark.score:.2f}")
                for path, mark in zip(files, found, strict=True)
            ],
        )


async def _find(files: list[Path]) -> list[FoundMark]:
    from myna.bootstrap import build_services  # noqa: PLC0415  (the server's libraries: seconds to import)

    services = build_services(read_settings())
    try:
        return [await services.detect_mark(path.read_bytes()) for path in files]
    finally:
        await services.release()
