"""`myna audit`: is the log of who did what with which voice whole; no server is needed."""

from pathlib import Path
from typing import Annotated

import typer

from myna.cli.exit_codes import ExitCode
from myna.cli.options import AsJson, DataDir
from myna.cli.output import print_json, print_result, remark
from myna.cli.setting_values import read_settings
from myna.observability.audit_log import AUDIT_FILE, verify_audit_log


def verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE",
            help="The log, oldest part first, if it was moved.",
            show_default=f"{AUDIT_FILE} in the data folder",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    *,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Look for lines that were changed or are missing. Prints the last line's digest; exit code 1 if it finds any."""
    folder = read_settings(data_dir=data_dir).data_dir
    try:
        report = verify_audit_log(files or [folder / AUDIT_FILE])
    except OSError as exc:
        raise typer.BadParameter(f"{exc.filename}: {exc.strerror}.") from exc
    for problem in report.problems:
        remark(f"{problem}.", style="red")
    if as_json:
        print_json({"lines": report.num_lines, "digest": report.digest, "problems": list(report.problems)})
    else:
        remark(f"{report.num_lines} lines")
        print_result(report.digest)
    if report.problems:
        raise typer.Exit(ExitCode.FAILED)


COMMANDS = {"verify": verify}
