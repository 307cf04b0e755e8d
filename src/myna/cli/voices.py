"""`myna voices`: look at voices, rename, silence, delete and remake them."""

from typing import Annotated

import typer

from myna.cli.options import AsJson, IsSure
from myna.cli.output import confirm, print_json, print_outcome, print_rows
from myna.cli.session import Target, call, with_target
from myna.cli.voice_json import voice_as_json
from myna.cli.voices_remake import remake_voices
from myna.client import Voice

VoiceId = Annotated[str, typer.Argument(metavar="VOICE_ID", help="Id of the voice.")]


@with_target
def list_voices(
    *,
    where: Annotated[str, typer.Option("--filter", help="""Such as 'source = "IVC" AND lang_code = "en"'.""")] = "",
    order_by: Annotated[str, typer.Option(help="Such as 'display_name desc'.")] = "",
    target: Target,
    as_json: AsJson = False,
) -> None:
    """List the workspace's voices and those that come with the engine."""
    voices = call(target, lambda client: client.list_voices(where=where, order_by=order_by))
    if as_json:
        print_json({"voices": [voice_as_json(voice) for voice in voices]})
    else:
        print_rows(
            ("VOICE ID", "NAME", "LANGUAGE", "SOURCE", "TAGS"),
            [(v.voice_id, v.display_name, v.lang_code, v.source, ", ".join(v.tags)) for v in voices],
        )


@with_target
def show_voice(voice_id: VoiceId, *, target: Target, as_json: AsJson = False) -> None:
    """Show one voice."""
    _show(call(target, lambda client: client.get_voice(voice_id)), as_json=as_json)


@with_target
def rename_voice(
    voice_id: VoiceId,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new display name. The id stays.")],
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Give a voice another display name."""
    _show(call(target, lambda client: client.update_voice(voice_id, display_name=name)), as_json=as_json)


@with_target
def revoke_voice(voice_id: VoiceId, *, target: Target, as_json: AsJson = False) -> None:
    """Note that the consent to a voice is revoked: it is silent at once, and stays so. Delete it to remove it."""
    _show(call(target, lambda client: client.revoke_consent(voice_id)), as_json=as_json)


@with_target
def delete_voice(
    voice_id: VoiceId,
    *,
    is_sure: IsSure = False,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Delete a voice with its recordings, for good."""
    confirm(f"Delete {voice_id} and its recordings for good?", is_sure=is_sure)
    call(target, lambda client: client.delete_voice(voice_id))
    print_outcome(f"{voice_id} deleted", {"deleted": voice_id}, as_json=as_json)


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


COMMANDS = {
    "list": list_voices,
    "show": show_voice,
    "rename": rename_voice,
    "revoke": revoke_voice,
    "delete": delete_voice,
    "remake": remake_voices,
}
