"""`myna clone`: derive a voice from recordings."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from myna.cli.exit_codes import ExitCode
from myna.cli.options import AsJson
from myna.cli.output import print_json, print_result, remark
from myna.cli.progress import client_progress, progress_bars
from myna.cli.session import Target, call, with_target
from myna.cli.voice_json import report_as_json
from myna.client import AsyncClient, CloneReport, Consent, Sample


@with_target
def clone(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Recordings of one person, 10 to 15 s best.", exists=True, dir_okay=False),
    ],
    *,
    name: Annotated[str, typer.Option(help="What to call the voice.")],
    lang: Annotated[str, typer.Option(help="What is spoken (EN_US, en-US, en), or AUTO to detect it.")] = "AUTO",
    transcript: Annotated[
        list[str] | None, typer.Option(help="What is said; repeat it for each file, in order.", show_default="listen")
    ] = None,
    denoise: Annotated[bool, typer.Option("--denoise", help="Remove background noise first.")] = False,
    description: Annotated[str, typer.Option(help="A longer note on the voice.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="A label; may be repeated.")] = None,
    consent: Annotated[str, typer.Option(help="The statement of consent, kept with the voice.")] = "",
    consent_by: Annotated[str, typer.Option(help="Who agreed that the voice is copied.")] = "",
    speaker: Annotated[str, typer.Option(help="Whose voice it is.", show_default="who agreed")] = "",
    purpose: Annotated[str, typer.Option(help="What they agreed to use it for.")] = "",
    validate_only: Annotated[
        bool, typer.Option("--validate-only", help="Report on the recordings, make no voice.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Until the voice has been listened to; it can speak before.")
    ] = True,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Clone a voice: its id on stdout, what was heard on stderr. Exit code 3 if no recording could be used."""
    transcripts = transcript or []
    if len(transcripts) > len(files):
        raise typer.BadParameter(f"{len(transcripts)} transcripts for {len(files)} recordings.")
    padded = [*transcripts, *[""] * (len(files) - len(transcripts))]
    samples = [Sample(path, text) for path, text in zip(files, padded, strict=True)]

    async def work(client: AsyncClient) -> CloneReport:
        with client_progress() as on_progress:
            report = await client.clone(
                samples,
                name,
                lang=lang,
                denoise=denoise,
                description=description,
                tags=tag or (),
                consent=Consent(consent_by, speaker or consent_by, purpose, consent),
                validate_only=validate_only,
                on_progress=on_progress,
            )
        return await wait_until_heard(client, report) if wait else report

    report = call(target, work, needs_engine=True)
    if as_json:
        print_json(report_as_json(report))
    else:
        tell_report(report, files)
        if report.voice is not None and report.voice.refinement == "pending":
            who = "the server is" if target.data_dir is None else "a server on this folder will be"
            remark(f"It can speak now; {who} making a better version of it in the background.")
        if report.voice is not None:
            print_result(report.voice.voice_id)
    if all(sample.errors for sample in report.samples):
        raise typer.Exit(ExitCode.REFUSED)


async def wait_until_heard(client: AsyncClient, report: CloneReport) -> CloneReport:
    """The report with the voice as it is once it has been listened to and measured."""
    if report.voice is None or report.voice.is_heard:
        return report
    with progress_bars() as bars:
        bars.add_task("Listening to the voice", total=None)
        return replace(report, voice=await client.wait_until_heard(report.voice.voice_id))


def tell_report(report: CloneReport, files: list[Path]) -> None:
    """What was heard in each recording and what is wrong with it, on stderr."""
    for path, sample in zip(files, report.samples, strict=False):
        heard = "heard" if sample.transcript else "no words heard"
        remark(f"{path.name}: {heard} ({sample.lang_code or 'language unknown'})")
        if sample.transcript:
            remark(f"  “{sample.transcript}”")
        for error in sample.errors:
            remark(f"  cannot be used: {error.text}", style="red")
        for warning in sample.warnings:
            remark(f"  note: {warning.text}", style="yellow")
    told = {warning.text for sample in report.samples for warning in sample.warnings}
    for warning in report.voice.warnings if report.voice is not None else ():
        if warning.text not in told:
            remark(f"  note: {warning.text}", style="yellow")
    if report.similarity is not None:
        remark(f"Likeness of the new voice to the recording: {report.similarity:.2f} (0 a stranger, 1 the same person)")
    if report.clarity is not None:
        remark(f"Clarity of the new voice: {report.clarity:.2f} (0 not understood, 1 every word is sure)")
