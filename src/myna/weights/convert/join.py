"""Puts a file together that was cut to fit a registry's size limit, or takes a single one as it is."""

import shutil
from collections.abc import Sequence
from pathlib import Path


def join(sources: Sequence[Path], target: Path) -> None:
    """Write the sources one after the other."""
    with target.open("wb") as out:
        for source in sources:
            with source.open("rb") as part:
                shutil.copyfileobj(part, out, length=1 << 20)
