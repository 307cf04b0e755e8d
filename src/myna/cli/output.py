"""Where results and remarks go: results to stdout, for people and for pipes; everything else to stderr."""

import json
import sys
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


def stderr_console() -> Console:
    return Console(stderr=True, highlight=False)


def print_result(line: str) -> None:
    """One line of the result."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def print_json(value: object) -> None:
    """The result of a `--json` command: one JSON document."""
    print_result(json.dumps(value, ensure_ascii=False, indent=2))


def print_outcome(line: str, document: object, *, as_json: bool) -> None:
    """What a command has done, for people or as JSON."""
    if as_json:
        print_json(document)
    else:
        print_result(line)


def print_rows(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table for a terminal; for a pipe one line a row, fields between tabs, without headings."""
    console = Console(highlight=False)
    if not console.is_terminal:
        for row in rows:
            print_result("\t".join(" ".join(cell.split()) for cell in row))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, heading in enumerate(headings):
        table.add_column(heading, no_wrap=index == 0, overflow="fold")  # the first names the row: to be copied whole
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def confirm(question: str, *, is_sure: bool) -> None:
    """Ask the person at the terminal, if there is one, before what cannot be undone. Raises: typer.Abort."""
    if not is_sure and sys.stdin.isatty() and sys.stderr.isatty():
        typer.confirm(question, abort=True, err=True)


def remark(text: str, style: str = "") -> None:
    """A line for the person at the terminal, on stderr."""
    stderr_console().print(Text(text, style=style), soft_wrap=True)
