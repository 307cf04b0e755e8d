"""Settings as the commands see them: the environment, with command-line options in front."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from myna.config import ClientSettings, Settings

Kind = TypeVar("Kind", bound=BaseSettings)


def read_settings(**options: str | int | bool | Path | None) -> Settings:
    """Settings with options that were given (not None) in front. Raises: typer.BadParameter naming what is wrong."""
    return _read(Settings, options)


def read_client_settings(**options: str | None) -> ClientSettings:
    """As `read_settings`."""
    return _read(ClientSettings, options)


def _read(kind: type[Kind], options: Mapping[str, Any]) -> Kind:
    try:
        return kind(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as exc:
        raise typer.BadParameter(describe_problems(exc)) from exc


def describe_problems(error: ValidationError) -> str:
    """`MYNA_ENGINE_SLOTS: Input should be less than or equal to 64`, one after the other; never the value itself."""
    return "; ".join(
        f"{environment_name('_'.join(str(part) for part in problem['loc']))}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)
    )


def environment_name(field: str) -> str:
    return f"{Settings.model_config['env_prefix']}{field}".upper()
