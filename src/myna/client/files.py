"""Files that are there whole or not at all."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from myna.client.errors import RequestRefused


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A draft beside `path` that takes its place when the block ends well. Raises: RequestRefused."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        target = draft.open("x+b")
    except OSError as exc:
        raise RequestRefused(f"{path} cannot be written: {exc.strerror or exc}.") from exc
    try:
        with target:
            yield target
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
