"""`myna models`: the weight files that the engine and the listening models need."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from pydantic.alias_generators import to_camel
from rich.progress import DownloadColumn, TransferSpeedColumn

from myna.cli.exit_codes import ExitCode
from myna.cli.options import AsJson
from myna.cli.output import print_json, print_outcome, print_rows, remark
from myna.cli.progress import progress_bars
from myna.cli.setting_values import read_settings
from myna.weights.inventory import WeightRow, WeightState, list_weights
from myna.weights.pull import PullEvent, PullStage, pull

WeightsDir = Annotated[
    Path | None,
    typer.Option("--weights-dir", help="Folder of the weights.", file_okay=False, show_default="MYNA_WEIGHTS_DIR"),
]


def pull_models(
    names: Annotated[list[str] | None, typer.Argument(help="Bundles to fetch; all if none is named.")] = None,
    weights_dir: WeightsDir = None,
    as_json: AsJson = False,
) -> None:
    """Fetch what is missing, verified; what is there already is kept. Safe to repeat and to interrupt."""
    cache_dir = read_settings(weights_dir=weights_dir).weights_dir
    with progress_bars(DownloadColumn(), TransferSpeedColumn()) as bars:
        task = bars.add_task("Looking", total=None)

        def show(event: PullEvent) -> None:
            bars.update(
                task,
                description=f"{event.stage.value.capitalize()} {event.subject}",
                completed=event.done_bytes,
                total=event.total_bytes or None,
            )
            if bars.disable and event.stage in {PullStage.DOWNLOADING, PullStage.CONVERTING}:
                remark(f"{event.stage.value} {event.subject}")

        pull(cache_dir, names or (), show)
    rows = list_weights(cache_dir, verify=False)
    num_bytes = sum(row.size_bytes for row in rows if row.state is not WeightState.MISSING)
    line = f"{num_bytes / 1e6:.0f} MB of weights are in {cache_dir}"
    print_outcome(line, _as_json(cache_dir, rows), as_json=as_json)


def list_models(weights_dir: WeightsDir = None, as_json: AsJson = False) -> None:
    """List the weight files, their licence, and whether they are there; --json also tells their packages."""
    _show(read_settings(weights_dir=weights_dir).weights_dir, as_json=as_json, verify=False)


def verify_models(weights_dir: WeightsDir = None, as_json: AsJson = False) -> None:
    """Check the digest of every weight file. Exit code 7 if one is missing or damaged."""
    rows = _show(read_settings(weights_dir=weights_dir).weights_dir, as_json=as_json, verify=True)
    if any(row.state is not WeightState.VERIFIED for row in rows):
        remark("Some weights are missing or damaged: run `myna models pull`.", style="red")
        raise typer.Exit(ExitCode.WEIGHTS)


def _show(cache_dir: Path, *, as_json: bool, verify: bool) -> tuple[WeightRow, ...]:
    rows = list_weights(cache_dir, verify=verify)
    if as_json:
        print_json(_as_json(cache_dir, rows))
    else:
        print_rows(
            ("FILE", "STATE", "SIZE", "LICENCE", "WHAT"),
            [(row.path, row.state, f"{row.size_bytes / 1e6:.1f} MB", row.licence, row.summary) for row in rows],
        )
    return rows


def _as_json(cache_dir: Path, rows: tuple[WeightRow, ...]) -> dict[str, object]:
    files = [{to_camel(name): value for name, value in asdict(row).items()} for row in rows]
    return {"weightsDir": str(cache_dir), "files": files}


COMMANDS = {"pull": pull_models, "list": list_models, "verify": verify_models}
