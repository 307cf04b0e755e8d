"""The blocking client is what the asynchronous one gives."""

from tools.blocking_client import BLOCKING, generate


def test_the_blocking_client_is_current() -> None:
    """After a change to asynchronous.py: `make client`."""
    assert BLOCKING.read_text() == generate()
