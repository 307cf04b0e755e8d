"""Which languages Kokoro speaks, and the class that knows how each is pronounced."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from myna.domain.errors import LanguageUnsupported
from myna.domain.language import LangCode
from myna.engines.kokoro.phonemes.spaced import Phonemizer, SpacedPhonemizer

OpenEnglish = Callable[[], Phonemizer]
"""Reads the English words in other languages' texts."""


@dataclass(frozen=True, slots=True)
class SpokenLanguage:
    module: str
    """Beside this one. Imported when it is needed: most servers speak one or two."""
    name: str
    """Of the class in it."""
    # Any: the class, `Pronunciation` or `Phonemizer`
    build: Callable[[Any, OpenEnglish], Phonemizer] = lambda pronunciation, _: SpacedPhonemizer(pronunciation())
    is_experimental: bool = False
    """Understood, but foreign in sound, or not measured as the others are: docs/languages.md."""


def _build_mixed(pronunciation: Any, english: OpenEnglish) -> Phonemizer:
    return SpacedPhonemizer(pronunciation(), english)


SPOKEN_LANGUAGES: Mapping[LangCode, SpokenLanguage] = {
    LangCode.EN_US: SpokenLanguage("english", "EnglishPhonemizer", lambda built, _: built(is_british=False)),
    LangCode.EN_GB: SpokenLanguage("english", "EnglishPhonemizer", lambda built, _: built(is_british=True)),
    LangCode.ES_ES: SpokenLanguage("spanish", "SpanishPronunciation"),
    LangCode.FR_FR: SpokenLanguage("french", "FrenchPronunciation"),
    LangCode.IT_IT: SpokenLanguage("italian", "ItalianPronunciation"),
    LangCode.PT_BR: SpokenLanguage("portuguese", "PortuguesePronunciation"),
    LangCode.JA_JP: SpokenLanguage("japanese", "JapanesePhonemizer", lambda built, english: built(english)),
    LangCode.ZH_CN: SpokenLanguage("chinese", "ChinesePhonemizer", lambda built, english: built(english)),
    LangCode.HI_IN: SpokenLanguage("hindi", "HindiPronunciation", _build_mixed, is_experimental=True),
    # the model never heard these two; said with sounds of the languages that it knows, and understood
    LangCode.PL_PL: SpokenLanguage("polish", "PolishPronunciation", is_experimental=True),
    LangCode.RU_RU: SpokenLanguage("russian", "RussianPronunciation", _build_mixed, is_experimental=True),
}


def open_phonemizer(lang: LangCode, english: OpenEnglish) -> Phonemizer:
    """Load what a language needs (up to two seconds, once). Raises: LanguageUnsupported."""
    spoken = SPOKEN_LANGUAGES.get(lang)
    if spoken is None:
        names = ", ".join(sorted(code.bcp47 for code in SPOKEN_LANGUAGES))
        raise LanguageUnsupported(f"The kokoro engine does not speak {lang.bcp47}. It speaks {names}.")
    return spoken.build(getattr(import_module(f"{__package__}.{spoken.module}"), spoken.name), english)
