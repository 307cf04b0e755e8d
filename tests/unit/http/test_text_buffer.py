"""How a socket's context gathers text."""

import pytest

from myna.http.socket_schemas import AutoModeStrategy, Buffering
from myna.http.text_buffer import TextBuffer


def _buffer(strategy: AutoModeStrategy | None = None, char_threshold: int = 1000) -> TextBuffer:
    return TextBuffer(Buffering(3.0, char_threshold, strategy))


def test_pieces_are_joined_without_separators() -> None:
    """Tokens of a language model bring their own spaces."""
    buffer = _buffer()
    assert buffer.add("Hel") + buffer.add("lo ") + buffer.add("there") == []
    assert buffer.flush() == ["Hello there"]
    assert buffer.flush() == []


def test_white_space_alone_is_nothing_to_speak() -> None:
    """A flush of blanks yields no utterance."""
    buffer = _buffer()
    buffer.add(" \n ")
    assert buffer.flush() == []


def test_the_threshold_flushes() -> None:
    """Text is spoken when the buffer reaches the threshold."""
    buffer = _buffer(char_threshold=10)
    assert buffer.add("123456789") == []
    assert buffer.add("0") == ["1234567890"]


def test_client_segments_are_spoken_one_by_one() -> None:
    """In the default auto mode each piece is a phrase."""
    buffer = _buffer(AutoModeStrategy.CLIENT_SEGMENTED)
    assert buffer.add("One.") == ["One."]
    assert buffer.add("Two") == ["Two"]
    assert buffer.add(" ") == []


@pytest.mark.parametrize(
    ("text", "ready", "kept"),
    [
        ("Hello there. How are you? I am", "Hello there. How are you? ", "I am"),
        ("Hello there.", "", "Hello there."),
        ("Hello there. ", "", "Hello there. "),
        ("Dr. Smith and Mr. Jones met", "", "Dr. Smith and Mr. Jones met"),
        ("Gestern kam Hr. Schmidt, z.B. mit J. Bach", "", "Gestern kam Hr. Schmidt, z.B. mit J. Bach"),
        ("آپ کیسے ہیں۔میں ٹھیک ہوں", "آپ کیسے ہیں۔", "میں ٹھیک ہوں"),
        ("Pi is 3.14 or so", "", "Pi is 3.14 or so"),
        ('"Stop!" he said', '"Stop!" ', "he said"),
        ("你好。再见", "你好。", "再见"),
    ],
)
def test_sentences_are_cut_and_the_last_waits(text: str, ready: str, kept: str) -> None:
    """Whole sentences go; the last one may still grow."""
    buffer = _buffer(AutoModeStrategy.SENTENCE_BOUNDARY)
    assert ready == "".join(buffer.add(text))
    assert kept == "".join(buffer.flush())
