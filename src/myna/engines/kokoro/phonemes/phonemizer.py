"""Which phonemizer speaks which language."""

from collections.abc import Callable

from myna.domain.errors import LanguageUnsupported
from myna.domain.language import LangCode
from myna.engines.kokoro.phonemes.spaced import Phonemizer, SpacedPhonemizer


def open_phonemizer(lang: LangCode, english: Callable[[], Phonemizer]) -> Phonemizer:
    """Load what a language needs (up to two seconds, once).

    english: reads the English words in other languages' texts.
    Each language's module is imported here and not above: most servers speak one or two.
    Raises: LanguageUnsupported.
    """
    match lang:
        case LangCode.EN_US | LangCode.EN_GB:
            from myna.engines.kokoro.phonemes.english import EnglishPhonemizer  # noqa: PLC0415

            return EnglishPhonemizer(is_british=lang is LangCode.EN_GB)
        case LangCode.ES_ES:
            from myna.engines.kokoro.phonemes.spanish import SpanishPronunciation  # noqa: PLC0415

            return SpacedPhonemizer(SpanishPronunciation())
        case LangCode.FR_FR:
            from myna.engines.kokoro.phonemes.french import FrenchPronunciation  # noqa: PLC0415

            return SpacedPhonemizer(FrenchPronunciation())
        case LangCode.IT_IT:
            from myna.engines.kokoro.phonemes.italian import ItalianPronunciation  # noqa: PLC0415

            return SpacedPhonemizer(ItalianPronunciation())
        case LangCode.PT_BR:
            from myna.engines.kokoro.phonemes.portuguese import PortuguesePronunciation  # noqa: PLC0415

            return SpacedPhonemizer(PortuguesePronunciation())
        case LangCode.PL_PL:
            from myna.engines.kokoro.phonemes.polish import PolishPronunciation  # noqa: PLC0415

            return SpacedPhonemizer(PolishPronunciation())
        case LangCode.RU_RU:
            from myna.engines.kokoro.phonemes.russian import RussianPronunciation  # noqa: PLC0415

            return SpacedPhonemizer(RussianPronunciation(), english)
        case LangCode.HI_IN:
            from myna.engines.kokoro.phonemes.hindi import HindiPronunciation  # noqa: PLC0415

            return SpacedPhonemizer(HindiPronunciation(), english)
        case LangCode.ZH_CN:
            from myna.engines.kokoro.phonemes.chinese import ChinesePhonemizer  # noqa: PLC0415

            return ChinesePhonemizer(english)
        case LangCode.JA_JP:
            from myna.engines.kokoro.phonemes.japanese import JapanesePhonemizer  # noqa: PLC0415

            return JapanesePhonemizer(english)
        case _:
            raise LanguageUnsupported(f"The kokoro engine has no phonemes for {lang.bcp47}.")
