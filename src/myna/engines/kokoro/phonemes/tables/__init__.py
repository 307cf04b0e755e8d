"""What the rules of each language go by: a file of words, letters and sounds for each."""

import tomllib
from importlib.resources import files


def read_table(name: str) -> dict[str, dict[str, str]]:
    """The file of this name. A string of words is a set of them: each stands for itself."""
    table = tomllib.loads((files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))
    return {
        key: {word: word for word in part.split()} if isinstance(part, str) else part for key, part in table.items()
    }
