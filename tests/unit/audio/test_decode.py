"""Every container that is read, and every way in which a file can lie."""

import io
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.unit.audio.recordings_in_formats import (
    iter_recordings,
    read_reference,
    write_with_ffmpeg,
    write_with_libsndfile,
)

from myna.audio.container import AudioContainer, sniff_container
from myna.audio.decode import DecodeLimits, decode_audio
from myna.domain.errors import AudioUndecodable, PayloadTooLarge

LIMITS = DecodeLimits()
RECORDINGS = dict(iter_recordings())
CODEC_PADDING_S = 0.15


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_format_gives_the_recording_back(name: str) -> None:
    """The bytes alone tell the format; what is heard is the recording."""
    audio = decode_audio(RECORDINGS[name], LIMITS)
    samples, rate_hz = read_reference()
    decoded_s = len(audio.channels) / audio.sample_rate_hz
    assert decoded_s == pytest.approx(len(samples) / rate_hz, abs=CODEC_PADDING_S)
    assert np.sqrt(np.mean(audio.channels**2)) == pytest.approx(np.sqrt(np.mean(samples**2)), rel=0.12)


@pytest.mark.parametrize("rate_hz", [8000, 11025, 44100, 96000, 192000])
@pytest.mark.parametrize("num_channels", [1, 2, 8])
def test_all_rates_and_channels_within_the_limits_are_read(rate_hz: int, num_channels: int) -> None:
    """8 to 192 kHz, 1 to 8 channels."""
    audio = decode_audio(write_with_libsndfile("WAV", "PCM_16", rate_hz, num_channels), LIMITS)
    assert (audio.sample_rate_hz, audio.channels.shape[1]) == (rate_hz, num_channels)


@pytest.mark.parametrize(("rate_hz", "num_channels"), [(7999, 1), (192001, 1), (16000, 9)])
def test_rates_and_channels_beyond_the_limits_are_refused(rate_hz: int, num_channels: int) -> None:
    """With a message that names the limits."""
    with pytest.raises(AudioUndecodable, match="are read"):
        decode_audio(write_with_libsndfile("WAV", "PCM_16", rate_hz, num_channels), LIMITS)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1000,
        b"RIFF",
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        b"<html><body>not found</body></html>",
        b"%PDF-1.7",
        b"PK\x03\x04" + b"\0" * 100,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        b"#EXTM3U\nhttp://127.0.0.1/a.ts\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"\x1aE\xdf\xa3" + b"\0" * 64,
        b"\0\0\0\x20ftypM4A " + b"\0" * 64,
        b"fLaC" + b"\0" * 64,
        b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + b"\0" * 64,
    ],
)
def test_what_is_not_audio_is_refused_with_the_formats_that_are(content: bytes) -> None:
    """Never another exception, and the message helps."""
    with pytest.raises(AudioUndecodable, match=r"WAV|sound"):
        decode_audio(content, LIMITS)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"MThd\0\0\0\x06", "MIDI"),
        (b"\x02#!SILK_V3", "SILK"),
        (b"\n<!DOCTYPE html>", "web page"),
        (b"RIFF\0\0\0\0QLCMfmt ", "QCP"),
        ((b"G" + b"\0" * 187) * 3, "MPEG transport stream"),
        (write_with_ffmpeg("mpegts", "aac"), "MPEG transport stream"),
        (write_with_ffmpeg("matroska", "tta"), r"codec of the WEBM file \(tta\)"),
    ],
)
def test_what_is_not_read_is_named(content: bytes, name: str) -> None:
    """Whoever sent it learns what it is, and what to send."""
    with pytest.raises(AudioUndecodable, match=f"{name}.*Send WAV"):
        decode_audio(content, LIMITS)


def test_a_video_track_alone_is_refused() -> None:
    """Only audio codecs may start."""
    import av  # noqa: PLC0415

    content = io.BytesIO()
    with av.open(content, "w", format="mp4") as opened:
        stream = opened.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for _ in range(5):
            opened.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        opened.mux(stream.encode(None))
    with pytest.raises(AudioUndecodable, match="no audio track"):
        decode_audio(content.getvalue(), LIMITS)


def test_a_small_file_that_unpacks_to_an_hour_is_read_to_the_limit_only() -> None:
    """Half a megabyte of FLAC holds an hour; memory stays bounded."""
    content = io.BytesIO()
    soundfile.write(content, np.zeros(3600 * 8000, np.int16), 8000, format="FLAC")
    tracemalloc.start()
    audio = decode_audio(content.getvalue(), DecodeLimits(max_read_s=20.0))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(audio.channels), audio.is_cut) == (160_000, True)
    assert peak_bytes < 10 * 2**20


