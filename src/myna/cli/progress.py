"""Progress bars on stderr; silent where stderr is not a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from myna.cli.output import stderr_console
from myna.client import OnProgress, Stage
from myna.client import Progress as ClientProgress

_TITLES = {Stage.UPLOADING: "Uploading", Stage.CLONING: "Listening and deriving the voice", Stage.SPEAKING: "Speaking"}


def progress_bars(*columns: ProgressColumn) -> Progress:
    """An empty set of bars; columns are put between the bar and the time."""
    console = stderr_console()
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        *columns,
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


@contextmanager
def counted_progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """One bar; what it gives is told how many are done, and how many there are."""
    with progress_bars(MofNCompleteColumn()) as bars:
        task = bars.add_task(title, total=None)
        yield lambda num_done, num_all: bars.update(task, completed=num_done, total=num_all)


@contextmanager
def client_progress() -> Iterator[OnProgress]:
    """Bars for a call of the client: one a stage."""
    with progress_bars(MofNCompleteColumn()) as bars:
        tasks: dict[Stage, TaskID] = {}

        def show(progress: ClientProgress) -> None:
            if progress.stage not in tasks:
                tasks[progress.stage] = bars.add_task(_TITLES[progress.stage], total=None)
            is_countable = progress.total > 1
            bars.update(
                tasks[progress.stage],
                completed=progress.done if is_countable else None,
                total=progress.total if is_countable or progress.done else None,
            )

        yield show
