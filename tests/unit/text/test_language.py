"""The language of a text: by script, by common words, or unknown."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.domain.language import LangCode, parse_lang_code
from myna.text.language import detect_text_language

SHORT_TEXTS = Path(__file__).parent / "readings" / "short_texts.tsv"


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("The quick brown fox jumps over the lazy dog.", LangCode.EN_US),
        ("Hello, how are you?", LangCode.EN_US),
        ("Is this a test?", LangCode.EN_US),
        ("Hola, ¿qué tal?", LangCode.ES_ES),
        ("El tren sale mañana muy temprano.", LangCode.ES_ES),
        ("Bonjour, comment allez-vous ?", LangCode.FR_FR),
        ("Les enfants jouaient dans le parc.", LangCode.FR_FR),
        ("Il treno parte domani mattina, non è vero?", LangCode.IT_IT),
        ("O trem sai amanhã de manhã, não é?", LangCode.PT_BR),
        ("Der Zug fährt morgen früh ab.", LangCode.DE_DE),
        ("De trein vertrekt morgen vroeg van het station.", LangCode.NL_NL),
        ("Pociąg odjeżdża jutro rano.", LangCode.PL_PL),
        ("Поезд отправляется завтра.", LangCode.RU_RU),
        ("मैं कल आऊँगा।", LangCode.HI_IN),
        ("明日の朝、早く起きます。", LangCode.JA_JP),
        ("明天早上我必须早点起床。", LangCode.ZH_CN),
        ("내일 아침에 만나요.", LangCode.KO_KR),
        ("القطار يغادر غدا", LangCode.AR_SA),
        ("הרכבת יוצאת מחר", LangCode.HE_IL),
        ("Pythonで書いたプログラムです。", LangCode.JA_JP),
        ("我用 iPhone 打电话。", LangCode.ZH_CN),
    ],
)
def test_language(text: str, lang: LangCode) -> None:
    """One sentence is enough."""
    assert detect_text_language(text) == lang


@pytest.mark.parametrize("text", ["", "12345", "😀", "Xyzzy", "***", "OK", "Barcelona", "John Smith"])
def test_too_little_to_tell(text: str) -> None:
    """A name or two words are no evidence."""
    assert detect_text_language(text) is None


@pytest.mark.parametrize(
    ("text", "usual", "lang"),
    [
        ("Van der Berg is here.", LangCode.EN_US, None),
        ("We met in Den Haag.", LangCode.EN_US, None),
        ("Dr. Hans Müller left.", LangCode.EN_GB, None),
        ("Hello hello hello.", LangCode.EN_US, None),
        ("Total 100 euro now.", LangCode.EN_US, None),
        ("Das ist gut.", LangCode.EN_US, LangCode.DE_DE),
        ("Pociąg odjeżdża jutro rano.", LangCode.EN_US, LangCode.PL_PL),
        ("Ciao, come stai?", LangCode.EN_US, LangCode.IT_IT),
        ("Hola, ¿qué tal?", LangCode.EN_US, LangCode.ES_ES),
        ("Is this a test?", LangCode.ES_ES, LangCode.EN_US),
        ("Where is the house?", LangCode.DE_DE, LangCode.EN_US),
        ("He\x00l\x01lo\x07.", LangCode.EN_US, None),
        ("내일 아침에 만나요.", LangCode.EN_US, LangCode.KO_KR),
    ],
)
def test_short_text_of_a_voice(text: str, usual: LangCode, lang: LangCode | None) -> None:
    """Names do not make a short sentence foreign; its small words and its letters do."""
    assert (detect_text_language(text, usual) or usual) == (lang or usual)


def test_what_a_voice_speaks() -> None:
    """`short_texts.tsv` (the voice's language or AUTO, the text's, the text): titles, phrases that English borrowed,
    Japanese without kana are the voice's language, where they can be; sentences are their own."""
    wrong = []
    for line in SHORT_TEXTS.read_text(encoding="utf-8").splitlines():
        usual, spoken, text = line.split("\t")
        expected = parse_lang_code(usual)
        if (detect_text_language(text, expected) or expected) is not parse_lang_code(spoken):
            wrong.append(line)
    assert wrong == []


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text(text: str) -> None:
    """Any text at all has a language or none."""
    assert detect_text_language(text) in {None, *LangCode}
