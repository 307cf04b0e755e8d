"""`myna voices remake`: make voices again for the engine that is to speak, in the store itself; no server is needed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import MofNCompleteColumn

from myna.cli.exit_codes import exit_code_for
from myna.cli.options import DEFAULT_WORKSPACE, AsJson, DataDir, EngineId
from myna.cli.output import print_json, print_result, remark
from myna.cli.progress import progress_bars
from myna.cli.setting_values import read_settings
from myna.config import Settings
from myna.domain.errors import MynaError
from myna.domain.voice import VoiceId, WorkspaceId

if TYPE_CHECKING:
    from myna.usecases.services import Services


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one voice."""

    workspace: WorkspaceId
    voice_id: VoiceId
    error: MynaError | None = None
    """None if it was made again."""


def remake_voices(
    voice_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[VOICE_ID]...", help="Voices to make again, whoever made them.")
    ] = None,
    *,
    is_all: Annotated[
        bool, typer.Option("--all", help="Every voice, of every workspace, that another engine or version made.")
    ] = False,
    workspace: Annotated[str, typer.Option(help="Whose voices the ids name.")] = DEFAULT_WORKSPACE,
    data_dir: DataDir = None,
    engine: EngineId = None,
    as_json: AsJson = False,
) -> None:
    """Make voices again from their kept recordings (designed ones: description), for the engine as it is now.

    The old voice stays until the new one is stored, so this may be interrupted and repeated, also beside a server.
    """
    if bool(voice_ids) == is_all:
        raise typer.BadParameter("Name the voices, or say --all.")
    settings = read_settings(data_dir=data_dir, engine=engine, preload_models=False)
    named = [(WorkspaceId(workspace), VoiceId(voice_id)) for voice_id in voice_ids or ()]
    outcomes = asyncio.run(_remake(settings, named))
    remade = [outcome for outcome in outcomes if outcome.error is None]
    if as_json:
        print_json(_as_json(outcomes))
    else:
        for outcome in remade:
            print_result(outcome.voice_id)
        if not outcomes:
            remark("Every voice is of this engine and version: nothing to make again.")
    failure = next((outcome.error for outcome in outcomes if outcome.error is not None), None)
    if failure is not None:
        raise typer.Exit(exit_code_for(failure))


async def _remake(settings: Settings, named: Sequence[tuple[WorkspaceId, VoiceId]]) -> list[_Outcome]:
    """named: empty for all that another engine made."""
    from myna.bootstrap import build_services  # noqa: PLC0415  (the server's libraries: seconds to import)

    services = build_services(settings)
    try:
        await services.prepare_store()
        spec = services.engine.spec
        wanted = list(named)
        if not wanted:
            others = await services.voices.list_made_by_others(spec.id, spec.version)
            wanted = [(voice.workspace, voice.voice_id) for voice in others]
        if not wanted:
            return []
        outcomes = []
        with progress_bars(MofNCompleteColumn()) as bars:
            task = bars.add_task("Loading the engine", total=len(wanted))
            await services.engine.start()
            for owner, voice_id in wanted:
                bars.update(task, description=f"Making {voice_id} again")
                outcome = await _remake_one(services, owner, voice_id)
                bars.advance(task)
                if outcome.error is not None:
                    message = f"{voice_id}: {outcome.error.message}"
                    bars.console.print(message, style="red", markup=False, soft_wrap=True)
                elif bars.disable:
                    remark(f"{voice_id} made again")
                outcomes.append(outcome)
        return outcomes
    finally:
        await services.close()


async def _remake_one(services: "Services", workspace: WorkspaceId, voice_id: VoiceId) -> _Outcome:
    """One that fails does not stop the others."""
    try:
        await services.remake_voice(workspace, voice_id)
    except MynaError as error:
        return _Outcome(workspace, voice_id, error)
    return _Outcome(workspace, voice_id)


def _as_json(outcomes: Sequence[_Outcome]) -> dict[str, object]:
    told: dict[str, list[dict[str, str]]] = {"remade": [], "failed": []}
    for outcome in outcomes:
        voice = {"voiceId": outcome.voice_id, "workspace": outcome.workspace}
        if outcome.error is None:
            told["remade"].append(voice)
        else:
            told["failed"].append(voice | {"code": outcome.error.code, "message": outcome.error.message})
    return {**told}
