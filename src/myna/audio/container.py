"""Tell what kind of file some bytes are, by the bytes alone: names and types that callers give are often wrong."""

from dataclasses import dataclass
from enum import StrEnum

ACCEPTED_FORMATS = "WAV, MP3, FLAC, OGG (Vorbis or Opus), WebM/Opus, M4A/AAC, AMR, WMA, AIFF or CAF"
"""For messages."""

_MAX_SYNC_SEARCH_BYTES = 65_536
_ID3_HEADER_BYTES = 10


class AudioContainer(StrEnum):
    """The containers that are read; the value is the name of FFmpeg's demuxer for it."""

    WAV = "wav"
    W64 = "w64"
    AIFF = "aiff"
    AU = "au"
    CAF = "caf"
    FLAC = "flac"
    OGG = "ogg"
    MP3 = "mp3"
    ADTS = "aac"
    MP4 = "mp4"
    WEBM = "matroska"
    AMR = "amr"
    ASF = "asf"
    AVI = "avi"
    WAVPACK = "wv"
    VOC = "voc"
    SVX = "iff"
    NIST = "nistsphere"


@dataclass(frozen=True, slots=True)
class SniffedAudio:
    container: AudioContainer
    content_start: int
    """Offset in bytes of the container: what lies before it (an ID3 tag, junk) is to be skipped."""


def sniff_container(content: bytes) -> SniffedAudio | None:
    """None if they begin like no container of the list. Source: each format's specification; ID3v2.4 section 3.1."""
    start = _id3_bytes(content)
    container = _by_magic(content[start : start + 16])
    if container is not None:
        return SniffedAudio(container, start)
    if _is_transport_stream(content):
        return None  # by chance it holds what looks like frames
    first_frame = _find_mpeg_audio(content, start)
    return None if first_frame is None else SniffedAudio(AudioContainer.MP3, first_frame)


def _by_magic(head: bytes) -> AudioContainer | None:
    first, form = head[:4], head[8:12]
    if first in (b"RIFF", b"RIFX", b"RF64") and form == b"WAVE":
        return AudioContainer.WAV
    if (first, form) in _FORMS:
        return _FORMS[first, form]
    if head[4:8] == b"ftyp":
        return AudioContainer.MP4
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return AudioContainer.ADTS
    return {
        b"fLaC": AudioContainer.FLAC,
        b"OggS": AudioContainer.OGG,
        b"caff": AudioContainer.CAF,
        b"riff": AudioContainer.W64,
        b".snd": AudioContainer.AU,
        b"#!AM": AudioContainer.AMR,
        b"\x1aE\xdf\xa3": AudioContainer.WEBM,
        b"0&\xb2u": AudioContainer.ASF,
        b"wvpk": AudioContainer.WAVPACK,
        b"Crea": AudioContainer.VOC,
        b"NIST": AudioContainer.NIST,
    }.get(first)


def name_other(content: bytes) -> str:
    """What some bytes are that are no recording of the list, for a message; empty if nobody knows."""
    head = content.lstrip()[:12]
    if _is_transport_stream(content):
        return "an MPEG transport stream"
    if head[:4] == b"RIFF":
        return {b"QLCM": "a QCP recording", b"RMID": "a MIDI file"}.get(head[8:], "")
    return next((name for magic, name in _OTHERS.items() if head.startswith(magic)), "")


def _is_transport_stream(content: bytes) -> bool:
    return content[:1] == content[188:189] == content[376:377] == b"G"


_FORMS = {
    (b"FORM", b"AIFF"): AudioContainer.AIFF,
    (b"FORM", b"AIFC"): AudioContainer.AIFF,
    (b"FORM", b"8SVX"): AudioContainer.SVX,
    (b"FORM", b"16SV"): AudioContainer.SVX,
    (b"RIFF", b"AVI "): AudioContainer.AVI,
}
_OTHERS = {
    b"MThd": "a MIDI file",
    b"#!SILK": "a SILK voice message",
    b"\x02#!SILK": "a SILK voice message",
    b"FLV": "Flash video",
    b".RMF": "RealAudio",
    b".ra\xfd": "RealAudio",
    b"MAC ": "Monkey's Audio",
    b"TTA1": "True Audio",
    b"MPCK": "Musepack",
    b"MP+": "Musepack",
    b"ajkg": "Shorten",
    b"DSD ": "a DSD recording",
    b"\0\0\x01\xba": "an MPEG program stream",
    b"#EXTM3U": "a playlist",
    b"ffconcat": "a playlist",
    b"[playlist]": "a playlist",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP archive or a document",
    b"Rar!": "an archive",
    b"7z\xbc\xaf": "an archive",
    b"\x1f\x8b": "compressed with gzip",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"<": "a web page or XML",
    b"{": "JSON",
    b"data:": "a data URL: send only what is behind its comma",
}


def _id3_bytes(content: bytes) -> int:
    """Length of the ID3v2 tags in front; players accept several."""
    start = 0
    while content[start : start + 3] == b"ID3" and len(content) >= start + _ID3_HEADER_BYTES:
        size = 0
        for byte in content[start + 6 : start + 10]:
            size = size << 7 | byte & 0x7F
        start += _ID3_HEADER_BYTES + size
    return start if start < len(content) else 0


def _find_mpeg_audio(content: bytes, start: int) -> int | None:
    """Offset of the first MPEG audio frame that another follows: trimmed files begin in the middle of a frame."""
    end = min(len(content) - 4, start + _MAX_SYNC_SEARCH_BYTES)
    position = content.find(b"\xff", start, end)
    while position != -1:
        frame_bytes = _mpeg_frame_bytes(content[position : position + 4])
        following = content[position + frame_bytes : position + frame_bytes + 4] if frame_bytes else b""
        if frame_bytes and _mpeg_frame_bytes(following):
            return position
        position = content.find(b"\xff", position + 1, end)
    return None


MPEG1_LAYER3_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MPEG2_LAYER3_KBPS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_KBPS_V1 = {
    3: (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    2: (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    1: MPEG1_LAYER3_KBPS,
}
_KBPS_V2 = {
    3: (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    2: MPEG2_LAYER3_KBPS,
    1: MPEG2_LAYER3_KBPS,
}
_MPEG1_RATES_HZ = (44100, 48000, 32000)


def _mpeg_frame_bytes(header: bytes) -> int:
    """Length of the MPEG audio frame with this header; 0 if it is none. Source: ISO/IEC 11172-3 section 2.4.1.3."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    rate_index, rate_class = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 0 or rate_index in (0, 15) or rate_class == 3:
        return 0
    bit_rate_bps = 1000 * (_KBPS_V1 if version == 3 else _KBPS_V2)[layer][rate_index - 1]
    sample_rate_hz = _MPEG1_RATES_HZ[rate_class] // {3: 1, 2: 2, 0: 4}[version]
    padding = header[2] >> 1 & 1
    if layer == 3:
        return (12 * bit_rate_bps // sample_rate_hz + padding) * 4
    samples_per_byte = 72 if layer == 1 and version != 3 else 144
    return samples_per_byte * bit_rate_bps // sample_rate_hz + padding
