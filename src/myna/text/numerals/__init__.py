"""Numbers as words, per language."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any


def read_words(language: str) -> Mapping[str, Any]:
    """The file of this name. Any: its tables, each of its own type."""
    return tomllib.loads((files(__package__) / f"{language}.toml").read_text(encoding="utf-8"))
