"""What is done to the recogniser's text."""

import pytest

from myna.analysis.transcribe import cut_echo

SENTENCE = "Apomorphine is not allied in physiological action to morphine."


@pytest.mark.parametrize(
    ("text", "duration_s", "expected"),
    [
        (f"{SENTENCE} {SENTENCE}", 4.5, SENTENCE),
        (f"{SENTENCE} {SENTENCE.lower()[:-1]}", 4.5, SENTENCE),
        (f"{SENTENCE} {SENTENCE}", 9.0, f"{SENTENCE} {SENTENCE}"),
        ("No no.", 0.1, "No no."),
        (SENTENCE, 1.0, SENTENCE),
        ("", 1.0, ""),
    ],
)
def test_a_sentence_that_was_written_twice_but_said_once(text: str, duration_s: float, expected: str) -> None:
    """Only what cannot have been said in the time is cut."""
    assert cut_echo(text, duration_s) == expected
