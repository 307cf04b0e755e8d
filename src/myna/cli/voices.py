"""`myna voices`: look at voices, rename, silence, delete and remake them."""

import sys
from typing import Annotated

import typer

from myna.cli.options import DEFAULT_WORKSPACE, AsJson, EngineId, LocalDataDir, Url, Workspace
from myna.cli.output import print_json, print_result, print_rows
from myna.cli.session import Target, call
from myna.cli.voice_json import voice_as_json
from myna.cli.voices_remake import remake_voices
from myna.client import Voice

VoiceId = Annotated[str, typer.Argument(metavar="VOICE_ID", help="Id of the voice.")]


def build_app() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True)
    app.command("list")(list_voices)
    app.command("show")(show_voice)
    app.command("rename")(rename_voice)
    app.command("revoke")(revoke_voice)
    app.command("delete")(delete_voice)
    app.command("remake")(remake_voices)
    return app


def list_voices(
    *,
    where: Annotated[str, typer.Option("--filter", help="""Such as 'source = "IVC" AND lang_code = "en"'.""")] = "",
    order_by: Annotated[str, typer.Option(help="Such as 'display_name desc'.")] = "",
    url: Url = None,
    data_dir: LocalDataDir = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    engine: EngineId = None,
    as_json: AsJson = False,
) -> None:
    """List the workspace's voices and those that come with the engine."""
    voices = call(
        Target(url, data_dir, workspace, engine),
        lambda client: client.list_voices(where=where, order_by=order_by),
        needs_engine=False,
    )
    if as_json:
        print_json({"voices": [voice_as_json(voice) for voice in voices]})
    else:
        print_rows(
            ("VOICE ID", "NAME", "LANGUAGE", "SOURCE", "TAGS"),
            [(v.voice_id, v.display_name, v.lang_code, v.source, ", ".join(v.tags)) for v in voices],
        )


def show_voice(
    voice_id: VoiceId,
    *,
    url: Url = None,
    data_dir: LocalDataDir = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    engine: EngineId = None,
    as_json: AsJson = False,
) -> None:
    """Show one voice."""
    _show(
        call(Target(url, data_dir, workspace, engine), lambda client: client.get_voice(voice_id), needs_engine=False),
        as_json=as_json,
    )


def rename_voice(
    voice_id: VoiceId,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new display name. The id stays.")],
    *,
    url: Url = None,
    data_dir: LocalDataDir = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    engine: EngineId = None,
    as_json: AsJson = False,
) -> None:
    """Give a voice another display name."""
    voice = call(
        Target(url, data_dir, workspace, engine),
        lambda client: client.update_voice(voice_id, display_name=name),
        needs_engine=False,
    )
    _show(voice, as_json=as_json)


def revoke_voice(
    voice_id: VoiceId,
    *,
    url: Url = None,
    data_dir: LocalDataDir = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    engine: EngineId = None,
    as_json: AsJson = False,
) -> None:
    """Note that the consent to a voice is revoked: it is silent at once, and stays so. Delete it to remove it."""
    voice = call(
        Target(url, data_dir, workspace, engine), lambda client: client.revoke_consent(voice_id), needs_engine=False
    )
    _show(voice, as_json=as_json)


def delete_voice(
    voice_id: VoiceId,
    *,
    is_sure: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; scripts are not asked either.")] = False,
    url: Url = None,
    data_dir: LocalDataDir = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    engine: EngineId = None,
    as_json: AsJson = False,
) -> None:
    """Delete a voice with its recordings, for good."""
    if not is_sure and sys.stdin.isatty() and sys.stderr.isatty():
        typer.confirm(f"Delete {voice_id} and its recordings for good?", abort=True, err=True)
    call(Target(url, data_dir, workspace, engine), lambda client: client.delete_voice(voice_id), needs_engine=False)
    if as_json:
        print_json({"deleted": voice_id})
    else:
        print_result(f"{voice_id} deleted")


def _show(voice: Voice, *, as_json: bool) -> None:
    fields = voice_as_json(voice)
    if as_json:
        print_json(fields)
        return
    fields |= {f"consent.{name}": value for name, value in fields.pop("consent", {}).items()}
    print_rows(("FIELD", "VALUE"), [(name, _as_text(value)) for name, value in fields.items()])


def _as_text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(part["text"] if isinstance(part, dict) else str(part) for part in value)
    return "" if value is None else str(value)
