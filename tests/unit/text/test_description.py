"""Descriptions of voices are understood as a person would mean them."""

import pytest

from myna.domain.attributes import VoiceAttributes
from myna.domain.language import LangCode
from myna.text.description import read_description


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("An elderly British man", VoiceAttributes("male", "elderly", accent=LangCode.EN_GB)),
        ("a very deep voice", VoiceAttributes(pitch=-1.0)),
        ("a slightly deep voice", VoiceAttributes(pitch=-0.4)),
        ("a 25-year-old woman who speaks fast", VoiceAttributes("female", "young", pace=0.7)),
        ("nothing that we know of", VoiceAttributes()),
    ],
)
def test_attributes_are_read(description: str, expected: VoiceAttributes) -> None:
    """Each phrase gives exactly the attributes it names."""
    assert read_description(description) == expected


def test_negation_turns_an_attribute_round() -> None:
    """ "Not deep" does not ask for a deep voice, and "no man" for none."""
    assert read_description("a voice that is not too deep").pitch > 0
    assert read_description("a calm voice, not a man").gender == ""


def test_a_full_description() -> None:
    """A sentence as the documentation suggests them, with everything in it."""
    heard = read_description(
        "A middle-aged female narrator with a low, warm tone and a calm, unhurried delivery in an American accent."
    )
    assert (heard.gender, heard.age_group, heard.accent) == ("female", "middle_aged", LangCode.EN_US)
    assert heard.pitch < -0.5
    assert heard.brightness < -0.3
    assert heard.energy < -0.5
    assert heard.pace < -0.4
