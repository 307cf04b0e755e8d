"""The entry point: commands put together, errors turned into exit codes."""

import json
import logging
import secrets
import sys
from typing import Annotated

import typer

from myna import __version__
from myna.cli import (
    archive,
    audit,
    clone,
    demo,
    detect,
    doctor,
    engines,
    keys,
    models,
    say,
    serve,
    store,
    voices,
    worker,
)
from myna.cli.exit_codes import ExitCode, exit_code_for
from myna.cli.output import print_result, remark
from myna.client import ApiError, ClientError
from myna.domain.errors import MynaError

logger = logging.getLogger(__name__)


def build_app() -> typer.Typer:
    """The command with all its subcommands."""
    app = typer.Typer(
        name="myna",
        help="Self-hosted instant voice cloning: a server for Inworld's Voice and TTS API, and its client.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for command in (serve.serve, clone.clone, say.say, detect.detect, demo.demo, engines.engines, doctor.doctor):
        app.command()(command)
    app.command(hidden=True)(worker.worker)
    app.command("export")(archive.export_voices)
    app.command("import")(archive.import_voices)
    for module in (voices, keys, models, store, audit):
        app.add_typer(module.build_app())
    return app


def main() -> None:
    """Run the command line and exit with a documented code (docs/cli.md)."""
    try:
        build_app()(prog_name="myna")
    except (ClientError, MynaError) as error:
        code = exit_code_for(error)
        _tell(code, error.message, error.reason if isinstance(error, ApiError) else getattr(error, "code", ""))
    except Exception as error:  # the last resort of the command line
        code = ExitCode.FAILED
        error_id = secrets.token_hex(4)
        logger.exception("unexpected error %s", error_id)
        _tell(code, f"Myna failed unexpectedly (error {error_id}): {type(error).__name__}. This is a bug.")
    raise SystemExit(code)


def _tell(code: ExitCode, message: str, name: str = "") -> None:
    """Say what went wrong: one line, or one JSON document when the command was asked for JSON."""
    if "--json" in sys.argv:
        error = {"exitCode": int(code), "code": name, "message": message}
        sys.stderr.write(json.dumps({"error": error}, ensure_ascii=False) + "\n")
    else:
        remark(f"myna: {message}", style="red")


def _print_version(asked: bool) -> None:
    if asked:
        print_result(f"myna {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print it.")
    ] = False,
) -> None:
    pass


if __name__ == "__main__":
    main()
