"""One real recording written in every container and codec that is read."""

import io
import struct
from collections.abc import Iterator

import av
import numpy as np
import soundfile
from tests.conftest import DATA

REFERENCE = DATA / "demo_reference.flac"


def read_reference(duration_s: float = 3.0) -> tuple[np.ndarray, int]:
    """[num_samples] float32 and the rate."""
    samples, rate_hz = soundfile.read(REFERENCE, dtype="float32")
    return samples[: round(duration_s * rate_hz)], rate_hz


def write_with_libsndfile(container: str, subtype: str, rate_hz: int = 16000, num_channels: int = 1) -> bytes:
    samples, _ = read_reference()
    channels = np.repeat(samples[:, np.newaxis], num_channels, axis=1)
    content = io.BytesIO()
    soundfile.write(content, channels, rate_hz, subtype, format=container)
    return content.getvalue()


def write_with_ffmpeg(container: str, codec: str, **options: str) -> bytes:
    """48 kHz, mono."""
    samples, rate_hz = read_reference()
    content = io.BytesIO()
    with av.open(content, "w", format=container, options=options) as opened:
        stream = opened.add_stream(codec, rate=48000)
        stream.layout = "mono"
        if container == "asf":
            stream.bit_rate = 128_000
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=48000)
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="fltp", layout="mono")
        frame.sample_rate = rate_hz
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            opened.mux(stream.encode(piece))
        opened.mux(stream.encode(None))
    return content.getvalue()


def write_rifx() -> bytes:
    """A WAV whose numbers are big-endian."""
    samples, rate_hz = read_reference()
    sound = (samples * 32767).astype(">i2").tobytes()
    form = struct.pack(">4sIHHIIHH", b"fmt ", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    data = struct.pack(">4sI", b"data", len(sound)) + sound
    return struct.pack(">4sI4s", b"RIFX", 4 + len(form) + len(data), b"WAVE") + form + data


def iter_recordings() -> Iterator[tuple[str, bytes]]:
    """Name and bytes."""
    for container, subtype in (
        ("WAV", "PCM_U8"),
        ("WAV", "PCM_16"),
        ("WAV", "PCM_24"),
        ("WAV", "PCM_32"),
        ("WAV", "FLOAT"),
        ("WAV", "DOUBLE"),
        ("WAV", "ALAW"),
        ("WAV", "ULAW"),
        ("WAVEX", "PCM_24"),
        ("RF64", "PCM_16"),
        ("W64", "PCM_16"),
        ("AU", "PCM_16"),
        ("AIFF", "PCM_16"),
        ("CAF", "PCM_16"),
        ("CAF", "ALAC_16"),
        ("FLAC", "PCM_16"),
        ("FLAC", "PCM_24"),
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("MP3", "MPEG_LAYER_III"),
        ("VOC", "PCM_16"),
        ("SVX", "PCM_16"),
        ("NIST", "PCM_16"),
    ):
        yield f"{container}-{subtype}", write_with_libsndfile(container, subtype)
    yield "RIFX-PCM_16", write_rifx()
    for container, codec, options in (
        ("ipod", "aac", {}),
        ("ipod", "alac", {}),
        ("mp4", "aac", {"movflags": "frag_keyframe+empty_moov"}),
        ("adts", "aac", {}),
        ("webm", "libopus", {}),
        ("matroska", "libopus", {}),
        ("wav", "libmp3lame", {}),
        ("mp3", "libmp3lame", {"id3v2_version": "3"}),
        ("3gp", "aac", {}),
        ("mov", "ac3", {}),
        ("asf", "wmav2", {}),
        ("avi", "pcm_s16le", {}),
        ("wv", "wavpack", {}),
        ("wav", "g722", {}),
    ):
        yield f"{container}-{codec}", write_with_ffmpeg(container, codec, **options)
