"""Writes docs/configuration.md from the settings themselves: `myna doctor --print-config-docs`."""

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from myna.cli.setting_values import environment_name
from myna.config import ClientSettings, Settings

_MACHINE_DEFAULTS = {
    "data_dir": "the user's data folder, on Linux `~/.local/share/myna`",
    "weights_dir": "the user's cache folder, on Linux `~/.cache/myna/weights`",
}
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than", "pattern": "matches"}

_HEAD = """# Configuration

Myna runs without any setting. Those below say where it keeps its data, how much it takes on at one time, and what it
refuses; each is set by an environment variable.

This page is generated from `src/myna/config.py` by `myna doctor --print-config-docs`; a test fails when it is stale.

Every setting has one environment name. Options of a command come before the environment, the environment before the
default. `myna doctor` prints the settings in force and where each came from. Names end in their unit where they have
one: `_S` seconds, `_BYTES`, `_CHARS`.
"""


def config_docs() -> str:
    """The whole page."""
    return "\n".join(
        [
            _HEAD,
            "## Server\n",
            "For `myna serve`, and for every command with `--data-dir`.\n",
            _table(Settings),
            "\n## Client\n",
            "For `myna clone`, `myna say` and `myna voices` against a server.\n",
            _table(ClientSettings),
            "",
        ]
    )


def _table(settings: type[BaseSettings]) -> str:
    rows = ["| variable | default | allowed | meaning |", "|---|---|---|---|"]
    for name, field in settings.model_fields.items():
        meaning = " ".join((field.description or "").split()).replace("|", "\\|")
        rows.append(f"| `{environment_name(name)}` | {_default(name, field)} | {_allowed(field)} | {meaning} |")
    return "\n".join(rows)


def _default(name: str, field: FieldInfo) -> str:
    if field.default_factory is not None:
        return _MACHINE_DEFAULTS[name]
    value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if value != "" else "empty"


def _allowed(field: FieldInfo) -> str:
    if field.annotation is bool:
        return "`true`, `false`"
    bounds = []
    for rule in field.metadata:
        for attribute, words in _BOUNDS.items():
            limit = getattr(rule, attribute, None)
            if limit is not None:
                bounds.append(f"{words} `{str(limit).replace('|', chr(92) + '|')}`")
    return ", ".join(bounds)
