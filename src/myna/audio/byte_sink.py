"""A file in memory that encoders write to while we take what is ready."""


class ByteSink:
    """Enough of a binary file for libsndfile and FFmpeg, with a drain at the front.

    Encoders that go back to complete their header do so after the last `take`: `getvalue` then holds the completed
    file, while a stream that was taken piece by piece keeps the header of unknown length it began with.
    """

    def __init__(self) -> None:
        self._content = bytearray()
        self._position = 0
        self._num_taken = 0

    def write(self, piece: bytes) -> int:
        end = self._position + len(piece)
        self._content[self._position : end] = piece
        self._position = end
        return len(piece)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (0, self._position, len(self._content))[whence]
        return self._position

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        """Nothing to flush; encoders ask."""

    def take(self) -> bytes:
        """What was appended since the last call."""
        piece = bytes(self._content[self._num_taken :])
        self._num_taken = len(self._content)
        return piece

    def getvalue(self) -> bytes:
        return bytes(self._content)
