"""Joins the chapters of a long text, without ever holding all of it. One is passed on as it was sent. Several are
asked for as plain samples (or companded bytes) and get their container here: compressed files in a row have seams,
and several FLAC or Ogg files are not one."""

import wave
from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO, Protocol

from myna.client.chapters import Chapter
from myna.client.errors import RequestRefused
from myna.client.models import Encoding, SpeechOptions

_BYTES_PER_SAMPLE: dict[Encoding | None, int] = {Encoding.ALAW: 1, Encoding.MULAW: 1}
_SILENCE: dict[Encoding | None, bytes] = {Encoding.ALAW: b"\xd5", Encoding.MULAW: b"\xff"}
"""Source: ITU-T G.711, the code words of zero."""

_HEADERLESS = frozenset({Encoding.PCM, Encoding.ALAW, Encoding.MULAW})
_CONTINUABLE = _HEADERLESS | {Encoding.MP3, Encoding.LINEAR16}
"""Formats whose streams may follow one another."""

_OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)
"""What libopus takes; speech for an Ogg file of another rate is asked for at 48 kHz. Source: RFC 6716, section 2."""


class SpeechFile(Protocol):
    """A file being written, chapter after chapter."""

    def add(self, content: bytes, pause_after_s: float) -> None: ...

    def close(self) -> None:
        """Complete the file; what it was written into stays open and belongs to the caller."""


def wire_options(options: SpeechOptions, chapters: Sequence[Chapter]) -> SpeechOptions:
    """What to ask the server for so that the chapters can be joined into what the caller wants."""
    if len(chapters) <= 1 or options.encoding in _HEADERLESS:
        return options
    rate_hz = options.rate_hz
    if options.encoding is Encoding.OGG_OPUS and rate_hz not in _OPUS_RATES_HZ:
        rate_hz = 48000
    return replace(options, encoding=Encoding.PCM, sample_rate_hz=rate_hz)


def check_can_stream(options: SpeechOptions, chapters: Sequence[Chapter]) -> None:
    """Raises: RequestRefused for several chapters in a format that one stream cannot continue."""
    if len(chapters) > 1 and options.encoding not in _CONTINUABLE:
        formats = ", ".join(sorted(_CONTINUABLE))
        raise RequestRefused(
            f"Text of this length cannot be streamed as {options.encoding}. Stream it as one of {formats}, "
            "or write it to a file."
        )


def open_speech_file(target: BinaryIO, options: SpeechOptions, chapters: Sequence[Chapter]) -> SpeechFile:
    """target: writable; seekable too, unless the format has no header or there is one chapter only."""
    asked = wire_options(options, chapters)
    if asked.encoding is options.encoding and (len(chapters) <= 1 or options.encoding in _HEADERLESS):
        return _Headerless(target, asked)
    if options.encoding in {Encoding.WAV, Encoding.LINEAR16}:
        return _Wav(target, asked.rate_hz)
    assert options.encoding is not None
    from myna.client.compressed import CompressedFile  # noqa: PLC0415  (libsndfile, for long compressed speech only)

    return CompressedFile(target, options.encoding, asked.rate_hz, options.bit_rate_bps)


class _Headerless:
    """Bytes one after the other."""

    def __init__(self, target: BinaryIO, options: SpeechOptions) -> None:
        self._target = target
        self._options = options

    def add(self, content: bytes, pause_after_s: float) -> None:
        self._target.write(content)
        if pause_after_s:
            num_bytes = round(pause_after_s * self._options.rate_hz) * _BYTES_PER_SAMPLE.get(self._options.encoding, 2)
            self._target.write(_SILENCE.get(self._options.encoding, b"\0") * num_bytes)

    def close(self) -> None:
        self._target.flush()


class _Wav:
    """16-bit mono with the plain 44-byte header."""

    def __init__(self, target: BinaryIO, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._wav = wave.open(target, "wb")  # noqa: SIM115  (closed by `close`)
        self._wav.setnchannels(1)
        self._wav.setsampwidth(2)
        self._wav.setframerate(rate_hz)

    def add(self, content: bytes, pause_after_s: float) -> None:
        self._wav.writeframesraw(content)
        self._wav.writeframesraw(b"\0\0" * round(pause_after_s * self._rate_hz))

    def close(self) -> None:
        self._wav.close()
