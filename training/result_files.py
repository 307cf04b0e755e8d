"""Files of results that a script writes one by one, so that it can be stopped and go on."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np


def keep(path: Path, rows: Mapping[str, Sequence]) -> None:
    """Write one file of results such that nobody ever finds half of it."""
    unfinished = path.with_suffix(".tmp.npz")
    np.savez(unfinished, **{name: np.array(values) for name, values in rows.items()})
    unfinished.rename(path)


def finished(folder: Path) -> Iterator[Path]:
    """The whole files of a folder, always in the same order."""
    return (path for path in sorted(folder.glob("[0-9]*.npz")) if ".tmp." not in path.name)
