"""Files as streams leave them: WAVs whose sizes say nothing, and several files of a kind one after the other."""

import re
import struct
from collections.abc import Iterator
from itertools import pairwise

from myna.audio.container import AudioContainer

_XING_END_BYTES = 200
"""The tag that says how long an MP3 is lies in its first frame."""
_SLACK_BYTES = 4096
_HEADER_BYTES = 12
_UNKNOWN_SIZES = frozenset({0, 0xFFFFFFFF, 0x7FFFFFFF})
_MAX_PARTS = 1000
_FLAC_HEAD = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")
_OGG_PAGE = re.compile(rb"OggS\x00(.)", re.DOTALL)


def another_follows(content: bytes, container: AudioContainer) -> bool:
    """Whether the file that some bytes begin with ends before they do, and libsndfile with it. FFmpeg reads on."""
    return container is AudioContainer.MP3 and _outlasts_its_tag(content)


def split_files(content: bytes, container: AudioContainer) -> list[bytes]:
    """The files in some bytes, of kinds that tell where one begins. (libsndfile reads the first alone, and FFmpeg loses
    the first block of a FLAC that follows another.)"""
    match container:
        case AudioContainer.WAV:
            return _split_wav(content)
        case AudioContainer.FLAC:
            starts = [found.start() for found in _FLAC_HEAD.finditer(content, 1)]
        case AudioContainer.OGG:
            starts = list(_iter_ogg_starts(content))
        case _:
            starts = []
    starts = starts[: _MAX_PARTS - 1]
    return [content[first:last] for first, last in pairwise([0, *starts, len(content)])]


def _iter_ogg_starts(content: bytes) -> Iterator[int]:
    """Where a stream begins behind pages that go on with another: the first pages of one file stand together."""
    has_begun = False
    for page in _OGG_PAGE.finditer(content):
        is_first = bool(page[1][0] & 2)
        if is_first and has_begun:
            yield page.start()
        has_begun = not is_first


def _outlasts_its_tag(content: bytes) -> bool:
    """Source: LAME's tag: `Xing` or `Info`, flags of which 3 say that a number of frames and one of bytes follow."""
    names = (b"Xing", b"Info")
    if any(content.find(name, _XING_END_BYTES) != -1 for name in names):
        return True
    tag = max(content.find(name, 0, _XING_END_BYTES) for name in names)
    if tag == -1 or tag + 16 > len(content):
        return False
    flags, num_bytes = (int.from_bytes(content[at : at + 4]) for at in (tag + 4, tag + 12))
    return flags & 3 == 3 and len(content) > num_bytes + _SLACK_BYTES


def _split_wav(content: bytes) -> list[bytes]:
    """The WAV files in some bytes, each with the sizes that it has. A `data` chunk of unknown size goes on to the next
    file or to the end; what is no WAV behind the last is left out."""
    parts: list[bytes] = []
    start = 0
    while _is_wav(content, start) and len(parts) < _MAX_PARTS:
        start, part = _read_part(content, start)
        parts.append(part)
    return parts or [content]


def _is_wav(content: bytes, start: int) -> bool:
    return content[start : start + 4] == b"RIFF" and content[start + 8 : start + _HEADER_BYTES] == b"WAVE"


def _read_part(content: bytes, start: int) -> tuple[int, bytes]:
    """Where the file ends, and the file. Chunks behind the sound are left out: nothing of them is heard."""
    position = start + _HEADER_BYTES
    while position + 8 <= len(content) and not _is_wav(content, position):
        name, size = content[position : position + 4], int.from_bytes(content[position + 4 : position + 8], "little")
        first = position + 8
        if name == b"data":
            last = _end_of_data(content, first, size)
            head = content[start + _HEADER_BYTES : position]
            body = struct.pack("<4sI", b"data", last - first) + content[first:last] + b"\0" * (last - first & 1)
            riff = struct.pack("<4sI4s", b"RIFF", 4 + len(head) + len(body), b"WAVE")
            return _next_file(content, last), riff + head + body
        position = first + size + (size & 1)
    return len(content), content[start:]


def _end_of_data(content: bytes, first: int, size: int) -> int:
    is_known = size not in _UNKNOWN_SIZES or (size == 0 and _are_chunks(content, first))
    if is_known and _is_credible(content, first + size, size):
        return min(first + size, len(content))
    following = content.find(b"RIFF", first)
    while following != -1 and not _is_wav(content, following):
        following = content.find(b"RIFF", following + 1)
    return len(content) if following == -1 else following


def _is_credible(content: bytes, last: int, size: int) -> bool:
    """Some servers write the size of a stream's first piece: more than that follows, and it is no chunk."""
    is_most = len(content) - last <= max(size, 8)
    return is_most or any(content[at : at + 4].strip(b"\0 ").isalnum() for at in (last, last + 1))


def _are_chunks(content: bytes, position: int) -> bool:
    """Whether chunks and nothing else follow: then a `data` chunk of size 0 is empty."""
    while position + 8 <= len(content) and content[position : position + 4].isalnum():
        size = int.from_bytes(content[position + 4 : position + 8], "little")
        position += 8 + size + (size & 1)
    return position >= len(content)


def _next_file(content: bytes, position: int) -> int:
    """Past the chunks behind the sound, to where the next file would begin."""
    while position + 8 <= len(content) and not _is_wav(content, position):
        if not content[position : position + 4].strip(b"\0 ").isalnum():
            position += 1  # a padding byte, if there is a file behind it
            return position if _is_wav(content, position) else len(content)
        size = int.from_bytes(content[position + 4 : position + 8], "little")
        position += 8 + size + (size & 1)
    return position
