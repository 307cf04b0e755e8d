"""The entry point: errors become exit codes. A command's module is imported when it is run: all take a second."""

from collections.abc import Callable, Mapping
from pkgutil import resolve_name
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from myna import __version__
from myna.cli.output import print_result

_HIDDEN = "worker"
_COMMANDS = {
    "serve": (
        "serve:serve",
        "Serve the API. Prints the address once the engine is loaded and requests are answered; stops on Ctrl-C.",
    ),
    "clone": (
        "clone:clone",
        "Clone a voice: its id on stdout, what was heard on stderr. Exit code 3 if no recording could be used.",
    ),
    "say": ("say:say", "Speak text with a voice. Prints the path of the audio file on stdout."),
    "detect": (
        "detect:detect",
        "Say whether recordings hold speech that Myna has marked. Needs no server; the weights of `watermark` it "
        "needs.",
    ),
    "demo": (
        "demo:demo",
        "Start a real server, clone a voice over HTTP from a real recording, speak a sentence, write a WAV.",
    ),
    "engines": ("engines:engines", "List the installed engines: languages, licence, and why one cannot be used."),
    "doctor": (
        "doctor:doctor",
        "Show the settings in force and where each came from, and check what the server needs. Exit code 7 for "
        "weights.",
    ),
    _HIDDEN: (
        "worker:worker",
        "Serve the connections that come through a socket, until it ends. Started by `myna serve`, not by people.",
    ),
    "export": (
        "archive:export_voices",
        "Write a workspace's voices, recordings and consents into one file; servers may go on.",
    ),
    "import": (
        "archive:import_voices",
        "Add all voices of a file, or none; servers may go on. Prints their ids: in the file, and here.",
    ),
    "voices": ("voices:COMMANDS", "List, show, rename, revoke, delete and remake voices."),
    "keys": ("keys:COMMANDS", "Make, list, rotate and revoke API keys."),
    "models": ("models:COMMANDS", "Fetch, list and verify model weights."),
    "store": ("store:COMMANDS", "Move a store, or forget a workspace."),
    "audit": ("audit:COMMANDS", "Check the log of who did what with which voice."),
}
"""By name: where it is, and what the list of commands says (of a function its docstring; a test compares them)."""


class _Commands(TyperGroup):
    """Lists commands without their modules."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # Any: what Typer has of Click is private
        """The command that is to be run, now with its module."""
        if args and args[0] in _COMMANDS:
            self.commands[args[0]] = load_command(args[0])
        return super().resolve_command(ctx, args)


def load_command(name: str) -> Any:
    """The command itself."""
    place, text = _COMMANDS[name]
    found = resolve_name(f"myna.cli.{place}")
    app = _group({})
    if isinstance(found, dict):
        app.add_typer(_group(found), name=name, help=text)
    else:
        app.command(name, hidden=name == _HIDDEN)(found)
    return typer.main.get_group(app).commands[name]


def _group(commands: Mapping[str, Callable[..., None]]) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True)
    app.callback()(_nothing)  # keeps the name of a single command
    for name, command in commands.items():
        app.command(name)(command)
    return app


def name_commands() -> dict[str, str]:
    """What the list of commands says of each."""
    return {name: text for name, (_, text) in _COMMANDS.items()}


def _nothing() -> None:
    pass


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
    app.callback(cls=_Commands)(_options)
    for name, text in name_commands().items():
        app.command(name, help=text, hidden=name == _HIDDEN)(_nothing)
    return app


def main() -> None:
    """Run the command line and exit with a documented code (docs/cli.md)."""
    try:
        build_app()(prog_name="myna")
    except Exception as error:  # noqa: BLE001  (the last resort of the command line)
        from myna.cli.failure import tell_failure  # noqa: PLC0415  (the client's libraries)

        code = tell_failure(error)
    raise SystemExit(code)


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
