"""`myna say`: speak text of any length into a file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from myna.cli.options import AsJson
from myna.cli.output import print_json, print_result, remark
from myna.cli.progress import client_progress
from myna.cli.session import Target, call, with_target
from myna.client import AsyncClient, Encoding, SpeechOptions, SpeechSummary
from myna.client.models import with_encoding

_STANDARD = Path("-")
"""Stands for stdin as a text file and for stdout as an output file."""


@with_target
def say(
    voice_id: Annotated[
        str, typer.Argument(metavar="VOICE_ID", help="The voice, as `myna clone` or `myna voices list` prints it.")
    ],
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help="What to say.", show_default="--text-file")] = None,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write, its suffix tells the format; - for stdout.")
    ] = Path("speech.wav"),
    text_file: Annotated[
        Path | None, typer.Option("--text-file", "-f", help="UTF-8 text to say, of any length; - for stdin.")
    ] = None,
    encoding: Annotated[
        Encoding | None, typer.Option("--format", help="Format of the audio.", show_default="from the suffix")
    ] = None,
    rate_hz: Annotated[
        int | None, typer.Option("--rate", help="Samples a second, 8000 to 48000.", show_default="48000")
    ] = None,
    bit_rate_bps: Annotated[int, typer.Option("--bit-rate", help="Bits a second of MP3 and Opus.")] = 128_000,
    speed: Annotated[float, typer.Option(help="Speaking rate, 0.5 to 1.5; keeps the pitch.")] = 1.0,
    lang: Annotated[
        str | None, typer.Option(help="Language to speak, such as en-GB.", show_default="the voice's")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same speech.")] = None,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Speak text with a voice. Prints the path of the audio file on stdout."""
    spoken = _read_text(text, text_file)
    is_stdout = output == _STANDARD
    if is_stdout and as_json:
        raise typer.BadParameter("stdout cannot carry both the audio and --json: name a file with -o.")
    options = with_encoding(
        SpeechOptions(
            encoding=encoding,
            sample_rate_hz=rate_hz,
            bit_rate_bps=bit_rate_bps,
            speaking_rate=speed,
            lang=lang,
            seed=seed,
        ),
        Path("speech.wav") if is_stdout else output,
    )
    if is_stdout:

        async def fetch(client: AsyncClient) -> bytes:
            with client_progress() as on_progress:
                return await client.say(voice_id, spoken, options, on_progress=on_progress)

        sys.stdout.buffer.write(call(target, fetch, needs_engine=True))
        sys.stdout.buffer.flush()
        return

    async def write(client: AsyncClient) -> SpeechSummary:
        with client_progress() as on_progress:
            return await client.say_to_file(voice_id, spoken, output, options, on_progress=on_progress)

    summary = call(target, write, needs_engine=True)
    if as_json:
        print_json(
            {
                "path": str(output),
                "voiceId": voice_id,
                "audioEncoding": options.encoding,
                "sampleRateHertz": options.rate_hz,
                "numBytes": summary.num_bytes,
                "numCharacters": summary.num_characters,
                "numRequests": summary.num_chapters,
            }
        )
    else:
        remark(f"{summary.num_characters} characters spoken, {summary.num_bytes / 1e6:.2f} MB of {options.encoding}")
        print_result(str(output))


def _read_text(text: str | None, text_file: Path | None) -> str:
    if (text is None) == (text_file is None):
        raise typer.BadParameter("Give the text itself or --text-file, one of them.")
    if text is not None:
        spoken = text
    else:
        assert text_file is not None
        try:
            content = sys.stdin.buffer.read() if text_file == _STANDARD else text_file.read_bytes()
            spoken = content.decode("utf-8-sig")
        except UnicodeDecodeError as exc:
            raise typer.BadParameter(f"{text_file} is not UTF-8 text.") from exc
        except OSError as exc:
            raise typer.BadParameter(f"{text_file} cannot be read: {exc.strerror or exc}.") from exc
    if not spoken.strip():
        raise typer.BadParameter("There is no text to say.")
    return spoken
