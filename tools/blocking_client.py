"""Writes src/myna/client/blocking.py: the asynchronous client with the waiting taken out. Run as `make client`."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import unasync

CLIENT = Path(__file__).parents[1] / "src" / "myna" / "client"
BLOCKING = CLIENT / "blocking.py"
HEADER = "# Generated from asynchronous.py by `make client`. Change that file, not this one.\n"
NAMES = {
    "AsyncBaseTransport": "BaseTransport",
    "AsyncClient": "Client",
    "AsyncSpeechStream": "SpeechStream",
    "AsyncUpload": "Upload",
    "aclose": "close",
    "aiter_bytes": "iter_bytes",
    "aread": "read",
    "async_call": "call",
    "async_sleep": "sleep",
}
"""What is called differently where nothing is awaited."""


def generate() -> str:
    """The blocking client's source."""
    with TemporaryDirectory() as folder:
        source = shutil.copy(CLIENT / "asynchronous.py", folder)
        unasync.unasync_files([source], [unasync.Rule("asynchronous.py", BLOCKING.name, NAMES)])
        return HEADER + Path(folder, BLOCKING.name).read_text()


if __name__ == "__main__":
    BLOCKING.write_text(generate())