def test_a_wav_that_claims_hours_gives_what_it_has() -> None:
    """Streamed WAVs state a length of 4 GB."""
    content = bytearray(write_with_libsndfile("WAV", "PCM_16"))
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    assert len(decode_audio(bytes(content), LIMITS).channels) == 48_000


def test_a_declared_duration_over_the_limit_is_refused_unread() -> None:
    """A FLAC header that claims 19 hours."""
    content = bytearray(write_with_libsndfile("FLAC", "PCM_16"))
    content[21] |= 0x00
    content[22:26] = struct.pack(">I", 0x41A00000)
    with pytest.raises(AudioUndecodable, match="hours"):
        decode_audio(bytes(content), LIMITS)


def test_bytes_over_the_limit_are_refused_unread() -> None:
    """Size before content."""
    with pytest.raises(PayloadTooLarge):
        decode_audio(b"RIFF" + bytes(2000), DecodeLimits(max_bytes=1000))


def test_many_channels_at_a_high_rate_stay_within_memory() -> None:
    """The limit is on values, not only on seconds."""
    audio = decode_audio(write_with_libsndfile("WAV", "PCM_16", 192000, 8), DecodeLimits(max_values=80_000))
    assert (audio.channels.size, audio.is_cut) == (80_000, True)


def test_an_mp3_that_begins_and_ends_in_the_middle_of_a_frame_is_read() -> None:
    """As clients that trim by bytes send them."""
    content = RECORDINGS["mp3-libmp3lame"]
    audio = decode_audio(content[len(content) // 5 + 7 : -101], LIMITS)
    assert len(audio.channels) / audio.sample_rate_hz > 1.5


def test_a_damaged_tail_does_not_spoil_the_beginning() -> None:
    """Half of a file is better than a refusal."""
    for name in ("FLAC-PCM_16", "OGG-VORBIS", "WAV-PCM_16", "webm-libopus", "adts-aac"):
        content = RECORDINGS[name]
        audio = decode_audio(content[: len(content) * 2 // 3], LIMITS)
        assert len(audio.channels) / audio.sample_rate_hz > 1.0


def test_floats_that_are_not_numbers_or_over_full_scale_are_tamed() -> None:
    """NaN becomes silence; what is over full scale is scaled, since it is not clipped yet."""
    content = io.BytesIO()
    soundfile.write(content, np.array([0.5, np.nan, np.inf, -3.0] * 100), 16000, "FLOAT", format="WAV")
    channels = decode_audio(content.getvalue(), LIMITS).channels
    assert np.isfinite(channels).all()
    assert (channels.min(), channels.max()) == pytest.approx((-1.0, 0.5 / 3))


def test_a_streamed_flac_of_unknown_length_is_read() -> None:
    """To its last sample: libsndfile cannot, FFmpeg can. So our own streams look. Also beside other files."""
    known = as_wav(150_001, container="FLAC")
    unknown = known[:21] + bytes([known[21] & 0xF0]) + bytes(4) + known[26:]
    for row in ([unknown], [unknown, unknown], [known, unknown], [unknown, known]):
        assert len(decode_audio(b"".join(row), LIMITS).channels) == 150_001 * len(row)


def test_an_id3_tag_before_any_container_is_skipped() -> None:
    """Taggers put them in front of everything."""
    tag = b"ID3\x04\0\0" + bytes([0, 0, 1, 0]) + bytes(128)
    for name, container in (("FLAC-PCM_16", AudioContainer.FLAC), ("adts-aac", AudioContainer.ADTS)):
        sniffed = sniff_container(tag + RECORDINGS[name])
        assert sniffed is not None
        assert (sniffed.container, sniffed.content_start) == (container, 138)


@pytest.mark.parametrize("content", ["ffconcat version 1.0\nfile {}\n", "#EXTM3U\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n"])
def test_references_to_other_files_are_never_opened(content: str, tmp_path: Path) -> None:
    """Lists of files, here of one with sound in it, are no recordings."""
    (tmp_path / "other.wav").write_bytes(as_wav(32_000))
    with pytest.raises(AudioUndecodable):
        decode_audio(content.format(tmp_path / "other.wav").encode(), LIMITS)


def as_wav(num_samples: int, rate_hz: int = 16000, container: str = "WAV") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.full(num_samples, 0.25, np.float32), rate_hz, format=container, subtype="PCM_16")
    return file.getvalue()


@pytest.mark.parametrize("riff_size", [0, 36, 0xFFFFFFFF])
@pytest.mark.parametrize("data_size", [0, 0xFFFFFFFF, 4800])
def test_wav_of_a_stream_is_read_to_the_end(riff_size: int, data_size: int) -> None:
    """Sizes that were not known when the header was written say nothing, nor does that of a stream's first piece."""
    content = bytearray(as_wav(32_000))
    at = content.index(b"data") + 4
    content[4:8], content[at : at + 4] = struct.pack("<I", riff_size), struct.pack("<I", data_size)
    assert len(decode_audio(bytes(content), LIMITS).channels) == 32_000


def test_wavs_in_a_row_are_one_recording() -> None:
    """Chunks of a stream, each with a header, also without its size; of different rates they are refused."""
    parts = [as_wav(16_000), as_wav(8_001), as_wav(4_000)]
    assert len(decode_audio(b"".join(parts), LIMITS).channels) == 28_001
    unsized = b"".join(part.replace(b"data" + part[40:44], b"data\0\0\0\0") for part in parts)
    assert len(decode_audio(unsized, LIMITS).channels) == 28_001
    assert decode_audio(b"".join(parts), DecodeLimits(max_read_s=1.2)).is_cut
    with pytest.raises(AudioUndecodable, match="follow one another"):
        decode_audio(as_wav(1_000) + as_wav(1_000, 8000), LIMITS)
    with pytest.raises(AudioUndecodable, match="without any sound"):
        decode_audio(as_wav(0), LIMITS)


@pytest.mark.parametrize("name", ["MP3-MPEG_LAYER_III", "OGG-OPUS", "OGG-VORBIS", "FLAC-PCM_16"])
def test_files_in_a_row_are_one_recording(name: str) -> None:
    """As programs join replies, byte by byte; an MP3 also where the first states its length and the next does not, and
    where they differ in rate and channels."""
    first = RECORDINGS[name]
    rows = [[first, first]]
    if name.startswith("MP3"):
        rows += [[first, first[1000:]], [first, write_with_libsndfile("MP3", "MPEG_LAYER_III", 48000, 2)]]
    for row in rows:
        audio = decode_audio(b"".join(row), LIMITS)
        each_s = [len(part.channels) / part.sample_rate_hz for part in (decode_audio(one, LIMITS) for one in row)]
        lost_s = 0.2 if name.startswith("MP3") else 0.0
        assert len(audio.channels) / audio.sample_rate_hz == pytest.approx(sum(each_s), abs=lost_s)


@pytest.mark.parametrize(
    ("magic", "frame", "rate_hz"),
    [
        (b"#!AMR\n", b"\x3c" + bytes(range(31)), 8000),
        (b"#!AMR-WB\n", b"\x44" + bytes(range(60)), 16000),
    ],
)
def test_plain_amr_is_read(magic: bytes, frame: bytes, rate_hz: int) -> None:
    """As telephones record it, 20 ms a frame, without 3GP around it."""
    audio = decode_audio(magic + frame * 50, LIMITS)
    assert (audio.sample_rate_hz, audio.container) == (rate_hz, AudioContainer.AMR)
    assert len(audio.channels) == pytest.approx(rate_hz, rel=0.05)


@pytest.mark.parametrize("name", ["WAV-PCM_16", "FLAC-PCM_16", "MP3-MPEG_LAYER_III", "ipod-aac", "webm-libopus"])
def test_a_recording_is_read_from_a_later_moment_on(name: str) -> None:
    """Parts of a long one are the whole; behind its end there is nothing, and that is no error."""
    whole = decode_audio(RECORDINGS[name], LIMITS)
    rate_hz, limits = whole.sample_rate_hz, DecodeLimits(max_read_s=1.0)
    parts = [decode_audio(RECORDINGS[name], limits, start_s) for start_s in (0.0, 1.0, 2.0, 9.0)]
    assert [part.is_cut for part in parts[:2]] == [True, True]
    joined = np.concatenate([part.channels for part in parts[:3]])[:, 0]
    assert np.corrcoef(joined[: 3 * rate_hz], whole.channels[: len(joined[: 3 * rate_hz]), 0])[0, 1] > 0.99
    assert len(parts[3].channels) == 0


@pytest.mark.parametrize("name", ["VOC-PCM_16", "SVX-PCM_16", "NIST-PCM_16"])
def test_what_libsndfile_refuses_is_read_by_ffmpeg(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of the containers that few write any more."""

    def refuse(*_: object) -> None:
        raise soundfile.SoundFileRuntimeError("refused")

    content, (samples, rate_hz) = RECORDINGS[name], read_reference()
    monkeypatch.setattr(soundfile, "SoundFile", refuse)
    audio = decode_audio(content, LIMITS)
    assert len(audio.channels) / audio.sample_rate_hz == pytest.approx(len(samples) / rate_hz, abs=0.01)
