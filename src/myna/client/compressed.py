"""Encodes long speech to MP3, Ogg Opus or FLAC with libsndfile, piece by piece."""

from typing import BinaryIO

import soundfile

from myna.client.models import Encoding

_FORMATS = {
    Encoding.MP3: ("MP3", "MPEG_LAYER_III"),
    Encoding.OGG_OPUS: ("OGG", "OPUS"),
    Encoding.FLAC: ("FLAC", "PCM_16"),
}
_BIT_RATES_BPS = {Encoding.OGG_OPUS: (6_000, 256_000)}
_MPEG1_BIT_RATES_BPS = (32_000, 320_000)
_MPEG2_BIT_RATES_BPS = (8_000, 160_000)
_MPEG1_MIN_RATE_HZ = 32_000


class CompressedFile:
    """A `SpeechFile` of 16-bit mono samples. The bit rate is met as closely as libsndfile's scale allows."""

    def __init__(self, target: BinaryIO, encoding: Encoding, rate_hz: int, bit_rate_bps: int) -> None:
        container, subtype = _FORMATS[encoding]
        quality: dict[str, str | float] = {}
        if encoding is not Encoding.FLAC:
            quality["compression_level"] = _compression(encoding, rate_hz, bit_rate_bps)
        if encoding is Encoding.MP3:
            quality["bitrate_mode"] = "CONSTANT"  # libsndfile's Ogg Opus takes no mode: its rate varies with the sound
        self._rate_hz = rate_hz
        self._file = soundfile.SoundFile(
            target, "w", samplerate=rate_hz, channels=1, format=container, subtype=subtype, **quality
        )

    def add(self, content: bytes, pause_after_s: float) -> None:
        self._file.buffer_write(content + b"\0\0" * round(pause_after_s * self._rate_hz), dtype="int16")

    def close(self) -> None:
        self._file.close()


def _compression(encoding: Encoding, rate_hz: int, bit_rate_bps: int) -> float:
    """libsndfile's scale, 0 for its highest bit rate to 1. Source: libsndfile 1.2, `mpeg_l3_encode.c`, `ogg_opus.c`."""
    mpeg = _MPEG1_BIT_RATES_BPS if rate_hz >= _MPEG1_MIN_RATE_HZ else _MPEG2_BIT_RATES_BPS
    lowest, highest = _BIT_RATES_BPS.get(encoding, mpeg)
    return min(1.0, max(0.0, (highest - bit_rate_bps) / (highest - lowest)))
