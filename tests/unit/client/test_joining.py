"""Long speech in every format: one valid file, of the right length, without seams."""

import io
import math
import struct

import pytest
import soundfile

from myna.client import Encoding, RequestRefused, SpeechOptions
from myna.client.chapters import Chapter
from myna.client.joining import check_can_stream, open_speech_file, wire_options

CHAPTERS = (Chapter("One.", 0.35), Chapter("Two.", 0.0), Chapter("Three.", 0.0))
TONE_HZ = 200


def tone(seconds: float, rate_hz: int) -> bytes:
    samples = [round(8000 * math.sin(2 * math.pi * TONE_HZ * n / rate_hz)) for n in range(round(seconds * rate_hz))]
    return struct.pack(f"<{len(samples)}h", *samples)


@pytest.mark.parametrize("encoding", [Encoding.MP3, Encoding.OGG_OPUS, Encoding.FLAC, Encoding.WAV, Encoding.LINEAR16])
@pytest.mark.parametrize("rate_hz", [16000, 22050, 24000, 48000])
def test_joined_chapters_are_one_file_of_the_right_length(encoding: Encoding, rate_hz: int) -> None:
    """Three chapters of a second each and a pause make one file that lasts as long as they do together."""
    options = SpeechOptions(encoding=encoding, sample_rate_hz=rate_hz)
    asked = wire_options(options, CHAPTERS)
    assert asked.encoding is Encoding.PCM
    target = io.BytesIO()
    file = open_speech_file(target, options, CHAPTERS)
    for chapter in CHAPTERS:
        file.add(tone(1.0, asked.rate_hz), chapter.pause_after_s)
    file.close()
    target.seek(0)
    decoded = soundfile.info(target)
    assert decoded.channels == 1
    assert decoded.samplerate == asked.rate_hz
    assert decoded.duration == pytest.approx(3.35, abs=0.06)


def test_a_joined_wav_has_the_plain_header() -> None:
    """44 bytes, as clients that strip a fixed header expect."""
    options = SpeechOptions(encoding=Encoding.WAV, sample_rate_hz=24000)
    target = io.BytesIO()
    file = open_speech_file(target, options, CHAPTERS)
    for _ in CHAPTERS:
        file.add(tone(0.1, 24000), 0.0)
    file.close()
    content = target.getvalue()
    assert content[:4] == b"RIFF"
    assert content[36:40] == b"data"
    assert content[44:] == tone(0.1, 24000) * 3


@pytest.mark.parametrize(
    ("encoding", "silence"), [(Encoding.PCM, b"\0\0"), (Encoding.ALAW, b"\xd5"), (Encoding.MULAW, b"\xff")]
)
def test_headerless_formats_follow_one_another(encoding: Encoding, silence: bytes) -> None:
    """Raw samples are put one after the other, pauses are true silence of the format."""
    options = SpeechOptions(encoding=encoding, sample_rate_hz=8000)
    assert wire_options(options, CHAPTERS) == options
    target = io.BytesIO()
    file = open_speech_file(target, options, CHAPTERS)
    for chapter in CHAPTERS:
        file.add(b"ab", chapter.pause_after_s)
    file.close()
    assert target.getvalue() == b"ab" + silence * 2800 + b"abab"


def test_one_chapter_is_passed_on_untouched() -> None:
    """The server's own encoding is kept when nothing needs to be joined."""
    options = SpeechOptions(encoding=Encoding.MP3)
    assert wire_options(options, CHAPTERS[:1]) == options
    target = io.BytesIO()
    file = open_speech_file(target, options, CHAPTERS[:1])
    file.add(b"frames of the server", 0.0)
    file.close()
    assert target.getvalue() == b"frames of the server"


def test_the_bit_rate_is_met() -> None:
    """Ten seconds of MP3 at 64 kbit/s weigh what they should, within 5 %."""
    options = SpeechOptions(encoding=Encoding.MP3, sample_rate_hz=24000, bit_rate_bps=64_000)
    target = io.BytesIO()
    file = open_speech_file(target, options, CHAPTERS)
    for _ in range(10):
        file.add(tone(1.0, 24000), 0.0)
    file.close()
    assert len(target.getvalue()) * 8 / 10 == pytest.approx(64_000, rel=0.05)


def test_formats_that_cannot_be_continued_are_not_streamed_in_chapters() -> None:
    """A second Ogg file behind the first would not be played: it is refused with advice instead."""
    with pytest.raises(RequestRefused, match="write it to a file"):
        check_can_stream(SpeechOptions(encoding=Encoding.OGG_OPUS), CHAPTERS)
    check_can_stream(SpeechOptions(encoding=Encoding.PCM), CHAPTERS)
    check_can_stream(SpeechOptions(encoding=Encoding.OGG_OPUS), CHAPTERS[:1])
