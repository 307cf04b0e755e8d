"""A file in memory that encoders write to while we take what is ready."""

import io


class ByteSink(io.BytesIO):
    """Encoders that go back to complete their header do so after the last `take`: `getvalue` then holds the completed
    file, while a stream that was taken piece by piece keeps the header of unknown length it began with.
    """

    def __init__(self) -> None:
        super().__init__()
        self._num_taken = 0

    def take(self) -> bytes:
        """What was appended since the last call."""
        with self.getbuffer() as content:
            piece = bytes(content[self._num_taken :])
        self._num_taken += len(piece)
        return piece
