"""What is done to the recogniser's text."""

from pathlib import Path

import pytest
import soundfile

from myna.analysis.transcribe import SpeechRecogniser, cut_echo
from myna.domain.language import LangCode
from myna.domain.waveform import Waveform
from myna.weights.store import WeightStore

DATA = Path(__file__).parents[2] / "data/speakers"
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


def test_the_words_that_were_said_are_likelier_than_others(weights: WeightStore) -> None:
    """A real recording: sure of its own transcript, less of one changed word, and not at all of another sentence."""
    recogniser = SpeechRecogniser(weights.path("whisper-base/model.bin").parent)
    samples, rate_hz = soundfile.read(DATA / "ls-2609-reference.flac", dtype="float32")
    waveform = Waveform(samples, rate_hz)
    said = recogniser.transcribe(waveform, LangCode.EN_US).text
    first, *others = said.split()
    sure, less, not_at_all = (
        recogniser.certainty(waveform, text, LangCode.EN_US)
        for text in (said, " ".join([first, "potato", *others[1:]]), "The trains to the coast leave this evening.")
    )
    assert 0.0 >= sure > -0.5
    assert sure > less > not_at_all
