"""Reads the small files that were trained or measured for this engine and ship inside the package, verified."""

import hashlib
import tomllib
from importlib.resources import files
from importlib.resources.abc import Traversable

from myna.domain.errors import WeightsCorrupt

DIGESTS = "digests.toml"
"""Written by `training/record_digests.py`."""


SHIPPED = files("myna.engines.kokoro") / "shipped"


def read_shipped(name: str, folder: Traversable = SHIPPED) -> bytes:
    """The content of a file of the folder. Raises: WeightsCorrupt if it is not what was shipped."""
    content = (folder / name).read_bytes()
    digests: dict[str, str] = tomllib.loads((folder / DIGESTS).read_text(encoding="utf-8"))
    digest = hashlib.sha256(content).hexdigest()
    if digest != digests.get(name):
        raise WeightsCorrupt(
            f"{name}, which is part of the package, is not the file that was shipped (SHA-256 {digest[:12]}…): "
            "install myna again"
        )
    return content
