"""Which languages Kokoro speaks, and the module that knows how each is pronounced."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

from myna.domain.errors import LanguageUnsupported
from myna.domain.language import LangCode
from myna.engines.kokoro.phonemes.spaced import Phonemizer


@dataclass(frozen=True, slots=True)
class SpokenLanguage:
    module: str
    """Beside this one. Imported when it is needed: most servers speak one or two."""
    opener: str = "open_phonemizer"
    """Its function that is given the phonemizer for English words and makes the language's own."""
    is_experimental: bool = False
    """Understood, but foreign in sound, or not measured as the others are: docs/languages.md."""


SPOKEN_LANGUAGES: Mapping[LangCode, SpokenLanguage] = {
    LangCode.EN_US: SpokenLanguage("english", "open_american"),
    LangCode.EN_GB: SpokenLanguage("english", "open_british"),
    LangCode.ES_ES: SpokenLanguage("spanish"),
    LangCode.FR_FR: SpokenLanguage("french"),
    LangCode.IT_IT: SpokenLanguage("italian"),
    LangCode.PT_BR: SpokenLanguage("portuguese"),
    LangCode.JA_JP: SpokenLanguage("japanese"),
    LangCode.ZH_CN: SpokenLanguage("chinese"),
    LangCode.HI_IN: SpokenLanguage("hindi", is_experimental=True),
    # the model never heard these two; said with sounds of the languages that it knows, and understood
    LangCode.PL_PL: SpokenLanguage("polish", is_experimental=True),
    LangCode.RU_RU: SpokenLanguage("russian", is_experimental=True),
}


def open_phonemizer(lang: LangCode, english: Callable[[], Phonemizer]) -> Phonemizer:
    """Load what a language needs (up to two seconds, once).

    english: reads the English words in other languages' texts.
    Raises: LanguageUnsupported.
    """
    spoken = SPOKEN_LANGUAGES.get(lang)
    if spoken is None:
        names = ", ".join(sorted(code.bcp47 for code in SPOKEN_LANGUAGES))
        raise LanguageUnsupported(f"The kokoro engine does not speak {lang.bcp47}. It speaks {names}.")
    opener: Callable[[Callable[[], Phonemizer]], Phonemizer]
    opener = getattr(import_module(f"{__package__}.{spoken.module}"), spoken.opener)
    return opener(english)
