"""A request's body as it arrives: counted, and out of the coding in which it was sent."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, Callable

from fastapi import Request

from myna.domain.errors import InvalidRequest, PayloadTooLarge, UnsupportedMedia

_CODINGS = frozenset({"gzip", "x-gzip", "deflate"})
_EITHER_WRAPPER = zlib.MAX_WBITS | 32
"""zlib finds out by itself whether its own header or gzip's is there."""
_PIECE_BYTES = 64 * 1024
_MAX_MEMBERS = 1000
"""Of one gzip body: one that is nothing but empty members takes minutes to unpack to nothing."""


async def read_body(request: Request, grow: Callable[[int], int], most: int) -> AsyncGenerator[bytes, None]:
    """The parts of the body, unpacked. grow: `BodiesInFlight.hold`. most: bytes, also of what is unpacked.

    Raises: PayloadTooLarge, UnsupportedMedia, InvalidRequest, Overloaded.
    """
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding not in _CODINGS | {"", "identity"}:
        raise UnsupportedMedia("Content-Encoding is not one of gzip and deflate. Send the body as it is, or in these.")
    parts = _unpack(request, most) if coding in _CODINGS else request.stream()
    async for part in parts:
        if grow(len(part)) > most:
            raise _too_large(most)
        yield part


def _too_large(most: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The request's body is over the limit of {most / (1024 * 1024):g} MiB.")


async def _unpack(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """A piece at a time: a bomb is refused as soon as it is over the limit, and so is much that unpacks to nothing."""
    unpacker = zlib.decompressobj(_EITHER_WRAPPER)
    num_packed, num_members = 0, 1
    async for part in request.stream():
        packed = part
        num_packed += len(part)
        if num_packed > most:
            raise _too_large(most)
        while packed:
            if unpacker.eof:
                unpacker = zlib.decompressobj(_EITHER_WRAPPER)  # gzip may have several members
                num_members += 1
                if num_members > _MAX_MEMBERS:
                    raise InvalidRequest(f"The compressed body has more than {_MAX_MEMBERS} members. Compress it once.")
            try:
                piece = unpacker.decompress(packed, _PIECE_BYTES)
            except zlib.error as exc:
                raise InvalidRequest("Content-Encoding says that the body is compressed, but it is not.") from exc
            if piece:
                yield piece
            packed = unpacker.unconsumed_tail or unpacker.unused_data
            await asyncio.sleep(0)
    if not unpacker.eof:
        raise InvalidRequest("The compressed body ends too early. Send it again.")
