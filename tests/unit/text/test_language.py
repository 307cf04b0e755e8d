"""The language of a text: by script, by common words, or unknown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.domain.language import LangCode
from myna.text.language import detect_text_language


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


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text(text: str) -> None:
    """Any text at all has a language or none."""
    assert detect_text_language(text) in {None, *LangCode}
