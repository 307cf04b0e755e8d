"""How languages are said that the model never heard: their own rules, with sounds borrowed from those it knows."""

import pytest

from myna.domain.language import LangCode
from myna.domain.speech import SpeechToken
from myna.engines.kokoro.phonemes.phonemizer import open_phonemizer
from myna.engines.kokoro.phonemes.polish import pronounce_word as say_polish
from myna.engines.kokoro.phonemes.russian import pronounce_word as say_russian
from myna.engines.kokoro.phonemes.russian_stress import RussianStress
from myna.engines.kokoro.phonemes.spaced import Phonemizer


@pytest.fixture(scope="module")
def phonemizers() -> dict[LangCode, Phonemizer]:
    opened: dict[LangCode, Phonemizer] = {}
    opened[LangCode.EN_US] = open_phonemizer(LangCode.EN_US, lambda: opened[LangCode.EN_US])
    for lang in (LangCode.PL_PL, LangCode.RU_RU):
        opened[lang] = open_phonemizer(lang, lambda: opened[LangCode.EN_US])
    return opened


def say(phonemizer: Phonemizer, text: str) -> str:
    return " ".join(phonemizer.phonemize([SpeechToken(word, 0, 0, " ") for word in text.split()]))


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("pociąg", "pˈoʨoŋk"),
        ("przyszedł", "pʃˈɪʃɛdw"),
        ("wzdłuż", "vzdwˈuʃ"),
        ("dziecko", "ʥˈɛʦko"),
        ("prośba", "prˈoɕba"),
        ("twój", "tfˈuj"),
        ("będę", "bˈɛndɛ"),
        ("są", "sˈo\u0303w"),
    ],
)
def test_polish(word: str, sounds: str) -> None:
    """Soft consonants, voices that agree, nasal vowels by what follows, stress on the last syllable but one."""
    assert say_polish(word) == sounds


def test_polish_prepositions_lean_on_the_next_word(phonemizers: dict[LangCode, Phonemizer]) -> None:
    """`w` and `z` are voiced or not as the word behind them begins."""
    polish = phonemizers[LangCode.PL_PL]
    assert say(polish, "w parku").startswith("f ")
    assert say(polish, "w domu").startswith("v ")
    assert say(polish, "z Tatr").startswith("s ")


@pytest.mark.parametrize(
    ("word", "stress", "sounds"),
    [
        ("молоко", 2, "malakˈo"),
        ("сегодня", 1, "sivˈodɲa"),
        ("красного", 0, "krˈasnava"),
        ("много", 0, "mnˈoɡa"),
        ("учиться", 1, "uʧˈiʦa"),
        ("жизнь", 0, "ʒˈɪzɲ"),
        ("ещё", 1, "jiɕˈo"),
        ("футбол", 1, "fudbˈol"),
        ("дождь", 0, "dˈoʃtʲ"),
    ],
)
def test_russian(word: str, stress: int, sounds: str) -> None:
    """Vowels are reduced away from the stress; spellings that are read otherwise are known."""
    assert say_russian(word, stress) == sounds


@pytest.fixture(scope="module")
def russian_stress() -> RussianStress:
    return RussianStress()


@pytest.mark.parametrize(
    ("word", "read", "stress"),
    [
        ("вода", "вода", 1),
        ("сестра", "сестра", 1),
        ("здравствуйте", "здравствуйте", 0),
        ("компьютер", "компьютер", 1),
        ("расписание", "расписание", 2),
        ("кот", "кот", 0),
        ("самолет", "самолёт", 2),
        ("ёлка", "ёлка", 0),
        ("все", "все", 0),
        ("брр", "брр", 0),
    ],
)
def test_russian_stress(russian_stress: RussianStress, word: str, read: str, stress: int) -> None:
    """Where it lies is known of common words, and where е is read as ё."""
    assert russian_stress.find(word) == (read, stress)


@pytest.mark.parametrize(
    ("lang", "text", "sounds"),
    [
        (LangCode.RU_RU, "в парке", "f pˈarki"),
        (LangCode.RU_RU, "Python", "pˈIθˌɑn"),
    ],
)
def test_words_in_their_sentence(
    phonemizers: dict[LangCode, Phonemizer], lang: LangCode, text: str, sounds: str
) -> None:
    """Prepositions lean on the word behind them; Latin words in Russian are English."""
    assert say(phonemizers[lang], text) == sounds
