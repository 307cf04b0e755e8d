"""`myna doctor`: what this installation would do, and what keeps it from doing it."""

import asyncio
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit, urlunsplit

import soundfile
import typer
from pydantic import SecretStr

from myna import __version__
from myna.cli.config_docs import config_docs
from myna.cli.exit_codes import ExitCode
from myna.cli.opened_store import opened_store
from myna.cli.options import AsJson, DataDir, EngineId
from myna.cli.output import print_json, print_result, print_rows
from myna.cli.setting_values import environment_name, read_settings
from myna.config import Settings
from myna.domain.errors import MynaError, WeightsMissing
from myna.engines.base import EngineSettings
from myna.engines.registry import load_spec
from myna.weights.inventory import WeightState, list_weights

_CODECS = ("WAV", "FLAC", "OGG", "MP3")
"""What libsndfile must bring for samples and speech; the other containers come with PyAV."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    is_ok: bool
    detail: str
    failure_code: ExitCode = ExitCode.FAILED
    """What `myna doctor` exits with when this is the first that fails."""


def doctor(
    data_dir: DataDir = None,
    engine: EngineId = None,
    print_config_docs: Annotated[
        bool, typer.Option("--print-config-docs", help="Print docs/configuration.md and stop.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the settings in force and where each came from, and check what the server needs. Exit code 7 for weights."""
    if print_config_docs:
        sys.stdout.write(config_docs())
        return
    settings = read_settings(data_dir=data_dir, engine=engine)
    options = {name for name, value in (("data_dir", data_dir), ("engine", engine)) if value is not None}
    origins = {name: _origin(settings, name, options) for name in Settings.model_fields}
    checks = [_run(name, check, settings) for name, check in _CHECKS]
    if as_json:
        print_json(
            {
                "version": __version__,
                "settings": {
                    name: {"value": _shown(settings, name), "from": origin} for name, origin in origins.items()
                },
                "checks": [{"name": c.name, "ok": c.is_ok, "detail": c.detail} for c in checks],
            }
        )
    else:
        print_rows(
            ("SETTING", "VALUE", "FROM"),
            [(environment_name(name), _shown(settings, name), origin) for name, origin in origins.items()],
        )
        print_result("")
        print_rows(("CHECK", "", "DETAIL"), [(c.name, "ok" if c.is_ok else "FAILS", c.detail) for c in checks])
    failed = next((check for check in checks if not check.is_ok), None)
    if failed is not None:
        raise typer.Exit(failed.failure_code)


def _run(name: str, check: Callable[[Settings], str], settings: Settings) -> Check:
    try:
        return Check(name, True, check(settings))
    except MynaError as error:
        is_weights = error.code.startswith("WEIGHTS_")
        return Check(name, False, error.message, ExitCode.WEIGHTS if is_weights else ExitCode.FAILED)
    except (OSError, ImportError) as error:
        return Check(name, False, str(error))


def _check_python(_: Settings) -> str:
    return f"{platform.python_version()} on {platform.platform(terse=True)}, {os.cpu_count()} processors"


def _check_codecs(_: Settings) -> str:
    missing = [name for name in _CODECS if name not in soundfile.available_formats()]
    if missing:
        raise ImportError(f"libsndfile {soundfile.__libsndfile_version__} lacks {', '.join(missing)}")
    import av  # noqa: PLC0415  (FFmpeg: only to see that it loads)

    return f"libsndfile {soundfile.__libsndfile_version__}, PyAV {av.__version__}"


def _check_engine(settings: Settings) -> str:
    spec = load_spec(settings.engine)
    return f"{spec.id} {spec.version}: {', '.join(sorted(lang.bcp47 for lang in spec.capabilities.languages))}"


def _check_device(settings: Settings) -> str:
    spec = load_spec(settings.engine)
    spec.check_device(settings.device)
    if settings.device == "cpu":
        return "cpu"
    spec.load(EngineSettings(settings.weights_dir, settings.engine_threads, settings.device)).close()
    return f"{settings.device}: the engine was loaded there"


def _check_weights(settings: Settings) -> str:
    rows = list_weights(settings.weights_dir, verify=False)
    missing = [row.path for row in rows if row.state is WeightState.MISSING]
    if missing:
        raise WeightsMissing(f"{', '.join(missing)} not in {settings.weights_dir}: run `myna models pull`.")
    return f"{len(rows)} files in {settings.weights_dir}; `myna models verify` checks their digests"


def _check_store(settings: Settings) -> str:
    if not settings.data_dir.exists():
        folder = next(parent for parent in settings.data_dir.absolute().parents if parent.exists())
        if not os.access(folder, os.W_OK):
            raise PermissionError(f"{settings.data_dir} cannot be made: {folder} is not writable")
        return f"{settings.data_dir} will be made at the first start"

    async def check() -> None:
        async with opened_store(settings) as stores:
            await stores.prepare()
            await stores.voices.check()

    if settings.sign_speech:
        from myna.bootstrap import open_encoder  # noqa: PLC0415  (the server's libraries: seconds to import)

        open_encoder(settings)
    asyncio.run(check())
    return f"{settings.data_dir} can be read and written"


_CHECKS: tuple[tuple[str, Callable[[Settings], str]], ...] = (
    ("python", _check_python),
    ("codecs", _check_codecs),
    ("engine", _check_engine),
    ("device", _check_device),
    ("weights", _check_weights),
    ("store", _check_store),
)


def _origin(settings: Settings, name: str, options: set[str]) -> str:
    if name in options:
        return "option"
    return "environment" if name in settings.model_fields_set else "default"


def _shown(settings: Settings, name: str) -> str:
    """A setting for a screen: secrets and passwords in addresses are hidden."""
    value = getattr(settings, name)
    if isinstance(value, SecretStr | Path | bool | int | float):
        return str(value)
    text = str(value)
    parts = urlsplit(text)
    if parts.password:
        return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")))
    return text
